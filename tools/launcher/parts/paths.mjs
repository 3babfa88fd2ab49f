/** The clone, its cache, and the folder that holds everything a running instance writes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../../..');
export const CACHE = path.join(ROOT, '.cache');
export const VERSION = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version;

/** `INKREEL_HOME`, absolute; `.inkreel` in the clone unless the environment says otherwise. */
export const homeFolder = (env = process.env) => path.resolve(ROOT, env.INKREEL_HOME?.trim() || '.inkreel');

/** A path as a person in the clone would type it. */
export function short(file) {
  const relative = path.relative(ROOT, file);
  return relative && !relative.startsWith('..') && !path.isAbsolute(relative) ? relative : file;
}
