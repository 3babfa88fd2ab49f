/** `npm run render -- chapter.md out.mp4`: installs and builds when needed, then is src/render.ts. No database, no Redis. */
import path from 'node:path';
import { checkMachine } from '../tools/launcher/parts/checks.mjs';
import { checkClone, prepare } from '../tools/launcher/parts/prepare.mjs';
import { run } from '../tools/launcher/parts/processes.mjs';
import { main } from '../tools/launcher/parts/refusal.mjs';

const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr); // steps of preparing: what was rendered goes to standard output

await main(async () => {
  checkMachine({});
  checkClone();
  const { dist, lease } = await prepare('npm run render');
  process.stdout.write = print;
  try {
    // a signal is passed on to it: it keeps what is made and ends
    const { code } = await run(
      process.execPath,
      ['--enable-source-maps', path.join(dist, 'src/render.js'), ...process.argv.slice(2)],
      {},
    );
    return code;
  } finally {
    lease.end();
  }
});
