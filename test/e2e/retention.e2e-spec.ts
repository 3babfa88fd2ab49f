/** Nothing stays for ever by accident: every table has a stated retention. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { databaseOptions, RETENTION } from '../../src/database.js';
import { freshDatabase } from '../support/database.js';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let source: DataSource;
beforeAll(async () => {
  database = await freshDatabase();
  source = await new DataSource(databaseOptions(database.url)).initialize();
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

const tables = async (): Promise<string[]> => {
  const rows = await source.query<{ name: string }[]>(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};
const page = readFileSync(join(import.meta.dirname, '../../docs/retention.md'), 'utf8');
const stated = Object.fromEntries([...page.matchAll(/^\| `(\w+\.\w+)` +\| (.+?) +\|/gm)].map(([, table, kept]) => [table, kept]));

describe('The retention of every table', () => {
  it('is stated by the code', async () => {
    expect(Object.keys(RETENTION).sort()).toEqual((await tables()).sort());
  });

  it('is stated in docs/retention.md in the same words', () => {
    expect(stated).toEqual(RETENTION);
  });

  it('would be missed: a table that nobody stated is found', async () => {
    await source.query('CREATE TABLE chapters.forgotten (id uuid)');
    expect(await tables()).toContain('chapters.forgotten');
    expect(Object.keys(RETENTION)).not.toContain('chapters.forgotten');
    await source.query('DROP TABLE chapters.forgotten');
  });
});
