/** `npm run migrate`: brings the schema up to date, one process at a time. Web and worker never do this themselves. */
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { BadConfiguration, databaseUrl } from '#libs/config/config';
import { databaseOptions } from './database.js';

/** Any fixed number: two deployments that migrate at the same time run one after the other. */
const LOCK = 7_402_635;

const url = databaseUrlOrExit();
const dataSource = new DataSource(databaseOptions(url));
try {
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  await lock.query(`SET lock_timeout = '10min'`);
  await lock.query(`SET statement_timeout = '10min'`);
  await lock.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    process.stdout.write(done.length ? `migrated: ${done.map((step) => step.name).join(', ')}\n` : 'the schema is up to date\n');
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await lock.release();
  }
} catch (error) {
  process.stderr.write(`The database could not be migrated: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  if (dataSource.isInitialized) await dataSource.destroy();
}

function databaseUrlOrExit(): string {
  try {
    return databaseUrl();
  } catch (error) {
    if (!(error instanceof BadConfiguration)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
