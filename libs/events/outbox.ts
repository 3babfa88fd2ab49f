/**
 * The transactional outbox, writing side. What happened is stored in the transaction that caused it, with one delivery
 * for each consumer in the REACTIONS table; the relay (relay.ts) carries deliveries to Bull after the commit.
 * Nothing is ever deleted: the rows are also the causal timeline that admins read.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { newId } from '#libs/kernel/id';
import { type DomainEvent, type Job, Outbox } from '#libs/kernel/outbox';
import { RedisClients } from '#libs/redis/redis-clients';
import { Causation } from './causation.js';
import { DeliveryRow, EventRow } from './event.row.js';
import { FactObservers } from './fact-observers.js';
import { placeInQueues } from './fair-queueing.js';
import { eventQueue } from './queues.js';

/** Which modules react to which event: the whole traffic between modules on one page. */
export type Reactions = Record<string, readonly string[]>;
export const REACTIONS = Symbol('REACTIONS');

/** The channel on which the relay is woken; a lost wake costs at most a second. */
export const OUTBOX_WAKE = 'outbox';

@Injectable()
export class TransactionalOutbox extends Outbox {
  constructor(
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
    @Inject(REACTIONS) private readonly reactions: Reactions,
    private readonly observers: FactObservers,
  ) {
    super();
    transaction.recordWith((events) => this.record(...events));
  }

  async record(...events: DomainEvent[]): Promise<void> {
    await this.store('event', events, (event) =>
      (this.reactions[event.type] ?? []).map((consumer) => ({
        consumer,
        queue: eventQueue(consumer),
        priority: 5,
        fairnessKey: null,
      })),
    );
    await this.observers.notify(events);
  }

  async send(...jobs: Job[]): Promise<void> {
    const found = await placeInQueues(this.transaction.writing, jobs);
    await this.store('job', jobs, (_, i) => [found[i]]);
  }

  private async store<F extends DomainEvent>(
    kind: 'event' | 'job',
    events: F[],
    consumers: (event: F, i: number) => Pick<DeliveryRow, 'consumer' | 'queue' | 'priority' | 'fairnessKey'>[],
  ): Promise<void> {
    if (!events.length) return;
    const cause = Causation.current();
    const trace = Causation.trace() ?? null;
    const rows = events.map((event) => ({
      id: newId(),
      kind,
      type: event.type,
      v: event.v,
      subjectKind: event.subject.kind,
      subjectId: event.subject.id,
      subjectVersion: event.subject.version ?? null,
      about: [...(event.about ?? [])],
      cause: cause.event ?? null,
      request: cause.request ?? null,
      actor: cause.actor ?? null,
      trace,
      data: event.data,
    }));
    const deliveries = rows.flatMap((row, i) => consumers(events[i], i).map((delivery) => ({ event: row.id, ...delivery })));
    const manager = this.transaction.writing;
    for (const some of batches(rows)) await manager.insert(EventRow, some);
    if (!deliveries.length) return;
    for (const some of batches(deliveries)) await manager.insert(DeliveryRow, some);
    this.transaction.afterCommit(() => this.redis.publish(OUTBOX_WAKE, ''));
  }
}

/** A statement takes at most 65,535 parameters, and a manuscript may have thousands of chapters. */
function batches<Row>(rows: readonly Row[], size = 1_000): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}
