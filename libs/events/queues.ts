import { BullModule } from '@nestjs/bull';
import type { DynamicModule } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import type { QueueOptions } from 'bull';
import { Config } from '#libs/config/config';

/**
 * The configuration of Bull. Bull only wakes workers: PostgreSQL knows what is to be done, so a finished Bull job is deleted at
 * once and a failed one is kept for the job board.
 */
export const JOB_OPTIONS = {
  // about a minute in all, so that a full disk or an unavailable store can recover
  attempts: 8,
  backoff: { type: 'exponential', delay: 500 },
  removeOnComplete: true,
  removeOnFail: 500,
} as const;

/** The queue of a module's reactions to events. */
export const eventQueue = (consumer: string): string => `events.${consumer}`;

export function queueOptions(config: Config, patience: 'worker' | 'web'): QueueOptions {
  return {
    prefix: `${config.redis.prefix}:bull`,
    createClient: (type, options) =>
      new Redis(config.redis.url, {
        ...(options as RedisOptions),
        // Bull's blocking clients wait without limit by design; those of the web process must answer, with an error if need be.
        maxRetriesPerRequest: type === 'client' && patience === 'web' ? 1 : null,
        enableReadyCheck: false,
        retryStrategy: (times) => Math.min(100 * times, 1_000),
      }).on('error', () => undefined),
    settings: {
      // the jobs of a killed worker go to another within 11 s; a worker that was only slow loses its lock and nothing else
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
