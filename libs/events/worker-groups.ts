/**
 * A worker group has its own queue in Bull for jobs that only some workers can run. A worker opens the queues of its groups while
 * it runs; jobs of other groups stay in PostgreSQL until a worker serves them.
 */
import { getQueueToken } from '@nestjs/bull';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import Bull, { type Queue } from 'bull';
import { Config } from '#libs/config/config';
import { RedisClients } from '#libs/redis/redis-clients';
import { workerGroupQueue } from './event.row.js';
import type { DeliveryJob } from './handling.js';
import { queueOptions } from './queues.js';

const WORKER_GROUPS = 'worker-groups';
export const REGISTERED_QUEUES = Symbol('REGISTERED_QUEUES');

/** All queues of this process: those that modules registered, and those of the worker groups that it serves. */
@Injectable()
export class Queues {
  private readonly opened = new Map<string, Queue<DeliveryJob>>();

  constructor(
    private readonly config: Config,
    private readonly redis: RedisClients,
    private readonly modules: ModuleRef,
    @Inject(REGISTERED_QUEUES) private readonly registered: readonly string[],
  ) {}

  get(name: string): Queue<DeliveryJob> {
    return this.opened.get(name) ?? this.modules.get<Queue<DeliveryJob>>(getQueueToken(name), { strict: false });
  }

  /** From now on this process relays the jobs of that group. */
  openWorkerGroup(queue: string, workerGroup: string): Queue<DeliveryJob> {
    const name = workerGroupQueue(queue, workerGroup);
    const known = this.opened.get(name);
    if (known) return known;
    const opened = new Bull<DeliveryJob>(name, queueOptions(this.config, 'worker'));
    opened.on('error', () => undefined); // /readyz reports it, and Bull tries again
    this.opened.set(name, opened);
    this.announce();
    return opened;
  }

  /** The queues whose deliveries this process may relay. */
  get names(): string[] {
    return [...this.registered, ...this.opened.keys()];
  }

  /**
   * Registers the queues for the job board, which runs in other processes. The list is lost when Redis is emptied, so it is
   * written again then.
   */
  announce(): void {
    if (this.opened.size) this.redis.commands.sadd(this.redis.key(WORKER_GROUPS), ...this.opened.keys()).catch(() => undefined);
  }

  /** Stops taking jobs without waiting for running ones: their processors give them back. */
  async close(): Promise<void> {
    await Promise.all([...this.opened.values()].map((queue) => queue.close(true)));
  }
}

/** The queues of the worker groups that any worker has opened, read-only. */
@Injectable()
export class WorkerGroupQueues implements OnApplicationShutdown {
  private readonly seen = new Map<string, Queue>();

  constructor(
    private readonly config: Config,
    private readonly redis: RedisClients,
  ) {}

  async list(): Promise<Queue[]> {
    const names = await this.redis.commands.smembers(this.redis.key(WORKER_GROUPS)).catch(() => []);
    for (const name of names)
      if (!this.seen.has(name))
        this.seen.set(
          name,
          new Bull(name, queueOptions(this.config, 'web')).on('error', () => undefined),
        );
    return [...this.seen.values()];
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.seen.values()].map((queue) => queue.close()));
  }
}
