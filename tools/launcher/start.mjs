/**
 * `npm start`: makes a running instance of a fresh clone. Checks the machine, installs and builds when needed, starts
 * PostgreSQL and Redis (or uses the given ones), migrates, seeds, serves web and worker, and keeps them alive until it is
 * stopped. Node built-ins only: it runs before anything is installed, and without npm's pre-scripts, which a machine with
 * `ignore-scripts=true` would skip.
 *
 *   npm start [-- --port 3001] [--verbose] [--seed | --no-seed]
 */
import { parseArgs } from 'node:util';
import { checkFolder, checkMachine, checkNotRunning, checkPort, checkVariables } from './parts/checks.mjs';
import { Home } from './parts/home.mjs';
import { clearLeftovers } from './parts/leftovers.mjs';
import { VERSION } from './parts/paths.mjs';
import { checkClone, prepare } from './parts/prepare.mjs';
import { stopping } from './parts/processes.mjs';
import { provideRedis } from './parts/redis-server.mjs';
import { main, Refusal } from './parts/refusal.mjs';
import { bold, dim, line, step } from './parts/console.mjs';
import { serve } from './parts/serve.mjs';
import { addresses } from './parts/welcome.mjs';

const began = Date.now();

await main(async () => {
  const options = readOptions();
  // an empty variable is an unset one, as in docker-compose.yml
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value.trim() !== ''));
  if (options.port) env.PORT = options.port;
  const home = new Home();
  line(`\n  ${bold('Inkreel')} ${VERSION} ${dim(`· Node ${process.versions.node} · ${home.folder}`)}\n`);

  const release = await step('Machine', (note) => checkAll(home, env, note));
  let lease;
  try {
    await provideRedis(env);
    const prepared = await prepare('npm start');
    lease = prepared.lease;
    return await serve({ home, env, options, dist: prepared.dist, began });
  } catch (error) {
    if (!stopping) throw error;
    line(`\n  Stopped (${stopping}).\n`);
    return 130;
  } finally {
    lease?.end();
    release();
  }
});
process.exit();

function readOptions() {
  const options = {
    port: { type: 'string' },
    verbose: { type: 'boolean' },
    seed: { type: 'boolean' },
    'no-seed': { type: 'boolean' },
  };
  try {
    return parseArgs({ options, strict: true }).values;
  } catch (error) {
    throw new Refusal(`${error.message.split('. ')[0]}: npm start knows --port <number>, --verbose, --seed and --no-seed.`);
  }
}

/**
 * Locks the home first, so that the processes of a killed run are stopped before the port is tried.
 * @returns the function that unlocks the home
 */
async function checkAll(home, env, note) {
  const machine = checkMachine(env);
  await checkVariables(env);
  const { host, port } = addresses(env);
  checkNotRunning(home, port);
  const free = checkFolder(home.folder, home.isOurs() ? 0.5 : 3, 'INKREEL_HOME');
  checkClone();
  const release = home.take();
  try {
    const cleared = await clearLeftovers(home);
    await checkPort(host, port);
    note(
      `${machine}, ${Math.floor(free)} GB free${cleared.length > 0 ? `; stopped ${cleared.join(' and ')} of a killed run` : ''}`,
    );
    return release;
  } catch (error) {
    release();
    throw error;
  }
}
