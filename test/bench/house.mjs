/**
 * The built product for a benchmark: a web server and workers on the given PostgreSQL and Redis, a folder of their own, an author who is
 * signed in, and a client. All of it ends with this process.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { NODE_OPTIONS_OF } from '../../tools/launcher/parts/product.mjs';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** @param dist where the built product lies @param name of the benchmark, as `npm run bench -- --only` knows it @param settings of the programs, beside those of all benchmarks */
export async function openHouse(dist, name, settings = {}) {
  const { DATABASE_URL, REDIS_URL } = process.env;
  if (!DATABASE_URL || !REDIS_URL) {
    console.error(`Set DATABASE_URL (migrated) and REDIS_URL, or run \`npm run bench -- --only ${name}\`, which brings its own.`);
    process.exit(1);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), `inkreel-${name}-`));
  const children = [];
  process.on('SIGTERM', () => process.exit(143)).on('SIGINT', () => process.exit(130));
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const environment = {
    ...process.env,
    NODE_ENV: 'production',
    LOG_LEVEL: 'error',
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    INKREEL_HOME: home,
    REDIS_PREFIX: `bench-${name}:${process.pid}`,
    RATE_LIMITS: 'all=100000000/60', // requests are counted, and none is refused
    ACCESS_TOKEN_SECONDS: '86400', // a run takes longer than a token is usually good for
    SIGNING_KEY: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ...settings,
  };
  const base = `http://127.0.0.1:${environment.PORT}`;
  const account = { email: `bench-${randomUUID()}@example.org`, password: randomBytes(18).toString('base64url') };

  const house = {
    folder,
    home,
    base,
    database: new pg.Pool({ connectionString: DATABASE_URL, max: 1 }),
    token: undefined,

    /** Starts `web` or `worker`. @param through a command that becomes the program that follows it, as `taskset` does */
    start(program, more = {}, through = []) {
      const node = [process.execPath, ...(NODE_OPTIONS_OF[program] ?? []), path.join(dist, `src/${program}.js`)];
      const [command, ...words] = [...through, ...node];
      const child = spawn(command, words, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...environment, ...more },
      });
      children.push(child);
      return child;
    },

    async call(method, url, body, headers = {}) {
      const raw = Buffer.isBuffer(body);
      const answer = await fetch(base + url, {
        method,
        headers: {
          ...(body && !raw && { 'content-type': 'application/json' }),
          ...(house.token && { authorization: `Bearer ${house.token}` }),
          ...headers,
        },
        body: raw ? body : body && JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
      return answer.headers.get('content-type')?.includes('json') ? answer.json() : undefined;
    },

    /** Asks for a chapter's film and waits for it. To ask is work as well, on the same cores: not more often than it must be. */
    async film(chapter, everyMs = 250) {
      let film = await house.call('POST', `/v1/chapters/${chapter}/renditions`, {});
      while (!['ready', 'failed'].includes(film.state)) {
        await sleep(everyMs);
        film = await house.call('GET', `/v1/renditions/${film.id}`);
      }
      if (film.state === 'failed' || film.degraded)
        throw new Error(`The film was not made as wished: ${film.failure ?? film.warnings.join(' ')}`);
      return film;
    },

    /** Of a new work. @returns the chapter's id */
    async publish(language, markdown, cover) {
      const work = await house.call('POST', '/v1/works', { title: 'The Last Tram', language });
      await house.call('PUT', `/v1/works/${work.id}/cover`, cover, { 'content-type': 'image/png', 'if-match': '*' });
      const chapter = await house.call('POST', `/v1/works/${work.id}/chapters`, { title: 'I', markdown });
      await house.call('POST', `/v1/chapters/${chapter.id}/publication`, {}, { 'if-match': '*' });
      return chapter.id;
    },
  };

  house.web = house.start('web');
  for (let tries = 0; ; tries++) {
    if (
      await fetch(`${base}/livez`)
        .then(({ ok }) => ok)
        .catch(() => false)
    )
      break;
    if (tries === 600) throw new Error('The web server does not answer.');
    await sleep(100);
  }
  await house.call('POST', '/v1/accounts', { ...account, name: 'Bench', role: 'author' });
  house.token = (await house.call('POST', '/v1/sessions', account)).accessToken;
  return house;
}

function freePort() {
  return new Promise((resolve) => {
    const listening = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = listening.address();
      listening.close(() => resolve(port));
    });
  });
}
