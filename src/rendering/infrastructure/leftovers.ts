/**
 * Each worker has a folder of its own under `studio`, named after its machine and process. What a killed one left there is
 * cleared by whoever works beside it or after it: its encoder, if it was stopped and so never noticed, and its files.
 *
 * On its own machine a process is known to be gone; of another machine (a container that shares the volume) only that it has
 * not been heard of for an hour.
 */
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { clearStrays, isRunning, notePid } from './picture/pid-files.js';

/** Whoever is just moving in has not said so yet. */
const SETTLING_MS = 5_000;
const HEARD_OF_MS = 60 * 60 * 1000;
const HERE = hostname().replace(/[^\w.-]/g, '_');
/** Not a process id: also where every container's worker is process 1, two of them are two. */
export const ownFolder = (studio: string): string => join(studio, `${HERE}-${process.pid}`);

const OWNER = 'owner';
const ALIVE = 'alive';

/** An empty folder that says whose it is, for `clearLeftovers`. */
export async function settleIn(folder: string): Promise<void> {
  clearStrays(join(folder, 'pids')); // of a process that once had our number
  await rm(folder, { recursive: true, force: true });
  notePid(join(folder, OWNER), process.pid);
  await writeFile(join(folder, ALIVE), '');
}

/** @param studio holds the folders; `own` is ours, and lives on. */
export async function clearLeftovers(studio: string, own: string): Promise<void> {
  const now = new Date();
  await utimes(join(own, ALIVE), now, now).catch(() => undefined);
  for (const name of await readdir(studio).catch(() => [])) {
    const folder = join(studio, name);
    if (folder === own || !/-\d+$/.test(name)) continue;
    if (!(await isLeft(folder, name.startsWith(`${HERE}-`)))) continue;
    clearStrays(join(folder, 'pids'));
    await rm(folder, { recursive: true, force: true }).catch(() => undefined); // a neighbour may be at it, too
  }
}

async function isLeft(folder: string, here: boolean): Promise<boolean> {
  if (here && isRunning(join(folder, OWNER))) return false;
  const touched = await stat(here ? folder : join(folder, ALIVE)).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs > (here ? SETTLING_MS : HEARD_OF_MS);
}
