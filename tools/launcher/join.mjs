/**
 * `npm run web [-- --port 3001]` and `npm run worker`: one more process beside a running `npm start`, from the same build and on
 * the same data. It is restarted like the others and ends when that instance stops.
 *
 * With DATABASE_URL, REDIS_URL and a signing key it needs no instance.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkPort, checkVariables } from './parts/checks.mjs';
import { Home } from './parts/home.mjs';
import { ROOT, short } from './parts/paths.mjs';
import { freePort } from './parts/ports.mjs';
import { Lease, prepare } from './parts/prepare.mjs';
import { isAlive, onStop } from './parts/processes.mjs';
import { program, runProgram, saysReady, webReady } from './parts/product.mjs';
import { main, Refusal } from './parts/refusal.mjs';
import { line, step } from './parts/console.mjs';
import { Supervisor } from './parts/supervise.mjs';
import { addresses, urlsOf } from './parts/welcome.mjs';

await main(async () => {
  const [kind, ...args] = process.argv.slice(2);
  const options = readOptions(kind, args);
  const home = new Home();
  const instance = home.living();
  const alone = process.env.DATABASE_URL && process.env.REDIS_URL;
  if (!instance?.ready && !alone)
    throw new Refusal(
      `No Inkreel runs from ${short(home.folder)}: run npm start first (INKREEL_HOME chooses which one to join), or set DATABASE_URL and REDIS_URL.`,
    );

  const env = { ...(instance && !alone ? instance.environment : {}), ...process.env, INKREEL_HOME: home.folder };
  await checkVariables(env);
  const { host } = addresses(env);
  const port = Number(options.port ?? env.PORT) || (await freePort());
  if (kind === 'web') await checkPort(host, port);
  Object.assign(env, { HOST: host, PORT: String(port) });

  const started = alone
    ? await prepare(`npm run ${kind}`)
    : { dist: path.join(ROOT, instance.build), lease: new Lease(`npm run ${kind}`, instance.build) };
  try {
    // an instance has migrated its own database; a given one has to be asked
    if (alone) await runProgram(started.dist, 'migrate', env, '--check');
    return await supervise({
      kind,
      env,
      host,
      port,
      dist: started.dist,
      home,
      instance: alone ? undefined : instance,
      verbose: options.verbose,
    });
  } finally {
    started.lease.end();
  }
});
process.exit();

function readOptions(kind, args) {
  const options = { ...(kind === 'web' ? { port: { type: 'string' } } : {}), verbose: { type: 'boolean' } };
  try {
    const { values } = parseArgs({ args, options, strict: true });
    if (values.port && !/^\d{1,5}$/.test(values.port)) throw new Error(`--port ${values.port} is not a number`);
    return values;
  } catch (error) {
    throw new Refusal(
      `${error.message.split('. ')[0]}: npm run ${kind} knows ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(' and ')}.`,
    );
  }
}

async function supervise({ kind, env, host, port, dist, home, instance, verbose }) {
  const name = kind === 'web' ? `web-${port}` : `worker-${process.pid}`;
  const supervisor = new Supervisor({ onSpawn: () => {}, verbose });
  onStop((why) => supervisor.close(0, /^SIG/.test(why) ? 'stopping' : why));
  if (instance)
    setInterval(() => {
      if (!isAlive(instance.processes.starter)) void supervisor.close(0, 'the instance that it joined has stopped');
    }, 500).unref();
  try {
    await step(kind, async (note) => {
      await supervisor.start({
        ...program({ dist, name: kind, log: home.logFile(name), env, ready: kind === 'web' ? webReady(host, port) : saysReady }),
        name,
      });
      note(kind === 'web' ? urlsOf(host, port).api : `takes jobs; its log is ${short(home.logFile(name))}`);
    });
    return await supervisor.ended;
  } catch (error) {
    await supervisor.close(1);
    throw error;
  } finally {
    line();
  }
}
