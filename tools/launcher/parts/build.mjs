/**
 * Each build has a folder of its own, `dist-<hash of the sources>`, which gets its name when it is complete; `dist` is a link
 * to the newest. A running process uses the folder of its build, so a later build never changes the files under it.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CACHE, ROOT } from './paths.mjs';
import { run } from './processes.mjs';
import { Refusal } from './refusal.mjs';

const SINGLE = [
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tools/launcher/build-kernel.mjs',
  'tools/launcher/route-refusals.cjs',
  'tools/launcher/swagger-plugin.cjs',
  'tools/launcher/parts/build.mjs',
];

/** The name for a build of the present sources. Specs beside them are not built, so they do not change it. */
export function buildName() {
  const hash = createHash('sha256');
  const files = ['src', 'libs'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
      .map((entry) => path.relative(ROOT, path.join(entry.parentPath ?? entry.path, entry.name))),
  );
  for (const file of [...files.sort(), ...SINGLE.filter((name) => existsSync(path.join(ROOT, name)))])
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  return `dist-${hash.digest('hex').slice(0, 10)}`;
}

export const isBuilt = (name) => existsSync(path.join(ROOT, name, 'package.json'));

/** Compiles into `folder` (absolute, on the clone's own disk), which must not exist; it appears only when it is complete. */
export async function build(folder) {
  const part = `${folder}.part-${process.pid}`;
  const config = path.join(CACHE, 'build', `tsconfig.${process.pid}.json`);
  mkdirSync(path.dirname(config), { recursive: true });
  writeFileSync(config, JSON.stringify({ extends: '../../tsconfig.build.json', compilerOptions: { outDir: part } }));
  try {
    await compile('nest build', [
      path.join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js'),
      'build',
      '--path',
      path.relative(ROOT, config),
    ]);
    const kernel = path.join(ROOT, 'tools/launcher/build-kernel.mjs');
    if (existsSync(kernel)) await compile('The picture kernel', [kernel, part]);
    // `#libs/...` must lead to this build's libs, even when `dist` links to another build by then
    const inside = { private: true, type: 'module', imports: { '#libs/*': './libs/*.js' } };
    writeFileSync(path.join(part, 'package.json'), `${JSON.stringify(inside, null, 2)}\n`);
    const broken = brokenImports(part);
    if (broken.length)
      throw new Refusal(
        `The build is broken, so it was deleted. These imports name files that do not exist:\n\n${broken.join('\n')}`,
      );
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
    rmSync(config, { force: true });
  }
}

/** Relative imports of a build that name a missing file: the compiler's plugins may write such imports. */
export function brokenImports(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const source = readFileSync(path.join(folder, name), 'utf8');
      return [...source.matchAll(/^(?:import|export)\b[^'"\n;]*?['"](\.[^'"\n]+)['"]|\bimport\(['"](\.[^'"\n]+)['"]\)/gm)]
        .map(([, fixed, dynamic]) => fixed ?? dynamic)
        .filter((wanted) => !existsSync(path.join(folder, path.dirname(name), wanted)))
        .map((wanted) => `${name}: ${wanted}`);
    });
}

async function compile(what, args) {
  const { code, output } = await run(process.execPath, args, { cwd: ROOT, quiet: true });
  if (code !== 0)
    throw new Refusal(
      `${what} failed: fix what it reports and run the command again.\n\n${stripVTControlCharacters(output).trim()}`,
    );
}

/** Points `dist` to `name`, in one rename. */
export function linkDist(name) {
  const dist = path.join(ROOT, 'dist');
  const target = linkTarget(dist);
  if (target === name) return;
  if (target === undefined) rmSync(dist, { recursive: true, force: true }); // a folder from `nest build`
  const next = `${dist}.link-${process.pid}`;
  symlinkSync(name, next);
  renameSync(next, dist);
}

/** Removes builds that no process runs from, and the incomplete folders of killed builds. */
export function removeOldBuilds(keep) {
  for (const name of readdirSync(ROOT))
    if (/^dist-[0-9a-f]{10}(\.part-\d+)?$/.test(name) && !keep.has(name))
      rmSync(path.join(ROOT, name), { recursive: true, force: true });
}

function linkTarget(file) {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
