/**
 * `npm run build`: the build that `npm start` would make. With `--out dist` it writes a plain folder instead of a link to
 * one, for images and archives.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, buildName, isBuilt, linkDist } from './parts/build.mjs';
import { withLock } from './parts/files.mjs';
import { CACHE, ROOT } from './parts/paths.mjs';
import { main } from './parts/refusal.mjs';
import { event, step } from './parts/console.mjs';

await main(async () => {
  const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
  const waiting = (holder) => event(`waiting for ${holder.what} (pid ${holder.pid}), which is preparing this folder`);
  await withLock(path.join(CACHE, 'prepare.lock'), 'npm run build', waiting, () =>
    step('Build', async (note) => {
      const name = out ?? buildName();
      note(`src and libs into ${name}`);
      if (out) rmSync(path.resolve(ROOT, out), { recursive: true, force: true });
      if (out || !isBuilt(name)) await build(path.resolve(ROOT, name));
      if (!out) linkDist(name);
    }),
  );
});
