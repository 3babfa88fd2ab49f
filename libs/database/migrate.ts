/** Brings a database up to date, or refuses one that another version of the product has made. */
import type { DataSource, QueryRunner } from 'typeorm';
import type { Migration } from './migration.js';

/** Any fixed number: two deployments that migrate at the same time run one after the other. */
const LOCK = 7_402_635;

/** The database does not fit this build. The message is one sentence for an operator. */
export class WrongSchema extends Error {}

interface Executed {
  name: string;
  timestamp: number;
  digest: string | null;
}

/**
 * Runs the pending migrations while holding a lock.
 * @returns the names of those it ran
 * @throws WrongSchema, before anything is changed, when another version made the database
 */
export async function migrate(source: DataSource): Promise<string[]> {
  return locked(source, async (runner) => {
    const { executed } = await compare(source, runner);
    // an empty database gets all tables or none; later steps commit one by one, so that a long one does not repeat the others
    const done = await source.runMigrations({ transaction: executed.length ? 'each' : 'all' });
    await storeDigests(source, runner);
    return done.map(({ name }) => name);
  });
}

/** @throws WrongSchema when another version made the database, or when migrations are pending */
export async function checkSchema(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    const { pending } = await compare(source, runner);
    if (pending.length)
      throw new WrongSchema(`The database is on an older schema (${pending.at(-1)!.name} is missing): run "npm run migrate".`);
  } finally {
    await runner.release();
  }
}

/**
 * A database that only a newer version has migrated is no mistake: after a rollback this build runs on it, as each release's schema
 * serves the release before (docs/decisions/0018).
 */
async function compare(source: DataSource, runner: QueryRunner): Promise<{ executed: Executed[]; pending: Migration[] }> {
  const steps = source.migrations as Migration[];
  const executed = await readExecuted(runner);
  const known = new Map(steps.map((step) => [step.name, step]));
  const pending = steps.filter(({ name }) => !executed.some((row) => row.name === name));
  const newest = Math.max(...steps.map(({ name }) => Number(name.slice(-13))));

  const unknown = executed.find(({ name, timestamp }) => !known.has(name) && (pending.length > 0 || timestamp < newest));
  if (unknown) throw otherVersion(`its migration ${unknown.name} is not in this build`);
  const changed = executed.find(({ name, digest }) => digest && known.has(name) && known.get(name)!.digest !== digest);
  if (changed) throw otherVersion(`its migration ${changed.name} was another one`);
  return { executed, pending };
}

const otherVersion = (why: string): WrongSchema =>
  new WrongSchema(
    `Another version of Inkreel made this database (${why}): run "npm run reset" to delete it and start again, or run that version.`,
  );

async function readExecuted(runner: QueryRunner): Promise<Executed[]> {
  const [{ exists }] = (await runner.query(`SELECT to_regclass('public.migration') IS NOT NULL AS exists`)) as [
    { exists: boolean },
  ];
  if (!exists) return [];
  // TypeORM's own table has no digest until `storeDigests` has run once
  return (await runner.query(
    `SELECT m.name, m.timestamp, to_jsonb(m) ->> 'digest' AS digest FROM public.migration AS m ORDER BY m.id`,
  )) as Executed[];
}

async function storeDigests(source: DataSource, runner: QueryRunner): Promise<void> {
  await runner.query('ALTER TABLE public.migration ADD COLUMN IF NOT EXISTS digest text');
  for (const { name, digest } of source.migrations as Migration[])
    await runner.query('UPDATE public.migration SET digest = $2 WHERE name = $1 AND digest IS NULL', [name, digest]);
}

async function locked<T>(source: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    await runner.query(`SET lock_timeout = '10min'`);
    await runner.query(`SET statement_timeout = '10min'`);
    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);
    try {
      return await work(runner);
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    }
  } finally {
    await runner.release();
  }
}
