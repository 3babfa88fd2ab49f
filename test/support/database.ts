/**
 * Resources of one test, so that tests can run side by side: a database, a Redis prefix, a folder. `npm test` starts Postgres and
 * Redis and names them in TEST_DATABASE_ADMIN_URL and TEST_REDIS_URL; TEST_TEMPLATE is a migrated, empty database, so that a test
 * clones tables instead of migrating.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

/** A migrated, empty database of one's own. `drop` also ends the connections that are still open. */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const template = told('TEST_TEMPLATE');
  const name = `test_${process.pid}_${randomBytes(5).toString('hex')}`;
  await asAdmin((client) => cloneWhenFree(client, name, template));
  const url = new URL(told('TEST_DATABASE_ADMIN_URL'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`)).then(() => undefined),
  };
}

/** For REDIS_PREFIX: tests share one Redis, and each has keys of its own. */
export const freshRedisPrefix = (): string => `test:${process.pid}:${randomBytes(5).toString('hex')}`;

/** For INKREEL_HOME and files. The path is real, as macOS reaches its temporary folder by a link. */
export async function tempFolder(): Promise<{ path: string; drop(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'inkreel-test-')));
  return { path, drop: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}

/** Postgres copies a template only while it has no connection (55006); the last clone or migration may still have one. */
async function cloneWhenFree(client: Client, name: string, template: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`CREATE DATABASE ${quoted(name)} TEMPLATE ${quoted(template)}`);
      return;
    } catch (error) {
      if (attempt === 50 || (error as { code?: string }).code !== '55006') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: told('TEST_DATABASE_ADMIN_URL') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function told(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: run this test through "npm test", which starts Postgres and sets it.`);
  return value;
}
