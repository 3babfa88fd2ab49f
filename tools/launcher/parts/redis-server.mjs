/**
 * Finds a Redis: `redis-server` or `valkey-server` on PATH, then the clone's cache, then Debian's or Ubuntu's own package
 * downloaded and unpacked into that cache (no root needed, nothing on the system changes). npm has no package with Redis.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CACHE } from './paths.mjs';
import { run } from './processes.mjs';
import { Refusal } from './refusal.mjs';
import { step } from './console.mjs';

const NAMES = ['redis-server', 'valkey-server'];
const UNPACKED = path.join(CACHE, 'redis');
const HOMEBREW = ['/opt/homebrew/bin', '/opt/homebrew/opt/redis/bin', '/opt/homebrew/opt/valkey/bin'];

export function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...HOMEBREW];
  return folders.map((folder) => path.join(folder, name)).find((file) => path.isAbsolute(file) && existsSync(file));
}

/** @returns {{ bin: string, env: Record<string, string> } | undefined} */
export function findRedis() {
  for (const name of NAMES) {
    const bin = onPath(name);
    if (bin) return { bin, env: {} };
  }
  return cached(UNPACKED);
}

function cached(root) {
  const bin = NAMES.map((name) => path.join(root, 'usr/bin', name)).find((file) => existsSync(file));
  if (!bin) return undefined;
  const libraries = ['usr/lib', 'lib'].flatMap((folder) =>
    ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((triple) => path.join(root, folder, triple)).filter((dir) => existsSync(dir)),
  );
  return { bin, env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

/** Makes sure, before anything is installed, that there is a Redis to start. Quick, unless it must be downloaded. */
export async function provideRedis(env) {
  if (env.REDIS_URL || findRedis()) return;
  if (process.platform !== 'linux' || !onPath('apt-get') || !onPath('dpkg')) throw noRedis();
  await step('Redis server', fetchRedis);
}

export function noRedis(reason = 'There is no redis-server or valkey-server on this machine') {
  const how =
    process.platform === 'darwin'
      ? 'brew install redis'
      : onPath('dnf')
        ? 'sudo dnf install valkey'
        : 'sudo apt-get install redis-server';
  return new Refusal(
    `${reason}: install one (${how}), or set REDIS_URL to a Redis you have (docker run -d -p 6379:6379 redis:7, then REDIS_URL=redis://127.0.0.1:6379).`,
  );
}

/** Downloads with a private apt state in a temporary folder (apt fails on paths with spaces), then moves the result to the cache. */
async function fetchRedis(note) {
  const work = mkdtempSync(path.join(os.tmpdir(), 'inkreel-apt-'));
  try {
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'debs', 'root'])
      mkdirSync(path.join(work, folder), { recursive: true });
    const options = [
      `Dir::State=${work}/state`,
      'Dir::State::status=/var/lib/dpkg/status',
      `Dir::Cache=${work}/cache`,
      'Debug::NoLocking=1',
      `APT::Sandbox::User=${os.userInfo().username}`,
      'Acquire::Retries=1',
      'Acquire::http::Timeout=15',
    ].flatMap((option) => ['-o', option]);
    const apt = async (args, cwd = work) => {
      const { code, output } = await run('apt-get', [...options, '-q', ...args], { cwd, quiet: true, timeout: 120_000 });
      if (code !== 0)
        throw noRedis(
          `There is no redis-server on this machine, and apt-get ${args[0]} could not fetch one (${lastLine(output)})`,
        );
      return output;
    };
    note('asking apt for redis-server');
    await apt(['update']);
    const plan = await apt(['install', '-s', '--no-install-recommends', 'redis-server']);
    const packages = [...plan.matchAll(/^Inst (\S+)/gm)]
      .map(([, name]) => name)
      .filter((name) => /^(redis|valkey|lib)/.test(name));
    note(`downloading ${packages.length} packages`);
    await apt(['download', ...packages], path.join(work, 'debs'));
    for (const file of readdirSync(path.join(work, 'debs')))
      await run('dpkg', ['-x', path.join(work, 'debs', file), path.join(work, 'root')], { quiet: true });
    const version = await redisVersion(cached(path.join(work, 'root')));
    moveToCache(path.join(work, 'root'));
    note(`${version}, from the system's packages into .cache/redis`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function moveToCache(root) {
  const part = `${UNPACKED}.part-${process.pid}`;
  cpSync(root, part, { recursive: true, verbatimSymlinks: true });
  rmSync(UNPACKED, { recursive: true, force: true });
  renameSync(part, UNPACKED);
}

/** Runs `--version`, which also proves that the binary runs on this machine. */
export async function redisVersion(server) {
  const { code, output } = server
    ? await run(server.bin, ['--version'], { quiet: true, env: { ...process.env, ...server.env }, timeout: 3000 })
    : { code: 1, output: 'nothing was unpacked' };
  const version = / v=(\d+)\.(\d+)\S*/.exec(output);
  if (code !== 0 || !version) throw noRedis(`${server?.bin ?? 'redis-server'} does not run (${lastLine(output)})`);
  const [text, major, minor] = version;
  if (Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2))
    throw noRedis(`${server.bin} is version${text.replace('v=', '')}, and 6.2 or newer is needed`);
  return text.trim().slice(2);
}

const lastLine = (output) => output.trim().split('\n').at(-1) || 'no answer';
