import { BullModule } from '@nestjs/bull';
import type { DynamicModule } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import type { QueueOptions } from 'bull';
import { Config } from '#libs/config/config';

/**
 * How Bull is set up, in one place, so that moving to another queue touches nothing else.
 * Jobs are only wake-ups: Postgres knows what is to be done, so a finished job is forgotten at once and a failed one is
 * kept for the dashboard.
 */
export const JOB_OPTIONS = {
  // a minute in all: a full disk or a store that is away may pass
  attempts: 8,
  backoff: { type: 'exponential', delay: 500 },
  removeOnComplete: true,
  removeOnFail: 500,
} as const;

export function queueOptions(config: Config, patience: 'worker' | 'web'): QueueOptions {
  return {
    prefix: `${config.redis.prefix}:bull`,
    createClient: (type, options) =>
      new Redis(config.redis.url, {
        ...(options as RedisOptions),
        // Bull's blocking clients wait for ever by design; the web's must answer, with an error if need be.
        maxRetriesPerRequest: type === 'client' && patience === 'web' ? 1 : null,
        enableReadyCheck: false,
        retryStrategy: (times) => Math.min(100 * times, 1_000),
      }).on('error', () => undefined),
    settings: {
      // a killed worker's jobs are another's within 11 s; one that was only slow loses nothing but its lock
      lockDuration: 8_000,
      stalledInterval: 3_000,
      // Bull fails a job that stalls twice whatever `attempts` says; a worker may be killed more often than that.
      maxStalledCount: 10,
    },
    defaultJobOptions: JOB_OPTIONS,
  };
}

export function bullRoot(patience: 'worker' | 'web'): DynamicModule {
  return BullModule.forRootAsync({ inject: [Config], useFactory: (config: Config) => queueOptions(config, patience) });
}
