/**
 * PostgreSQL refuses to run as root. So a root user (mostly in a container) runs it as another user: as `postgres` or `nobody`
 * where that user can read the binaries and the data; else inside a user namespace, where root is `nobody` and can still read the
 * folders of root; else from a copy of binaries and data in a folder that everyone can read.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { Refusal } from './refusal.mjs';

const NAMESPACE = ['unshare', '-U', '--map-user=65534', '--map-group=65534', '--'];

/**
 * How to run PostgreSQL for the data folder `folder` (made if missing).
 * @typedef {{ native: string, folder: string, wrap: string[], uid?: number, gid?: number, how: string }} PostgresRunner
 * @returns {PostgresRunner}
 */
export function findPostgresRunner(native, folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return { native, folder, wrap: [], how: '' };
  const user = otherUser();
  if (user && existsSync(path.join(copyFolder(folder), 'data'))) return takeCopy(native, folder, user);
  const runners = [
    ...(user ? [{ native, folder, wrap: [], ...user, how: `as ${user.name}` }] : []),
    { native, folder, wrap: NAMESPACE, uid: undefined, gid: undefined, how: 'in a user namespace' },
  ];
  for (const runner of runners) {
    if (!canReach(runner)) continue;
    own(runner);
    if (canWrite(runner)) return runner;
  }
  if (!user) throw noPostgresRunner();
  return takeCopy(native, folder, user);
}

/** Copies the data too, if an earlier start could use it in place (in another container, for example). */
function takeCopy(native, folder, user) {
  const runner = {
    native: copyNative(native),
    folder: copyFolder(folder),
    wrap: [],
    ...user,
    how: `as ${user.name}, from ${copyFolder(folder)}`,
  };
  mkdirSync(runner.folder, { recursive: true, mode: 0o700 });
  const data = path.join(runner.folder, 'data');
  if (existsSync(path.join(folder, 'data')) && !existsSync(data)) {
    rmSync(`${data}.part`, { recursive: true, force: true });
    cpSync(path.join(folder, 'data'), `${data}.part`, { recursive: true, preserveTimestamps: true });
    renameSync(`${data}.part`, data);
    spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, runner.folder]);
  }
  own(runner);
  if (!canReach(runner) || !canWrite(runner)) throw noPostgresRunner();
  return runner;
}

const noPostgresRunner = () =>
  new Refusal(
    'PostgreSQL does not run as root, and this machine has no other user that could run it: run the command as an ordinary user, or set DATABASE_URL.',
  );

/** Where the data of `folder` is copied to when PostgreSQL cannot use it in place; `npm run reset` deletes it. */
export function copyFolder(folder) {
  const base = process.getuid?.() === 0 && existsSync('/var/lib') ? '/var/lib' : os.tmpdir();
  return path.join(base, `inkreel-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
}

function otherUser() {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const entry = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return entry && { name: entry[0], uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Gives the data folder to the user that will run PostgreSQL, with its content when it belonged to another user. */
function own({ folder, uid = 0, gid = 0 }) {
  if (statSync(folder).uid === uid) return;
  if (existsSync(path.join(folder, 'data'))) spawnSync('chown', ['-R', `${uid}:${gid}`, folder]);
  chownSync(folder, uid, gid);
  chmodSync(folder, 0o700);
}

/** Whether the binary starts for that user, and the user can enter the data folder. Changes nothing. */
const canReach = (runner) =>
  succeeds(runner, '"$1" --version && cd "$2"', path.join(runner.native, 'bin/postgres'), path.dirname(runner.folder));

const canWrite = (runner) => succeeds(runner, ': > "$1" && rm "$1"', path.join(runner.folder, '.runner'));

function succeeds({ wrap, uid, gid }, script, ...args) {
  const [command, ...rest] = [...wrap, 'sh', '-c', script, 'sh', ...args];
  return spawnSync(command, rest, { uid, gid, cwd: '/', stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** Copies the binaries once for each version, to /var/lib. */
function copyNative(native) {
  const { version } = JSON.parse(readFileSync(path.join(native, '../package.json'), 'utf8'));
  const target = path.join(existsSync('/var/lib') ? '/var/lib' : os.tmpdir(), `inkreel-postgres-${version}`);
  if (existsSync(target)) return target;
  const part = `${target}.part-${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  cpSync(native, part, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX', part]);
  try {
    renameSync(part, target);
  } catch {
    rmSync(part, { recursive: true, force: true }); // another command has copied it
  }
  return target;
}
