/** PostgreSQL and Redis of one instance: those of DATABASE_URL and REDIS_URL, or our own, which are supervised. */
import { freePort } from './ports.mjs';
import {
  createPostgres,
  isCreated,
  postgresReady,
  postgresUrl,
  preparePostgres,
  spawnPostgres,
  STOP_POSTGRES,
  stopLeftover,
} from './postgres.mjs';
import { findRedis, noRedis, redisVersion } from './redis-server.mjs';
import { redisReady, redisUrl, spawnRedis } from './redis.mjs';
import { step } from './console.mjs';

const STOP_REDIS = [
  ['SIGTERM', 5000],
  ['SIGKILL', 2000],
];

/** @returns {Promise<{ url: string, port?: number, folder?: string, fresh: boolean }>} folder: deleted together with the data */
export async function startPostgres(home, supervisor, env) {
  if (env.DATABASE_URL) return { url: env.DATABASE_URL, fresh: false };
  return step('PostgreSQL', async (note) => {
    const runner = preparePostgres(home.postgresFolder);
    if (await stopLeftover(runner)) note('stopped the server of a killed run');
    const password = home.secret('postgres-password');
    const fresh = !isCreated(runner);
    if (fresh) {
      note('making its data folder');
      await createPostgres(runner, { password, durable: true });
    }
    const port = await freePort();
    const url = postgresUrl({ port, password }, 'inkreel');
    const log = home.logFile('postgres');
    await supervisor.start({
      name: 'postgres',
      server: true,
      log,
      stopWith: STOP_POSTGRES,
      spawn: () => spawnPostgres(runner, { port, durable: true, log }),
      ready: (child) => postgresReady(child, url),
    });
    note(`127.0.0.1:${port}${runner.how ? `, ${runner.how}` : ''}${fresh ? ', new data folder' : ''}`);
    return { url, port, folder: runner.folder, fresh };
  });
}

/** @returns {Promise<{ url: string, port?: number }>} */
export async function startRedis(home, supervisor, env) {
  if (env.REDIS_URL) return { url: env.REDIS_URL };
  return step('Redis', async (note) => {
    const server = findRedis();
    if (!server) throw noRedis();
    const version = await redisVersion(server);
    const password = home.secret('redis-password');
    const port = await freePort();
    const log = home.logFile('redis');
    await supervisor.start({
      name: 'redis',
      server: true,
      log,
      stopWith: STOP_REDIS,
      spawn: () => spawnRedis({ server, folder: home.redisFolder, port, password, keep: true, log }),
      ready: (child) => redisReady(child, { port, password }),
    });
    note(`${version} on 127.0.0.1:${port}, append-only file on`);
    return { url: redisUrl({ port, password }), port };
  });
}
