/** Starts the servers, migrates, adds demo content, starts web and worker, and supervises them until they are stopped. */
import path from 'node:path';
import { readJson, writeJson } from './files.mjs';
import { RunFile } from './home.mjs';
import { freePort } from './ports.mjs';
import { onStop } from './processes.mjs';
import { program, runProgram, saysReady, webReady } from './product.mjs';
import { line, seconds, step } from './console.mjs';
import { startPostgres, startRedis } from './services.mjs';
import { Supervisor } from './supervise.mjs';
import { addresses, urlsOf, welcome } from './welcome.mjs';

/** @returns {Promise<number>} the exit code, when everything has ended */
export async function serve({ home, env, options, dist, began }) {
  const { host, port: wanted } = addresses(env);
  const port = wanted || (await freePort());
  const urls = urlsOf(host, port);
  const run = new RunFile(home, { home: home.folder, build: path.basename(dist), urls, ports: { web: port } });
  const supervisor = new Supervisor({ onSpawn: (name, pid) => run.process(name, pid), verbose: options.verbose });
  onStop((why) => supervisor.close(0, `${/^SIG/.test(why) ? 'stopping' : why}`));

  try {
    const postgres = await startPostgres(home, supervisor, env);
    const redis = await startRedis(home, supervisor, env);
    const seeding = options.seed || (!env.DATABASE_URL && !options['no-seed']);
    const accounts = seeding ? demoAccounts(home, env) : undefined;
    const product = productEnvironment({ home, env, host, port, postgres, redis, accounts });
    run.set({ ports: { web: port, postgres: postgres.port, redis: redis.port }, environment: inherited(product) });

    const done = new StateFile(postgres.folder);
    const migrate = () => runProgram(dist, 'migrate', product);
    if (!done.has('migrated', path.basename(dist)))
      await step('Migrations', async () => {
        await migrate();
        done.set('migrated', path.basename(dist));
      });
    if (seeding && !done.has('seeded', accounts[0].password))
      await step('Demo content', async (note) => {
        await runProgram(dist, 'seed', { ...product, DEMO_ACCOUNTS_FILE: home.accountsFile });
        done.set('seeded', accounts[0].password);
        note(`${accounts.length} accounts, a work in English and one in Chinese`);
      });
    await step('Web, worker', async () => {
      await Promise.all([
        supervisor.start(
          program({ dist, name: 'web', log: home.logFile('web'), env: product, ready: webReady(host, port, migrate) }),
        ),
        supervisor.start(program({ dist, name: 'worker', log: home.logFile('worker'), env: product, ready: saysReady })),
      ]);
    });
    run.set({ ready: true });
    welcome({ urls, accounts, home, took: seconds(Date.now() - began) });
    return await supervisor.ended;
  } catch (error) {
    await supervisor.close(1);
    throw error;
  } finally {
    home.removeRun();
    line();
  }
}

/** The demo accounts, without the demo admin when ADMIN_EMAIL names an admin. */
function demoAccounts(home, env) {
  return home.demoAccounts().filter(({ role }) => role !== 'admin' || !env.ADMIN_EMAIL);
}

function productEnvironment({ home, env, host, port, postgres, redis, accounts }) {
  const admin = accounts?.find(({ role }) => role === 'admin');
  return {
    NODE_ENV: 'development', // pages of localhost may call (WEB_ORIGINS)
    ...env,
    HOST: host,
    PORT: String(port),
    INKREEL_HOME: home.folder,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    ...(env.SIGNING_KEY || env.SIGNING_KEY_FILE ? {} : { SIGNING_KEY_FILE: home.signingKeyFile() }),
    ...(admin ? { ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password } : {}),
  };
}

/** What `npm run web` and `npm run worker` need to join: the variables that this starter has set itself. */
const inherited = ({ DATABASE_URL, REDIS_URL, SIGNING_KEY_FILE, REDIS_PREFIX, ADMIN_EMAIL, ADMIN_PASSWORD }) => ({
  DATABASE_URL,
  REDIS_URL,
  SIGNING_KEY_FILE,
  REDIS_PREFIX,
  ADMIN_EMAIL,
  ADMIN_PASSWORD,
});

/**
 * Remembers what was done to the data of our own PostgreSQL, so that the next start can skip it. The file is beside that data
 * and is deleted with it. A database that DATABASE_URL names has no such file: migrations and seed run each time.
 */
class StateFile {
  #file;

  constructor(folder) {
    this.#file = folder && path.join(folder, 'state.json');
  }

  has(name, value) {
    return Boolean(this.#file) && readJson(this.#file)?.[name] === value;
  }

  set(name, value) {
    if (this.#file) writeJson(this.#file, { ...readJson(this.#file), [name]: value });
  }
}
