/** Small files that other processes read while we write them: whole or not at all, and readable by their owner only. */
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
 * Takes `file` as a lock that dies with its holder (pid and start time stand in it). The text is linked in, so a lock is
 * never seen half-written. Returns the holder instead when somebody alive has it.
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
      takeAway(file, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Moves a dead holder's lock aside; if a living process slipped in between our look and our move, it gets its lock back. */
function takeAway(file, dead) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // somebody else took it away
  }
  const moved = readJson(aside);
  if (moved && moved.pid !== dead?.pid && isAlive(moved)) linkSync(aside, file);
  rmSync(aside, { force: true });
}

/** Holds the lock while `work` runs; `waiting(holder)` is told once when somebody else has it. */
export async function withLock(file, what, waiting, work) {
  for (let told = false; ;) {
    const lock = tryLock(file, what);
    if (!('holder' in lock)) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!told) waiting(lock.holder);
    told = true;
    await sleep(200);
  }
}
