/** `npm run setup`: what `npm start` and `npm test` do first (check, install, build), and nothing more. */
import { checkMachine } from './parts/checks.mjs';
import { checkClone, prepare } from './parts/prepare.mjs';
import { provideRedis } from './parts/redis-server.mjs';
import { main } from './parts/refusal.mjs';
import { step } from './parts/console.mjs';

await main(async () => {
  await step('Machine', async (note) => {
    const machine = checkMachine(process.env);
    note(`${machine}, ${Math.floor(checkClone())} GB free`);
  });
  await provideRedis(process.env);
  const { lease } = await prepare('npm run setup');
  lease.end();
});
