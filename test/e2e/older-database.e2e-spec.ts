/** A database that another version of the product has made is refused in one sentence, before anything is changed in it. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { databaseOptions, NEWEST_MIGRATION } from '../../src/database.js';
import { freshDatabase } from '../support/database.js';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = resolve(process.env.INKREEL_DIST ?? join(ROOT, 'dist'));

let database: Awaited<ReturnType<typeof freshDatabase>>;
let client: Client;
beforeEach(async () => {
  database = await freshDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

/** What `npm run migrate` runs, and `npm start` before it serves. */
const migrate = (...args: string[]): Promise<{ code: number; said: string }> =>
  new Promise((done) =>
    execFile(
      process.execPath,
      [join(DIST, 'src/migrate.js'), ...args],
      { cwd: ROOT, env: { ...process.env, DATABASE_URL: database.url } },
      (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), said: (stdout + stderr).trim() }),
    ),
  );

/** Every table with its columns, and every migration: what a refusal must leave as it was. */
async function everything(): Promise<unknown> {
  const { rows: columns } = await client.query(
    `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, 3`,
  );
  const { rows: migrations } = await client.query('SELECT * FROM public.migration ORDER BY id');
  return { columns, migrations };
}

async function expectRefusal(because: RegExp): Promise<void> {
  const before = await everything();
  for (const args of [[], ['--check']]) {
    const { code, said } = await migrate(...args);
    expect(said).toMatch(
      /^Another version of Inkreel made this database \([^\n]+\): run "npm run reset" to delete it and start again, or run that version\.$/,
    );
    expect(said).toMatch(because);
    expect(code).toBe(1);
  }
  expect(await everything()).toEqual(before);
}

const planted = (name: string): Promise<unknown> =>
  client.query('INSERT INTO public.migration (timestamp, name) VALUES ($1, $2)', [name.slice(-13), name]);

it('one that still holds an older migration is refused', async () => {
  await planted('Script1764200001000');
  await expectRefusal(/Script1764200001000 is not in this build/);
});

it('one that has the old steps and none of the baselines is refused and not half migrated', async () => {
  await client.query('DELETE FROM public.migration; DROP SCHEMA rendering CASCADE; DROP SCHEMA events CASCADE');
  await planted('Outbox1764000000100');
  await expectRefusal(/Outbox1764000000100 is not in this build/);
});

it('one whose baseline had other SQL is refused', async () => {
  await client.query(`UPDATE public.migration SET digest = 'another' WHERE name = $1`, [NEWEST_MIGRATION]);
  await expectRefusal(new RegExp(`its migration ${NEWEST_MIGRATION} was another one`));
});

it('one that has only newer steps besides is served: the release before can be run again', async () => {
  await planted('Later9999999999999');
  expect(await migrate()).toEqual({ code: 0, said: 'the schema is up to date' });
  expect(await migrate('--check')).toEqual({ code: 0, said: '' });
});

it('an empty one gets everything, and is told apart from one that is up to date', async () => {
  const schemas = (databaseOptions(database.url).migrations as unknown[]).length;
  await client.query(`DROP TABLE public.migration`);
  for (const schema of ['events', 'http', 'live', 'scheduling', 'auth', 'chapters', 'comments', 'rendering'])
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
  expect(await migrate('--check')).toEqual({
    code: 1,
    said: `The database is on an older schema (${NEWEST_MIGRATION} is missing): run "npm run migrate".`,
  });
  expect((await migrate()).said.split(', ')).toHaveLength(schemas);
  expect(await migrate()).toEqual({ code: 0, said: 'the schema is up to date' });
});
