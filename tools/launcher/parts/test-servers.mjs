/** PostgreSQL and Redis for one test run: fast, not durable, in a temporary folder; or the servers that variables name. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Home } from './home.mjs';
import { freePort } from './ports.mjs';
import { createPostgres, postgresReady, postgresUrl, preparePostgres, spawnPostgres } from './postgres.mjs';
import { known, stop } from './processes.mjs';
import { runProgram } from './product.mjs';
import { findRedis } from './redis-server.mjs';
import { redisReady, redisUrl, spawnRedis } from './redis.mjs';
import { step } from './console.mjs';

/**
 * Every process is written into the lease at once, so that the next run stops those of a killed one; `own` adds Jest's.
 * @returns {Promise<{ databaseAdminUrl: string, redisUrl: string, sharedDatabase: boolean, own: (pid: number, how?: { group: boolean }) => void, stop: () => Promise<void> }>}
 */
export async function startTestServers({ folder, lease, env }) {
  const services = [];
  const own = (pid, how) => {
    services.push({ ...known(pid), ...how });
    lease.owns({ services, folder });
  };
  lease.owns({ services, folder });
  const given = { database: env.TEST_DATABASE_ADMIN_URL, redis: env.TEST_REDIS_URL };
  const stopAll = () => Promise.all(services.map((service) => stop(service, ['SIGINT', 5000], ['SIGKILL', 2000])));
  try {
    const databaseAdminUrl = given.database ?? (await step('PostgreSQL', (note) => temporaryPostgres(folder, own, note)));
    const redis = given.redis ?? (await step('Redis', (note) => temporaryRedis(folder, own, note)));
    return { databaseAdminUrl, redisUrl: redis, sharedDatabase: Boolean(given.database), own, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function temporaryPostgres(folder, own, note) {
  const runner = preparePostgres(path.join(folder, 'postgres'));
  const password = randomBytes(12).toString('hex');
  await createPostgres(runner, { password, durable: false });
  const port = await freePort();
  const url = postgresUrl({ port, password }, 'postgres');
  const child = spawnPostgres(runner, { port, durable: false, log: path.join(folder, 'postgres.log') });
  own(child.pid);
  await postgresReady(child, url);
  note(`127.0.0.1:${port}, temporary`);
  return url;
}

async function temporaryRedis(folder, own, note) {
  const port = await freePort();
  const settings = {
    server: findRedis(),
    folder: path.join(folder, 'redis'),
    port,
    keep: false,
    log: path.join(folder, 'redis.log'),
  };
  const child = spawnRedis(settings);
  own(child.pid);
  await redisReady(child, { port });
  note(`127.0.0.1:${port}, temporary`);
  return redisUrl({ port });
}

/** A migrated database that suites clone (`CREATE DATABASE … TEMPLATE`), which takes 30 ms; migrating takes seconds. */
export async function makeTemplate({ adminUrl, redisUrl, folder, dist, shared }) {
  const name = shared ? `inkreel_template_${process.pid}` : 'inkreel_template';
  const { default: pg } = await import('pg');
  const query = async (...statements) => {
    const client = new pg.Client({ connectionString: adminUrl });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await step('Template', async (note) => {
    await query(`DROP DATABASE IF EXISTS ${name}`, `CREATE DATABASE ${name}`);
    const home = new Home(path.join(folder, 'home'));
    await runProgram(dist, 'migrate', {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE_URL: new URL(`/${name}`, adminUrl).href,
      REDIS_URL: redisUrl,
      INKREEL_HOME: home.folder,
      SIGNING_KEY_FILE: home.signingKeyFile(),
    });
    await query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    note(`${name}, migrated`);
  });
  const drop = async () => {
    if (shared) await query(`DROP DATABASE IF EXISTS ${name}`).catch(() => {});
  };
  return { name, drop };
}
