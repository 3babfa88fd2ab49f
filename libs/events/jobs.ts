import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { RedisClients } from '#libs/redis/redis-clients';
import { workerGroupQueue } from './event.row.js';
import { OUTBOX_WAKE } from './outbox.js';

/** Control over jobs that were sent and are not done yet. */
@Injectable()
export class Jobs {
  constructor(
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
  ) {}

  /** Delivers the open jobs of a queue about these subjects again. A worker that still runs one can no longer finish it. */
  async redeliver(consumer: string, subjects: string[]): Promise<void> {
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

  /** Marks the open jobs of a worker group about this subject as handled, so that no worker runs them. */
  async cancel(workerGroup: string, about: string): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE events.delivery d SET handled_at = now() FROM events.event e
        WHERE e.id = d.event AND e.about @> ARRAY[$1] AND d.queue LIKE '%' || $2 AND d.handled_at IS NULL`,
      [about, workerGroupQueue('', workerGroup)],
    );
  }
}
