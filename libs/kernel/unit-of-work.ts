import type { DomainEvent } from './outbox.js';

/** What a use case gets for the length of one unit of work. */
export interface UnitOfWorkContext {
  /** The time at which the unit of work began; nested calls get the same. Hand it to the aggregates. */
  readonly now: Date;
  /** Stores events in the outbox, in the same transaction: they are delivered if it commits and never were if it rolls back. */
  readonly record: (...events: readonly DomainEvent[]) => Promise<void>;
}

/**
 * Runs a use case as one all-or-nothing step. Nested calls join the step already running.
 *
 * @example
 * return this.unitOfWork.run(async ({ now, record }) => {
 *   const work = await this.works.get(workId);
 *   const changed = work.update(by, expected, change, now);
 *   await this.works.save(work);
 *   await record(changed);
 * });
 */
export abstract class UnitOfWork {
  abstract run<T>(work: (context: UnitOfWorkContext) => Promise<T>): Promise<T>;

  /**
   * Runs `work` after the commit. It is lost if the process dies first, so anything durable must also be repeated from stored
   * data. Dropped when the unit of work rolls back; outside any unit of work it runs at once.
   */
  abstract afterCommit(work: () => void): void;
}
