/** A build with a node_modules that lacks some packages, as after an installation without optional packages. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tempFolder } from './database.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** @returns a folder for INKREEL_DIST, which the caller must delete. */
export async function installationWithout(...missing: string[]): Promise<{ dist: string; drop(): Promise<void> }> {
  const { path, drop } = await tempFolder();
  const dist = resolve(process.env.INKREEL_DIST ?? join(ROOT, 'dist'));
  cpSync(dist, join(path, 'dist'), { recursive: true, dereference: true });
  cpSync(join(ROOT, 'package.json'), join(path, 'package.json'));
  const link = (name: string): void => {
    if (!missing.includes(name)) symlinkSync(join(ROOT, 'node_modules', name), join(path, 'node_modules', name));
  };
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    mkdirSync(join(path, 'node_modules', name.startsWith('@') ? name : ''), { recursive: true });
    if (!name.startsWith('@')) link(name);
    else for (const inner of readdirSync(join(ROOT, 'node_modules', name))) link(`${name}/${inner}`);
  }
  return { dist: join(path, 'dist'), drop };
}
