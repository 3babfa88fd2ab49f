/**
 * The transactional outbox, writing side. What happened is stored in the transaction that caused it, with one delivery
 * for each consumer in the REACTIONS table; the relay (relay.ts) carries deliveries to Bull after the commit.
 * Nothing is ever deleted: the rows are also the causal timeline that admins read.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { newId } from '#libs/kernel/id';
import { type Errand, type Fact, Outbox } from '#libs/kernel/outbox';
import { RedisClients } from '#libs/operations/redis';
import { Causation } from './causation.js';
import { DeliveryRow, EventRow, laneOf } from './event.row.js';
import { places } from './turns.js';

/** Which modules react to which fact: the whole traffic between modules on one page. */
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
  ) {
    super();
    transaction.recordWith((events) => this.record(...events));
  }

  async record(...facts: Fact[]): Promise<void> {
    await this.store('fact', facts, (fact) =>
      (this.reactions[fact.type] ?? []).map((consumer) => ({ consumer, queue: `facts.${consumer}`, priority: 5, share: null })),
    );
  }

  async send(...errands: Errand[]): Promise<void> {
    const found = await places(this.transaction.writing, errands);
    await this.store('errand', errands, (_, i) => [found[i]]);
  }

  async again(consumer: string, subjects: string[]): Promise<void> {
    if (!subjects.length) return;
    // only what is with Bull or a worker: what waits to be relayed is on its way
    await this.transaction.writing.query(
      `UPDATE events.delivery d SET epoch = epoch + 1, relayed_at = NULL, claimed_until = NULL FROM events.event e
        WHERE e.id = d.event AND d.consumer = $1 AND e.subject_id = ANY($2)
          AND d.relayed_at IS NOT NULL AND d.handled_at IS NULL AND d.failed_at IS NULL`,
      [consumer, subjects],
    );
    this.transaction.afterCommit(() => this.redis.publish(OUTBOX_WAKE, ''));
  }

  async withdraw(lane: string, about: string): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE events.delivery d SET handled_at = now() FROM events.event e
        WHERE e.id = d.event AND e.about @> ARRAY[$1] AND d.queue LIKE '%' || $2 AND d.handled_at IS NULL`,
      [about, laneOf('', lane)],
    );
  }

  private async store<F extends Fact>(
    kind: 'fact' | 'errand',
    facts: F[],
    consumers: (fact: F, i: number) => Pick<DeliveryRow, 'consumer' | 'queue' | 'priority' | 'share'>[],
  ): Promise<void> {
    if (!facts.length) return;
    const cause = Causation.current();
    const rows = facts.map((fact) => ({
      id: newId(),
      kind,
      type: fact.type,
      v: fact.v,
      subjectKind: fact.subject.kind,
      subjectId: fact.subject.id,
      subjectVersion: fact.subject.version ?? null,
      about: [...(fact.about ?? [])],
      cause: cause.event ?? null,
      request: cause.request ?? null,
      actor: cause.actor ?? null,
      data: fact.data,
    }));
    const deliveries = rows.flatMap((row, i) => consumers(facts[i], i).map((delivery) => ({ event: row.id, ...delivery })));
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
