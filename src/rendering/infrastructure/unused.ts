/** Files on this machine that nobody has used for long: fitted pictures, and answers of a speech server that were never written to their end. */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

const HOUR = 60 * 60 * 1_000;
/** To have it again costs a fetch. Times of access are kept to the day on most systems. */
const UNUSED_MS = 7 * 24 * HOUR;

export const picturesFolder = (home: string): string => join(home, 'studio', 'pictures');

/** @returns how many files were removed */
export async function clearUnused(home: string, now = Date.now()): Promise<number> {
  const pictures = await paths(picturesFolder(home));
  // one that is whole waits to be registered: it was paid for
  const halfWritten = (await paths(join(home, 'studio', 'speech'))).filter((path) => basename(path).startsWith('.'));
  const removed = await Promise.all([
    ...pictures.map((path) => removeUnused(path, now - UNUSED_MS)),
    ...halfWritten.map((path) => removeUnused(path, now - HOUR)),
  ]);
  return removed.filter(Boolean).length;
}

const paths = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).map((name) => join(folder, name));

async function removeUnused(path: string, before: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found || Math.max(found.mtimeMs, found.atimeMs) >= before) return false;
  await rm(path, { force: true });
  return true;
}
