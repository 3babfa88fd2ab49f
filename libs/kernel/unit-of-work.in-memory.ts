/**
 * The unit of work for the specs of use cases: no database, the same promises. A contract test runs them here and on PostgreSQL
 * (test/contract/unit-of-work.spec.ts).
 *
 *     const unitOfWork = new InMemoryUnitOfWork();
 *     const lamps = unitOfWork.table<LampState>();
 *     await unitOfWork.run(({ record }) => …);
 *     expect(unitOfWork.events).toMatchObject([{ type: 'LampLit' }]);
 *
 * Files named `*.in-memory.ts` hold such adapters, beside the port that they implement. Specs import them; the build leaves them
 * out (tsconfig.build.json), and dependency-cruiser refuses the import in a file that ships.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Clock } from './clock.js';
import { type DomainEvent, type Job, Outbox } from './outbox.js';
import { UnitOfWork, type UnitOfWorkContext } from './unit-of-work.js';

type Lock = 'exclusive' | 'shared';

/** One running unit of work: what it changed, and what it does at its end. */
interface Step {
  readonly of: InMemoryUnitOfWork;
  readonly context: UnitOfWorkContext;
  readonly changed: Map<InMemoryTable<object>, Map<string, object | undefined>>;
  readonly events: DomainEvent[];
  readonly jobs: Job[];
  readonly afterCommit: (() => void)[];
  readonly ended: Promise<void>;
}

/** One for all units of work: each one more would slow down every promise of the process (Node 20). */
const running = new AsyncLocalStorage<Step>();

export class InMemoryUnitOfWork extends UnitOfWork {
  /** What every unit of work gets as `now`; a spec moves it. */
  now = new Date('2026-01-01T12:00:00Z');
  /** Recorded by units of work that committed, in the order of commits. */
  readonly events: DomainEvent[] = [];
  readonly jobs: Job[] = [];
  readonly clock: Clock = { now: () => this.now };
  /** For use cases that send jobs. */
  readonly outbox: Outbox = {
    record: async (...events) => void this.writing.events.push(...events),
    send: async (...jobs) => void this.writing.jobs.push(...jobs),
  };

  table<Row extends object>(): InMemoryTable<Row> {
    return new InMemoryTable<Row>(this);
  }

  async run<T>(work: (context: UnitOfWorkContext) => Promise<T>): Promise<T> {
    const outer = this.step;
    if (outer) return work(outer.context);
    let end!: () => void;
    const step: Step = {
      of: this,
      context: { now: this.now, record: (...events) => this.outbox.record(...events) },
      changed: new Map(),
      events: [],
      jobs: [],
      afterCommit: [],
      ended: new Promise((resolve) => (end = resolve)),
    };
    try {
      const result = await running.run(step, () => work(step.context));
      for (const [table, rows] of step.changed) table.commit(rows);
      this.events.push(...step.events);
      this.jobs.push(...step.jobs);
      for (const hook of step.afterCommit) hook();
      return result;
    } finally {
      for (const table of step.changed.keys()) table.release(step);
      end();
    }
  }

  afterCommit(work: () => void): void {
    const { step } = this;
    if (step) step.afterCommit.push(work);
    else work();
  }

  get step(): Step | undefined {
    const step = running.getStore();
    return step?.of === this ? step : undefined;
  }

  /** @throws when no unit of work is running. */
  get writing(): Step {
    const step = this.step;
    if (!step) throw new Error('Only a unit of work may change things: wrap the call in UnitOfWork.run().');
    return step;
  }
}

/**
 * The rows of one table, by their key. As on PostgreSQL (READ COMMITTED), a unit of work reads its own changes and what others have
 * committed, and waits for a row that another one holds. Rows are copied in and out, so nobody changes a stored one by accident.
 */
export class InMemoryTable<Row extends object> {
  private readonly committed = new Map<string, Row>();
  private readonly holders = new Map<string, Map<Step, Lock>>();

  constructor(private readonly unitOfWork: InMemoryUnitOfWork) {}

  get(key: string): Row | undefined {
    const changed = this.unitOfWork.step?.changed.get(this);
    return structuredClone(changed?.has(key) ? (changed.get(key) as Row | undefined) : this.committed.get(key));
  }

  /** In the order in which they were inserted. */
  all(): Row[] {
    const changed = this.unitOfWork.step?.changed.get(this) ?? new Map<string, object | undefined>();
    return [...new Set([...this.committed.keys(), ...changed.keys()])].flatMap((key) => this.get(key) ?? []);
  }

  /** Waits until no other unit of work holds the key, and holds it until this one ends. The row need not exist. */
  async lock(key: string, as: Lock = 'exclusive'): Promise<void> {
    const step = this.unitOfWork.writing;
    if (!step.changed.has(this)) step.changed.set(this, new Map());
    const holders = this.holders.get(key) ?? new Map<Step, Lock>();
    this.holders.set(key, holders);
    for (;;) {
      const others = [...holders].filter(([other, held]) => other !== step && (as === 'exclusive' || held === 'exclusive'));
      if (!others.length) break;
      await Promise.race(others.map(([other]) => other.ended));
    }
    if (holders.get(step) !== 'exclusive') holders.set(step, as);
  }

  /** Inserts or replaces. */
  async put(key: string, row: Row): Promise<void> {
    await this.lock(key);
    this.unitOfWork.writing.changed.get(this)!.set(key, structuredClone(row));
  }

  async delete(key: string): Promise<void> {
    await this.lock(key);
    this.unitOfWork.writing.changed.get(this)!.set(key, undefined);
  }

  /** For the unit of work at its commit. */
  commit(rows: ReadonlyMap<string, object | undefined>): void {
    for (const [key, row] of rows) {
      if (row) this.committed.set(key, row as Row);
      else this.committed.delete(key);
    }
  }

  /** For the unit of work at its end. */
  release(step: Step): void {
    for (const holders of this.holders.values()) holders.delete(step);
  }
}
