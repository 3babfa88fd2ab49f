/**
 * Worker groups: a queue of Bull's for those jobs of one kind that only some workers can do. A worker opens the worker groups it serves
 * while it runs; what is in other worker groups stays in Postgres until somebody serves them.
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

/** Every queue of this process: those that a module registered, and the worker groups that it serves, opened while it runs. */
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

  /** Its jobs are relayed by this process from now on. */
  openWorkerGroup(queue: string, workerGroup: string): Queue<DeliveryJob> {
    const name = workerGroupQueue(queue, workerGroup);
    const known = this.opened.get(name);
    if (known) return known;
    const opened = new Bull<DeliveryJob>(name, queueOptions(this.config, 'worker'));
    opened.on('error', () => undefined); // told by /readyz, and Bull tries again
    this.opened.set(name, opened);
    this.announce();
    return opened;
  }

  /** Whose deliveries this process may carry. */
  get names(): string[] {
    return [...this.registered, ...this.opened.keys()];
  }

  /** For the job board, which runs in other processes. Gone with Redis, so it is told again when that was emptied. */
  announce(): void {
    if (this.opened.size) this.redis.commands.sadd(this.redis.key(WORKER_GROUPS), ...this.opened.keys()).catch(() => undefined);
  }

  /** Takes nothing more and waits for nobody: whoever works off a queue has given back what was under way. */
  async close(): Promise<void> {
    await Promise.all([...this.opened.values()].map((queue) => queue.close(true)));
  }
}

/** Queues of worker groups that some worker has opened, for looking at only. */
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
