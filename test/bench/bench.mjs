/**
 * `npm run bench [-- --only film,chapter] [-- --json] [-- --thorough] [-- --rounds 1]`: the measurements of docs/benchmarks.md, one
 * after the other (all but the long chapter, which is asked for by name), from a build of the present sources, with a PostgreSQL and a
 * Redis of its own that vanish afterwards. One table at the end, or with --json one object a line; the exit code is 1 when a goal is
 * missed or a measurement failed.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { checkMachine } from '../../tools/launcher/parts/checks.mjs';
import { Home } from '../../tools/launcher/parts/home.mjs';
import { checkClone, prepare } from '../../tools/launcher/parts/prepare.mjs';
import { onStop, stopping } from '../../tools/launcher/parts/processes.mjs';
import { runProgram } from '../../tools/launcher/parts/product.mjs';
import { provideRedis } from '../../tools/launcher/parts/redis-server.mjs';
import { main, Refusal } from '../../tools/launcher/parts/refusal.mjs';
import { startTestServers } from '../../tools/launcher/parts/test-servers.mjs';
import { say, table } from './report.mjs';

const PARTS = { anchors: [], chapter: [], live: [], flood: [], film: [], long: [] };
const NEEDS_SERVERS = ['chapter', 'live', 'flood', 'film', 'long'];
const BY_NAME_ONLY = ['long'];
const { values: asked } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    paragraphs: { type: 'string' },
    text: { type: 'string' },
    json: { type: 'boolean', default: false },
    thorough: { type: 'boolean', default: false },
  },
});
if (asked.thorough) PARTS.film.push('--thorough');
for (const name of ['rounds', 'paragraphs']) if (asked[name]) PARTS.film.push(`--${name}`, asked[name]);
for (const name of ['paragraphs', 'text']) if (asked[name]) PARTS.long.push(`--${name}`, asked[name]);
const parts = asked.only?.split(',') ?? Object.keys(PARTS).filter((name) => !BY_NAME_ONLY.includes(name));
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr); // steps and progress: what is measured goes out through `print`

await main(async () => {
  const unknown = parts.filter((name) => !PARTS[name]);
  if (unknown.length) throw new Refusal(`There is no bench ${unknown.join(', ')}: choose from ${Object.keys(PARTS).join(', ')}.`);
  checkMachine({});
  checkClone();
  const served = parts.some((name) => NEEDS_SERVERS.includes(name));
  if (served) await provideRedis({});
  const { dist, lease } = await prepare('npm run bench');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'inkreel-bench-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user and has to pass through
  onStop(() => {}); // what was started is stopped below, however we end
  let servers;
  try {
    const env = { ...process.env };
    if (served) {
      servers = await startTestServers({ folder, lease, env: {} });
      env.DATABASE_URL = servers.databaseAdminUrl;
      env.REDIS_URL = servers.redisUrl;
      const home = new Home(path.join(folder, 'home'));
      await runProgram(dist, 'migrate', { ...env, INKREEL_HOME: home.folder, SIGNING_KEY_FILE: home.signingKeyFile() });
    }
    const lines = [];
    for (const name of parts) {
      if (stopping) return 130;
      lines.push(...(await measure(name, dist, env)));
    }
    if (!asked.json) {
      process.stdout.write = print;
      table(lines);
    }
    return lines.some(({ ok }) => ok === false) ? 1 : 0;
  } finally {
    await servers?.stop();
    rmSync(folder, { recursive: true, force: true });
    lease.end();
  }
});
process.exit();

/** One part in a process of its own, so that none measures what another left in memory. */
async function measure(name, dist, env) {
  say(name);
  const script = path.join(import.meta.dirname, `${name}.mjs`);
  const child = spawn(process.execPath, [script, '--json', '--dist', dist, ...PARTS[name]], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const release = onStop(() => child.kill('SIGTERM'));
  const lines = [];
  for await (const text of createInterface({ input: child.stdout })) {
    if (!text.startsWith('{')) continue;
    lines.push(JSON.parse(text));
    if (asked.json) print(`${text}\n`);
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('close', resolve)));
  release();
  // goals missed are told by the lines; anything else that went wrong must not pass for a result
  if (lines.length && (code === 0 || lines.some(({ ok }) => ok === false))) return lines;
  const failed = { name: `${name} could not be measured`, value: code, unit: 'exit code', baseline: '', goal: '0', ok: false };
  if (asked.json) print(`${JSON.stringify(failed)}\n`);
  return [...lines, failed];
}
