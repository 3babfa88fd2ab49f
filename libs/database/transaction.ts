import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '#libs/kernel/clock';
import type { DomainEvent } from '#libs/kernel/outbox';
import { UnitOfWork, type UnitOfWorkContext } from '#libs/kernel/unit-of-work';

interface Step {
  manager: EntityManager;
  context: UnitOfWorkContext;
  beforeCommit: (() => Promise<void>)[];
  afterCommit: (() => void)[];
}

/**
 * Errors after which Postgres wants the transaction to be repeated: serialisation failure and deadlock (appendix A of its manual,
 * class 40).
 */
const TRY_AGAIN = new Set(['40001', '40P01']);

/**
 * The unit of work on PostgreSQL. Repositories, views and the outbox get their entity manager from it and so join the running
 * transaction.
 */
@Injectable()
export class Transaction extends UnitOfWork {
  private readonly running = new AsyncLocalStorage<Step>();
  private recorder: ((events: readonly DomainEvent[]) => Promise<void>) | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Where `record` stores events. The outbox (libs/events) registers itself, as this library does not know it. */
  recordWith(recorder: (events: readonly DomainEvent[]) => Promise<void>): void {
    this.recorder = recorder;
  }

  /** For reading: inside a unit of work its own connection, outside it any connection of the pool. */
  get manager(): EntityManager {
    return this.running.getStore()?.manager ?? this.dataSource.manager;
  }

  /** For writing. @throws when no unit of work is running: a lock taken outside one would be released at once. */
  get writing(): EntityManager {
    const step = this.running.getStore();
    if (!step) throw new Error('Only a unit of work may change things: wrap the call in UnitOfWork.run().');
    return step.manager;
  }

  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.manager.query(sql, parameters);
  }

  async run<T>(work: (context: UnitOfWorkContext) => Promise<T>): Promise<T> {
    const outer = this.running.getStore();
    if (outer) return work(outer.context);
    for (let attempt = 1; ; attempt++) {
      const context: UnitOfWorkContext = { now: this.clock.now(), record: (...events) => this.record(events) };
      const step: Omit<Step, 'manager'> = { context, beforeCommit: [], afterCommit: [] };
      try {
        const result = await this.dataSource.transaction((manager) =>
          this.running.run({ manager, ...step }, async () => {
            const done = await work(context);
            for (const hook of step.beforeCommit) await hook();
            return done;
          }),
        );
        for (const hook of step.afterCommit) hook();
        return result;
      } catch (error) {
        if (attempt === 5 || !TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 10 + Math.random() * 20));
      }
    }
  }

  /**
   * Runs statements at the very end of the running unit of work, in its transaction: so a lock that many transactions want (the
   * head of a live stream) is held only for the moment before the commit.
   */
  beforeCommit(work: () => Promise<void>): void {
    const step = this.running.getStore();
    if (!step) throw new Error('Only a unit of work may change things: wrap the call in UnitOfWork.run().');
    step.beforeCommit.push(work);
  }

  afterCommit(work: () => void): void {
    const step = this.running.getStore();
    if (step) step.afterCommit.push(work);
    else work();
  }

  private async record(events: readonly DomainEvent[]): Promise<void> {
    if (!events.length) return;
    if (!this.recorder) throw new Error('No outbox is registered to record events: import EventsModule.forRoot().');
    await this.recorder(events);
  }
}
