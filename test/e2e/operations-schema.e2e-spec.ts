import { DataSource } from 'typeorm';
import { databaseOptions } from '../../src/database.js';
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

const difference = async (): Promise<string[]> =>
  (await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

it('the rows of the code are the tables that the migrations made', async () => {
  expect(source.entityMetadatas.length).toBeGreaterThan(10);
  expect(await difference()).toEqual([]);
});

it('and a column that is missing would be noticed', async () => {
  await source.query('ALTER TABLE auth.account DROP COLUMN name');
  expect((await difference()).join()).toContain('ADD "name" text NOT NULL');
});
