/**
 * `npm run migrate`: brings the schema up to date, one process at a time. Web and worker never do this themselves. With `--check` it
 * changes nothing and says whether web and worker of this build can run on the database.
 */
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { BadConfiguration, databaseUrl } from '#libs/config/config';
import { checkSchema, migrate, WrongSchema } from '#libs/database/migrate';
import { databaseOptions } from './database.js';

const url = databaseUrlOrExit();
const dataSource = new DataSource(databaseOptions(url));
try {
  await dataSource.initialize();
  if (process.argv.includes('--check')) await checkSchema(dataSource);
  else {
    const done = await migrate(dataSource);
    process.stdout.write(done.length ? `migrated: ${done.join(', ')}\n` : 'the schema is up to date\n');
  }
} catch (error) {
  const { message } = error as Error;
  process.stderr.write(error instanceof WrongSchema ? `${message}\n` : `The database could not be migrated: ${message}\n`);
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
