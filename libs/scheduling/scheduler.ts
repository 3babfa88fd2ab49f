/** Runs the chores of this process's providers: see chore.ts. */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Transaction } from '#libs/database/transaction';
import { CHORE, type ChoreOptions, type ChoreRun } from './chore.js';

const POLL_MS = 2_000;
/** Longer than the longest statement may take (statement_timeout), as it is renewed between two batches. */
const LEASE = `interval '2 minutes'`;
/** A chore that failed is tried again after this time, or after its own period if that is shorter. */
const RETRY = `interval '10 minutes'`;

interface FoundChore extends ChoreOptions {
  readonly work: (run: ChoreRun) => Promise<number>;
}

@Injectable()
export class Scheduler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Scheduler');
  private readonly chores = new Map<string, FoundChore>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private registered = false;
  private stopped = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly methods: MetadataScanner,
    private readonly transaction: Transaction,
  ) {}

  onApplicationBootstrap(): void {
    for (const chore of this.find()) {
      if (this.chores.has(chore.name)) throw new Error(`Two chores are named ${chore.name}: rename one of them.`);
      this.chores.set(chore.name, chore);
    }
    this.timer = setInterval(() => this.poll(), POLL_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private *find(): Generator<FoundChore> {
    for (const { instance } of this.discovery.getProviders()) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, FoundChore['work']>;
      for (const name of this.methods.getAllMethodNames(prototype)) {
        const options = Reflect.getMetadata(CHORE, prototype[name]) as ChoreOptions | undefined;
        if (options) yield { ...options, work: (run) => prototype[name].call(instance, run) };
      }
    }
  }

  private poll(): void {
    this.running ??= this.runDue()
      .catch((error: Error) => this.log.warn(`The chores wait: ${error.message}`))
      .finally(() => (this.running = undefined));
  }

  private async runDue(): Promise<void> {
    await this.register();
    const due = await this.transaction.query<{ name: string }>(
      `SELECT name FROM scheduling.chore WHERE name = ANY($1) AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY next_at`,
      [[...this.chores.keys()]],
    );
    for (const { name } of due) if (!this.stopped) await this.runOne(this.chores.get(name)!);
  }

  private async register(): Promise<void> {
    if (this.registered) return;
    for (const { name, every } of this.chores.values())
      await this.transaction.query(
        `INSERT INTO scheduling.chore (name, every) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET every = excluded.every`,
        [name, every],
      );
    this.registered = true;
  }

  private async runOne({ name, work }: FoundChore): Promise<void> {
    const number = await this.take(name);
    if (number === undefined) return; // another process was quicker
    try {
      const handled = await work(this.choreRun(name, number));
      await this.finish(name, number, handled, null);
      if (handled) this.log.log(`${name}: ${handled}`);
    } catch (thrown) {
      const { message } = thrown as Error;
      this.log.warn(`${name} failed and is tried again: ${message}`);
      await this.finish(name, number, null, message.slice(0, 2_000));
    }
  }

  private async take(name: string): Promise<number | undefined> {
    const [taken] = await this.transaction.query<{ number: number }>(
      `WITH mine AS (
         UPDATE scheduling.chore SET lease_until = now() + ${LEASE}, run = run + 1
          WHERE name = $1 AND next_at <= now() AND (lease_until IS NULL OR lease_until < now()) RETURNING name, run)
       INSERT INTO scheduling.chore_run (chore, number) SELECT name, run FROM mine RETURNING number`,
      [name],
    );
    return taken?.number;
  }

  private choreRun(name: string, number: number): ChoreRun {
    const goOn = async (): Promise<boolean> => {
      if (this.stopped) return false;
      const [, renewed] = await this.transaction.query<unknown>(
        `UPDATE scheduling.chore SET lease_until = now() + ${LEASE} WHERE name = $1 AND run = $2 AND lease_until IS NOT NULL`,
        [name, number],
      );
      return renewed === 1;
    };
    const batches = async (size: number, batch: () => Promise<number>): Promise<number> => {
      let sum = 0;
      for (let count = size; count >= size && (await goOn()); sum += count) count = await batch();
      return sum;
    };
    return { goOn, batches };
  }

  /** A process that stops gives the chore to the next one at once. */
  private finish(name: string, number: number, handled: number | null, error: string | null): Promise<void> {
    return this.transaction.run(async () => {
      await this.transaction.query(
        `UPDATE scheduling.chore SET lease_until = NULL,
                next_at = CASE WHEN $3 THEN now() WHEN $4 THEN now() + least(every::interval, ${RETRY}) ELSE now() + every::interval END
          WHERE name = $1 AND run = $2`,
        [name, number, this.stopped, error !== null],
      );
      await this.transaction.query(
        `UPDATE scheduling.chore_run SET ended_at = now(), handled = $3, error = $4 WHERE chore = $1 AND number = $2`,
        [name, number, handled, error],
      );
    });
  }
}
