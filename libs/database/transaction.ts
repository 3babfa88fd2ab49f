import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Clock } from '#libs/kernel/clock';
import type { DomainEvent } from '#libs/kernel/outbox';
import { UnitOfWork, type UnitOfWorkContext } from '#libs/kernel/unit-of-work';

interface Step {
  manager: EntityManager;
  context: UnitOfWorkContext;
  beforeCommit: (() => Promise<void>)[];
  afterCommit: (() => void)[];
}

/** Several units of work, one after the other, that commit together. */
interface Held {
  open?: { runner: QueryRunner; step: Step };
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
  private readonly holding = new AsyncLocalStorage<Held>();
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

  /** For reading: inside a unit of work its own connection, also between two that are held; else any connection of the pool. */
  get manager(): EntityManager {
    return this.running.getStore()?.manager ?? this.holding.getStore()?.open?.step.manager ?? this.dataSource.manager;
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
    const held = this.holding.getStore();
    return repeated(() => (held ? this.runHeld(held, work) : this.runAlone(work)));
  }

  /**
   * Makes one transaction of all units of work that `work` runs, one after the other: it begins at the first of them and commits when
   * `work` and then `last` are done. Until the first, no connection is held, so `work` may hash and parse before it. `work` is repeated
   * whole when the commit meets a deadlock.
   *
   * @example
   * await transaction.hold(() => handler(), (answer) => records.store(key, answer)); // the effect and its answer, or neither
   */
  hold<T>(work: () => Promise<T>, last: (result: T) => Promise<void>): Promise<T> {
    return repeated(async () => {
      const held: Held = {};
      return this.holding.run(held, async () => {
        try {
          const result = await work();
          await (held.open ? this.running.run(held.open.step, () => last(result)) : this.run(() => last(result)));
          await this.commit(held);
          return result;
        } catch (error) {
          await this.rollBack(held);
          throw error;
        }
      });
    });
  }

  private async runAlone<T>(work: (context: UnitOfWorkContext) => Promise<T>): Promise<T> {
    let step: Step | undefined;
    const result = await this.dataSource.transaction(async (manager) => {
      step = this.newStep(manager);
      return this.running.run(step, async () => {
        const done = await work(step!.context);
        for (const hook of step!.beforeCommit) await hook();
        return done;
      });
    });
    for (const hook of step!.afterCommit) hook();
    return result;
  }

  /** The first begins the transaction; each later one is a savepoint, so that a refused one can be caught and leaves the others. */
  private async runHeld<T>(held: Held, work: (context: UnitOfWorkContext) => Promise<T>): Promise<T> {
    if (!held.open) {
      const runner = this.dataSource.createQueryRunner();
      held.open = { runner, step: this.newStep(runner.manager) };
      try {
        await runner.startTransaction();
        return await this.running.run(held.open.step, () => work(held.open!.step.context));
      } catch (error) {
        await this.rollBack(held);
        throw error;
      }
    }
    const { runner, step } = held.open;
    const { beforeCommit, afterCommit } = step;
    const before = [beforeCommit.length, afterCommit.length];
    await runner.startTransaction();
    try {
      const result = await this.running.run(step, () => work(step.context));
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction();
      [beforeCommit.length, afterCommit.length] = before;
      throw error;
    }
  }

  private async commit(held: Held): Promise<void> {
    const { runner, step } = held.open!;
    await this.running.run(step, async () => {
      for (const hook of step.beforeCommit) await hook();
    });
    await runner.commitTransaction();
    held.open = undefined;
    await runner.release();
    for (const hook of step.afterCommit) hook();
  }

  private async rollBack(held: Held): Promise<void> {
    const { runner } = held.open ?? {};
    held.open = undefined;
    if (!runner) return;
    try {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
    } catch {
      // the connection is gone, and the transaction with it
    } finally {
      await runner.release();
    }
  }

  private newStep(manager: EntityManager): Step {
    const context: UnitOfWorkContext = { now: this.clock.now(), record: (...events) => this.record(events) };
    return { manager, context, beforeCommit: [], afterCommit: [] };
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

/** Repeats what Postgres wants to be repeated, a little later. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 5 || !TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * 10 + Math.random() * 20));
    }
  }
}
