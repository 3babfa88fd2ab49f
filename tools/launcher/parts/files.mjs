/** Small files that other processes read while we write them: they appear complete or not at all, readable by their owner only. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, known } from './processes.mjs';

export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

export function writeWhole(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
}

export const writeJson = (file, value) => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);

/**
 * Takes `file` as a lock that is void when its holder has ended: it contains the holder's pid and start time. The file is
 * hard-linked into place, so no process sees it half-written. Returns the holder instead when a running process has the lock.
 * @returns {{ release: () => void } | { holder: { pid: number, started: string, what: string } }}
 */
export function tryLock(file, what) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ ...known(process.pid), what }));
  try {
    for (;;) {
      try {
        linkSync(mine, file);
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readJson(file);
      if (holder && isAlive(holder)) return { holder };
      removeStale(file, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Moves the lock of an ended holder aside. A running process that took the lock after we looked gets it back. */
function removeStale(file, ended) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // another process removed it
  }
  const moved = readJson(aside);
  if (moved && moved.pid !== ended?.pid && isAlive(moved)) linkSync(aside, file);
  rmSync(aside, { force: true });
}

/** Holds the lock while `work` runs; calls `waiting(holder)` once when another process has it. */
export async function withLock(file, what, waiting, work) {
  for (let announced = false; ;) {
    const lock = tryLock(file, what);
    if (!('holder' in lock)) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!announced) waiting(lock.holder);
    announced = true;
    await sleep(200);
  }
}
