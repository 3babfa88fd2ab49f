/**
 * Inkreel as it runs in production, for one spec file: built web and worker processes over a database, a Redis prefix (or a
 * whole Redis, to stop and flush) and a folder of their own. All of it is removed after the file, also when a test failed.
 *
 *   let stack: Stack;
 *   beforeAll(async () => (stack = await startStack({ webs: 2 })));
 *   const mira = await signUp(stack, { role: 'author' });
 */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { Pool } from 'pg';
import { Api } from './api.js';
import { freshDatabase, freshRedisPrefix, tempFolder } from './database.js';
import { asked, freePort, Program, startPostgres, startProgram, startRedis } from './programs.js';
import { evidence } from './until.js';

export { Api } from './api.js';
export { LiveClient } from './live-client.js';
export { begunChapter, signUp } from './people.js';
export { until } from './until.js';

export type Web = Program & { readonly url: string };

export interface Stack {
  /** Also those that were killed; started anew with `startWeb`. */
  readonly webs: Web[];
  readonly workers: Program[];
  /** A client of the first web process, without an account. */
  readonly api: Api;
  readonly databaseUrl: string;
  readonly home: string;
  readonly redis: { readonly url: string; stop(): Promise<void>; start(): Promise<void>; flushAll(): Promise<void> };
  /** Of `ownPostgres` only. */
  restartPostgres(): Promise<void>;
  startWeb(env?: NodeJS.ProcessEnv): Promise<Web>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<Program>;
  sql<Row extends object>(query: string, parameters?: unknown[]): Promise<Row[]>;
  /** The end of what the processes said. */
  logs(lines?: number): string;
  stop(): Promise<void>;
}

const running = new Set<Stack>();
afterAll(() => Promise.all([...running].map((stack) => stack.stop())).then(() => undefined));
evidence.add(() => [...running].map((stack) => stack.logs(25)).join('\n'));
Api.onFault = (what, { status, bytes }) => {
  if (status !== 503)
    console.error(`${what} was answered ${status} ${bytes.toString().slice(0, 400)}`, ...[...evidence].map((tell) => tell()));
};

/**
 * @param ownRedis a server of its own instead of a prefix on the shared one: needed by tests that stop or flush it.
 * @param ownPostgres likewise, for tests that restart it
 */
export async function startStack(
  wanted: { webs?: number; workers?: number; env?: NodeJS.ProcessEnv; ownRedis?: boolean; ownPostgres?: boolean } = {},
): Promise<Stack> {
  const folder = await tempFolder();
  const database: OwnDatabase = wanted.ownPostgres ? await ownPostgres(folder.path) : await freshDatabase();
  const redis = wanted.ownRedis ? await ownRedis(join(folder.path, 'redis')) : sharedRedis();
  const pool = new Pool({ connectionString: database.url, max: 2 });
  pool.on('error', () => undefined); // tests cut connections
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: freshRedisPrefix(),
    INKREEL_HOME: folder.path,
    SIGNING_KEY: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }) as string,
    ...wanted.env,
  };
  const webs: Web[] = [];
  const workers: Program[] = [];
  const programs = (): Program[] => [...webs, ...workers];

  const stack: Stack = {
    webs,
    workers,
    databaseUrl: database.url,
    home: folder.path,
    redis,
    restartPostgres: () => database.restart?.() ?? Promise.reject(new Error('Ask for startStack({ ownPostgres: true }).')),
    get api() {
      return new Api(webs[0].url);
    },
    async startWeb(more = {}) {
      const port = String(more.PORT ?? (await freePort()));
      const program = await startProgram('web', { ...env, ...more, PORT: port });
      const web = Object.assign(program, { url: `http://127.0.0.1:${port}` });
      webs.push(web);
      return web;
    },
    async startWorker(more = {}) {
      const worker = await startProgram('worker', { ...env, ...more });
      workers.push(worker);
      return worker;
    },
    sql: async <Row extends object>(query: string, parameters: unknown[] = []) => (await pool.query<Row>(query, parameters)).rows,
    logs: (lines = 200) =>
      programs()
        .map((one) => `--- ${one.name} ${one.pid}\n${one.log(lines)}`)
        .join('\n'),
    async stop() {
      if (!running.delete(stack)) return;
      await Promise.all(programs().map((one) => one.stop()));
      await Promise.all([redis.end(), pool.end()]);
      await database.drop();
      await folder.drop();
    },
  };
  running.add(stack);
  try {
    await Promise.all([
      ...Array.from({ length: wanted.webs ?? 1 }, () => stack.startWeb()),
      ...Array.from({ length: wanted.workers ?? 1 }, () => stack.startWorker()),
    ]);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

type OwnDatabase = { url: string; restart?(): Promise<void>; drop(): Promise<void> };

async function ownPostgres(folder: string): Promise<OwnDatabase> {
  const { url, restart, stop } = await startPostgres(folder);
  return { url, restart, drop: stop };
}

type RedisServer = Stack['redis'] & { end(): Promise<void> };

function sharedRedis(): RedisServer {
  const refuse = (): never => {
    throw new Error('This Redis is shared with other tests: ask for startStack({ ownRedis: true }).');
  };
  return {
    url: process.env.TEST_REDIS_URL ?? refuse(),
    stop: refuse,
    start: refuse,
    flushAll: refuse,
    end: () => Promise.resolve(),
  };
}

async function ownRedis(folder: string): Promise<RedisServer> {
  const port = await freePort();
  let server = await startRedis(folder, port);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () => server.stop(),
    start: async () => void (server = await startRedis(folder, port)),
    flushAll: () => asked(port, 'FLUSHALL\r\n').then(() => undefined),
    end: () => server.kill(),
  };
}
