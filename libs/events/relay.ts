/**
 * Moves deliveries from the outbox to Bull, in every worker at once: claim by a short UPDATE, commit, add to Bull, mark as
 * relayed. No transaction stays open during a call to Redis. If a relay dies between two steps, its claim expires; the id of the
 * Bull job is the name of the delivery, so adding it again adds nothing.
 *
 * The reconciler relays again what was relayed but is neither handled nor known to Bull, and what only Bull gave up. A key that
 * disappears from Redis shows within a second that Redis was emptied.
 *
 * Jobs of a worker group are relayed only by the workers that serve it.
 */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RedisClients } from '#libs/redis/redis-clients';
import type { DeliveryJob } from './handling.js';
import { OUTBOX_WAKE } from './outbox.js';
import { Queues } from './worker-groups.js';

const POLL_MS = 1_000;
const RECONCILE_MS = 3_000;
const BATCH = 200;
const REDIS_MS = 3_000;

interface Due extends DeliveryJob {
  type: string;
  queue: string;
  priority: number;
}

@Injectable()
export class Relay implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Relay');
  private timers: NodeJS.Timeout[] = [];
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private lastTrouble = '';

  constructor(
    private readonly dataSource: DataSource,
    private readonly redis: RedisClients,
    private readonly queues: Queues,
  ) {}

  onApplicationBootstrap(): void {
    this.redis.subscribe(OUTBOX_WAKE, () => this.wake());
    this.redis.onReconnect(() => void this.quietly(() => this.reconcile()));
    this.timers = [
      setInterval(() => this.wake(), POLL_MS),
      setInterval(() => void this.quietly(() => this.reconcile()), RECONCILE_MS),
    ];
    this.wake();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.timers.forEach(clearInterval);
    await this.running;
  }

  /** Relays until nothing is due. A wake during a round causes one more round. */
  private wake(): void {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = this.quietly(async () => {
      await this.noticeEmptied();
      do this.again = false;
      while (((await this.relayBatch()) === BATCH || this.again) && !this.stopped);
    }).finally(() => (this.running = undefined));
  }

  private async relayBatch(): Promise<number> {
    if (!this.redis.isReady) return 0;
    const [due] = await this.dataSource.query<[Due[], number]>(
      `UPDATE events.delivery d SET claimed_until = now() + interval '6 s'
         FROM (SELECT event, consumer FROM events.delivery
                WHERE relayed_at IS NULL AND handled_at IS NULL AND (claimed_until IS NULL OR claimed_until < now()) AND queue = ANY($1)
                ORDER BY event LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) due, events.event e
        WHERE d.event = due.event AND d.consumer = due.consumer AND e.id = d.event
        RETURNING d.event, d.consumer, d.epoch, d.queue, d.priority, e.type`,
      [this.queues.names],
    );
    if (!due.length) return 0;
    await this.within(REDIS_MS, Promise.all(due.map((delivery) => this.add(delivery))));
    await this.dataSource.query(
      `UPDATE events.delivery d SET relayed_at = now(), claimed_until = NULL, checked_at = now()
         FROM unnest($1::uuid[], $2::text[], $3::int[]) AS done(event, consumer, epoch)
        WHERE d.event = done.event AND d.consumer = done.consumer AND d.epoch = done.epoch`,
      [due.map((d) => d.event), due.map((d) => d.consumer), due.map((d) => d.epoch)],
    );
    return due.length;
  }

  private async add({ event, consumer, epoch, type, queue, priority }: Due): Promise<void> {
    await this.queues.get(queue).add(type, { event, consumer, epoch } satisfies DeliveryJob, {
      jobId: `${event}-${consumer}-${epoch}`,
      priority,
    });
  }

  private async reconcile(): Promise<void> {
    if (!this.redis.isReady || this.stopped) return;
    const [waiting] = await this.dataSource.query<[Due[], number]>(
      `UPDATE events.delivery d SET checked_at = now()
         FROM (SELECT event, consumer FROM events.delivery
                WHERE relayed_at IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL AND checked_at < now() - interval '4 s' AND queue = ANY($1)
                ORDER BY checked_at LIMIT 1000 FOR UPDATE SKIP LOCKED) old
        WHERE d.event = old.event AND d.consumer = old.consumer
        RETURNING d.event, d.consumer, d.epoch, d.queue`,
      [this.queues.names],
    );
    const lost: Due[] = [];
    for (const delivery of waiting) {
      if (!(await this.within(REDIS_MS, this.isWithBull(delivery)))) lost.push(delivery);
    }
    if (!lost.length) return;
    await this.dataSource.query(
      `UPDATE events.delivery d SET relayed_at = NULL
         FROM unnest($1::uuid[], $2::text[], $3::int[]) AS lost(event, consumer, epoch)
        WHERE d.event = lost.event AND d.consumer = lost.consumer AND d.epoch = lost.epoch AND d.handled_at IS NULL`,
      [lost.map((d) => d.event), lost.map((d) => d.consumer), lost.map((d) => d.epoch)],
    );
    this.log.warn(`${lost.length} deliveries were unknown to the queue and are relayed again`);
    this.wake();
  }

  /** Removes a job that Bull gave up while PostgreSQL was unavailable, so that the same delivery can be added again. */
  private async isWithBull({ event, consumer, epoch, queue }: Due): Promise<boolean> {
    const job = await this.queues.get(queue).getJob(`${event}-${consumer}-${epoch}`);
    if (!job) return false;
    if (!(await job.isFailed())) return true;
    return job.remove().then(
      () => false,
      () => true, // locked by a worker: the next round tries again
    );
  }

  /** Relays everything again that was in Bull when Redis was emptied. A job that is there after all is not added twice. */
  private async noticeEmptied(): Promise<void> {
    if (!this.redis.isReady) return;
    if ((await this.redis.commands.set(this.redis.key('here'), '1', 'NX')) === null) return;
    this.queues.announce();
    const [, again] = await this.dataSource.query<[unknown[], number]>(
      `UPDATE events.delivery SET relayed_at = NULL, claimed_until = NULL
        WHERE relayed_at IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL`,
    );
    if (again) this.log.warn(`Redis was emptied: ${again} deliveries are relayed again`);
  }

  /** Without Redis, Bull's calls wait for its return; the relay must not. */
  private async within<T>(ms: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>(
      (_, reject) => (timer = setTimeout(() => reject(new Error(`Redis did not answer in ${ms} ms`)), ms)),
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs the same error once, not every second. */
  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.lastTrouble = '';
    } catch (error) {
      const message = (error as Error).message;
      if (message !== this.lastTrouble && !this.stopped) this.log.warn(`waiting: ${message}`);
      this.lastTrouble = message;
    }
  }
}
