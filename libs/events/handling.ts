/**
 * The receiving side of the outbox: each delivery takes effect once. A Bull job carries only the name of the delivery; the event
 * is read from PostgreSQL, and the transaction of the effect sets `handled_at` where it is null. A job that runs twice finds it
 * set and does nothing.
 */
import { Injectable, Logger } from '@nestjs/common';
import type { Job } from 'bull';
import { jsonTime } from '#libs/database/json-time';
import { Transaction } from '#libs/database/transaction';
import { RedisClients } from '#libs/redis/redis-clients';
import { Causation } from './causation.js';
import { OUTBOX_WAKE } from './outbox.js';

/** What every job of every queue carries. */
export interface DeliveryJob {
  event: string;
  consumer: string;
  epoch: number;
}

export interface StoredEvent<Data = Record<string, unknown>> {
  id: string;
  type: string;
  v: number;
  subject: { kind: string; id: string; version: number | null };
  about: string[];
  at: Date;
  data: Data;
  /** See libs/events/fair-queueing.ts. */
  fairnessKey: string | null;
  /** The `traceparent` that the handling continues. */
  trace: string | null;
}

/** What an error of a job means, and what to do when there will be no further attempt. */
export interface Failing<Data> {
  /**
   * - failed: the job is tried again until the attempts are used up
   * - hopeless: the job would fail again, so it is given up at once
   * - give back: nothing is wrong with the job, another worker runs it now
   * - not ours: another worker already runs it
   */
  verdict?: (error: Error) => 'failed' | 'hopeless' | 'give back' | 'not ours';
  /** In the transaction that marks the delivery as given up. */
  giveUp?: (event: StoredEvent<Data>, error: Error) => Promise<void>;
}

@Injectable()
export class Handling {
  private readonly log = new Logger('Handling');

  constructor(
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
  ) {}

  /** For short work: `work` runs in the transaction that marks the delivery as handled. */
  async once<Data>(job: Job<DeliveryJob>, work: (event: StoredEvent<Data>) => Promise<void>): Promise<void> {
    await this.attempt(job, (event: StoredEvent<Data>) =>
      this.transaction.run(async () => {
        if (await this.markHandled(job.data)) await work(event);
      }),
    );
  }

  /**
   * For long work, outside any transaction. `work` gets `done` and must call it in the unit of work of its effect; `done` returns
   * false when another run finished first and the effect must be skipped.
   */
  async runJob<Data>(
    job: Job<DeliveryJob>,
    work: (event: StoredEvent<Data>, done: () => Promise<boolean>) => Promise<void>,
    failing: Failing<Data> = {},
  ): Promise<void> {
    await this.attempt(job, (event: StoredEvent<Data>) => work(event, () => this.markHandled(job.data)), failing);
  }

  private async attempt<Data>(
    job: Job<DeliveryJob>,
    work: (event: StoredEvent<Data>) => Promise<void>,
    { verdict = () => 'failed', giveUp }: Failing<Data> = {},
  ): Promise<void> {
    const event = await this.load<Data>(job.data);
    if (!event) return;
    const cause = { event: event.id, parent: event.trace };
    try {
      await Causation.run(cause, () => work(event));
      Causation.run(cause, () => this.log.debug(`handled ${event.type} for ${job.data.consumer}`));
    } catch (thrown) {
      const error = thrown as Error;
      const judged = verdict(error);
      if (judged === 'not ours') return;
      if (judged === 'give back') return this.release(job.data);
      const last = judged === 'hopeless' || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      await this.transaction.run(async () => {
        await this.recordFailure(job.data, error, last);
        if (last) await Causation.run(cause, async () => giveUp?.(event, error));
      });
      Causation.run(cause, () =>
        this.log[last ? 'error' : 'warn'](
          `${event.type} for ${job.data.consumer} ${last ? 'was given up' : 'failed and is tried again'}`,
          error,
        ),
      );
      if (last) await job.discard();
      throw error;
    }
  }

  /** The event, or undefined when this epoch of its delivery is handled or was replayed. */
  private async load<Data>({ event, consumer, epoch }: DeliveryJob): Promise<StoredEvent<Data> | undefined> {
    const [row] = await this.transaction.query<StoredEvent<Data>>(
      `SELECT e.id, e.type, e.v, e.about, e.at, e.data, e.trace, d.fairness_key AS "fairnessKey",
              json_build_object('kind', e.subject_kind, 'id', e.subject_id, 'version', e.subject_version) AS subject
         FROM events.delivery d JOIN events.event e ON e.id = d.event
        WHERE d.event = $1 AND d.consumer = $2 AND d.epoch = $3 AND d.handled_at IS NULL`,
      [event, consumer, epoch],
    );
    return row;
  }

  private async markHandled({ event, consumer, epoch }: DeliveryJob): Promise<boolean> {
    const [, changed] = await this.transaction.writing.query<[unknown[], number]>(
      `UPDATE events.delivery SET handled_at = now(), failed_at = NULL
        WHERE event = $1 AND consumer = $2 AND epoch = $3 AND handled_at IS NULL`,
      [event, consumer, epoch],
    );
    return changed === 1;
  }

  private async release({ event, consumer, epoch }: DeliveryJob): Promise<void> {
    await this.transaction.query(
      `UPDATE events.delivery SET epoch = epoch + 1, relayed_at = NULL, claimed_until = NULL
        WHERE event = $1 AND consumer = $2 AND epoch = $3 AND handled_at IS NULL`,
      [event, consumer, epoch],
    );
    this.redis.publish(OUTBOX_WAKE, '');
  }

  /** Stores the error with the delivery (the newest ten), so that the timeline shows why something is late. */
  private async recordFailure({ event, consumer, epoch }: DeliveryJob, error: Error, last: boolean): Promise<void> {
    await this.transaction.query(
      `UPDATE events.delivery
          SET attempts = attempts + 1,
              errors = jsonb_path_query_array(jsonb_build_array(jsonb_build_object('at', ${jsonTime('now()')}, 'message', $4::text)) || errors, '$[0 to 9]'),
              failed_at = CASE WHEN $5 THEN now() END
        WHERE event = $1 AND consumer = $2 AND epoch = $3 AND handled_at IS NULL`,
      [event, consumer, epoch, error.message.slice(0, 2_000), last],
    );
  }
}
