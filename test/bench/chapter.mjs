/**
 * What does it cost to read a chapter? GET /v1/chapters/:id of the built web server against bare Fastify and pg (bare-chapter.mjs), by turns
 * in one run, from the same PostgreSQL. Both answer the same bytes (every answer is compared), check the same ES256 token with a key object,
 * and remember tokens that they have checked. Ours also counts each request against its rate limit and logs as it does by default.
 *
 *   DATABASE_URL=… REDIS_URL=… node test/bench/chapter.mjs [--chapters 200] [--connections 32] [--rounds 5] [--seconds 3] [--json] [--dist dist]
 *                              [--kinds no-token,seen-token,unchanged,access-log] [--profile folder]
 *
 * DATABASE_URL must be migrated. Counted: user and system time of the server process alone, all its threads, per answer; neither PostgreSQL
 * (which bare asks for each answer, ours once a second for each chapter) nor the readers. Chapters are read at random. With --profile each
 * server writes a CPU profile there, which where.mjs adds up; the figures of such a run do not count.
 */
import { spawn, fork } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { cpuOf, median } from './cpu.mjs';
import { report, say } from './report.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
const text = (otherwise) => ({ type: 'string', default: otherwise });
const { values: asked } = parseArgs({
  options: {
    dist: text('dist'),
    chapters: text('200'),
    connections: text('32'),
    rounds: text('5'),
    seconds: text('3'),
    kinds: text('no-token,seen-token,unchanged,access-log'),
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [chapters, connections, rounds, seconds] = [asked.chapters, asked.connections, asked.rounds, asked.seconds].map(Number);
const { DATABASE_URL, REDIS_URL } = process.env;
if (!DATABASE_URL || !REDIS_URL) {
  console.error('Set DATABASE_URL (migrated) and REDIS_URL, or run `npm run bench:chapter`, which brings its own.');
  process.exit(1);
}
if (asked.profile) mkdirSync(asked.profile, { recursive: true });
const home = mkdtempSync(path.join(os.tmpdir(), 'inkreel-chapter-'));
const children = [];
/** When what was measured: where.mjs looks at these parts of the profiles, on the same clock. */
const measured = [];
try {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const web = [path.resolve(ROOT, asked.dist, 'src/web.js')];
  const settings = {
    HOST: '127.0.0.1',
    INKREEL_HOME: home,
    REDIS_PREFIX: `bench:${process.pid}`,
    RATE_LIMITS: 'all=100000000/60', // requests are counted as ever, and none is refused
    SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  const ours = await server('Inkreel', web, settings);
  const { token, pages } = await publish(ours.base);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  const bare = await server('bare', [path.join(import.meta.dirname, 'bare-chapter.mjs')], { PUBLIC_KEY: publicKey });
  await refuseForged([bare, ours], pages[0], token);
  const authorization = `Bearer ${token}`;
  const kinds = {
    'no-token': async () => compare('GET chapter, no token', side(bare), side(ours), { least: 1.5 }),
    'seen-token': async () =>
      compare('GET chapter, token seen before', side(bare, { authorization }), side(ours, { authorization }), { least: 1.5 }),
    unchanged: async () => [
      ...(await compare('GET chapter, unchanged (304)', side(ours), side(ours, {}, 304), { least: 1.2 })),
      ...(await compare('GET chapter, unchanged (304)', side(bare, {}, 304), side(ours, {}, 304))),
    ],
    'access-log': async () => {
      const logging = await server('Inkreel that logs each answer', web, { ...settings, LOG_LEVEL: 'debug' });
      return compare('GET chapter, LOG_LEVEL=debug', side(bare), side(logging));
    },
  };
  const reader = fork(path.join(import.meta.dirname, 'reader.mjs'));
  children.push(reader);
  const readerDied = new Promise((_, reject) =>
    reader.once('exit', (code) => reject(new Error(`The readers ended with ${code}.`))),
  );
  readerDied.catch(() => undefined);
  const lines = [];
  for (const kind of asked.kinds.split(',')) {
    if (!kinds[kind]) throw new Error(`There is no kind ${kind}: choose from ${Object.keys(kinds).join(', ')}.`);
    for (const line of await kinds[kind]()) lines.push(line);
  }
  report(lines, asked.json);
  if (asked.profile) writeFileSync(path.join(asked.profile, 'measured.json'), JSON.stringify(measured));

  function side(running, headers = {}, status = 200) {
    const requests = pages.map(({ id, etag, json }) => ({
      bytes: request(id, status === 304 ? { ...headers, 'if-none-match': etag } : headers),
      body: status === 304 ? '' : json,
    }));
    return { ...running, status, requests, label: status === 304 ? `${running.name} (304)` : running.name };
  }

  /** The two by turns. @returns how many times as much CPU the first takes for an answer, and what the second takes. */
  async function compare(name, first, second, goal) {
    const results = { first: [], second: [] };
    for (let round = 0; round <= rounds; round++) {
      say(`chapter: ${name}, ${round ? `round ${round} of ${rounds}` : 'warming'}`);
      for (const [which, { pid, port, name: server, label, requests, status }] of Object.entries({ first, second })) {
        const before = cpuOf(pid);
        const from = process.hrtime.bigint();
        const order = { port, connections, seconds: round ? seconds : 1.5, requests, status };
        const answering = new Promise((resolve) => (reader.once('message', resolve), reader.send(order)));
        const answer = await Promise.race([answering, readerDied]);
        if (round)
          measured.push({ name, label, server, from: Number(from / 1_000n), to: Number(process.hrtime.bigint() / 1_000n) });
        if (answer.fault) throw new Error(`${name}: ${answer.fault}`);
        const micros = ((cpuOf(pid) - before) * 1e6) / answer.answers;
        if (round) results[which].push({ ...answer, micros, perSecond: answer.answers / answer.seconds });
      }
    }
    const [one, other] = [results.first, results.second].map((list) => ({
      micros: median(list.map((r) => r.micros)),
      perSecond: Math.round(median(list.map((r) => r.perSecond))),
      p99: median(list.map((r) => r.p99)).toFixed(1),
      body: Math.round(list[0].bodyBytes / list[0].answers),
    }));
    const paired = results.second.map((run, i) => results.first[i].micros / run.micros);
    const told = ({ micros, perSecond, p99 }) => `${micros.toFixed(0)} µs, ${perSecond}/s, p99 ${p99} ms`;
    say(`chapter: ${name}: ${first.label} ${told(one)}; ${second.label} ${told(other)}`);
    const baseline = `${first.label}: ${one.micros.toFixed(0)} µs, ${one.perSecond}/s`;
    const lines = [{ name: `${name}: ${first.label} ÷ ${second.label}`, value: median(paired), unit: '×', baseline, goal }];
    const bytes = other.body ? `${other.body} bytes` : '';
    if (first !== ours)
      lines.push({ name: `${name}: ours`, value: other.micros, unit: `µs CPU, ${other.perSecond}/s`, baseline: bytes });
    return lines;
  }
} finally {
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done) && child.kill())));
  rmSync(home, { recursive: true, force: true });
}
process.exit();

/** Neither side takes a token whose signature was altered. */
async function refuseForged(sides, { id }, token) {
  const altered = `${token.slice(0, -8)}AAAAAAAA`;
  for (const { base, name } of sides) {
    const { status } = await fetch(`${base}/v1/chapters/${id}`, { headers: { authorization: `Bearer ${altered}` } });
    if (status < 400) throw new Error(`${name} took a forged token.`);
  }
}

/** Chapters of some 6,000 letters each, written and published through the API, and what bare needs of them. */
async function publish(base) {
  const account = { email: `bench-${randomUUID()}@example.org`, name: 'Bench', password: randomBytes(18).toString('base64url') };
  const always = {};
  const call = async (method, url, body, headers = {}) => {
    const answer = await fetch(base + url, {
      method,
      headers: { 'content-type': 'application/json', ...always, ...headers },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  await call('POST', '/v1/accounts', { ...account, role: 'author' });
  const { accessToken } = await (await call('POST', '/v1/sessions', { email: account.email, password: account.password })).json();
  always.authorization = `Bearer ${accessToken}`;
  const work = await (await call('POST', '/v1/works', { title: 'A long serial', language: 'en' })).json();
  const client = new pg.Client(DATABASE_URL);
  await client.connect();
  await client.query('DROP TABLE IF EXISTS bench_chapter');
  await client.query('CREATE TABLE bench_chapter (id uuid PRIMARY KEY, etag text NOT NULL, json text NOT NULL)');
  const pages = [];
  for (let i = 0; i < chapters; i++) {
    if (i % 50 === 0) say(`chapter: ${i} of ${chapters} published`);
    const body = { title: `Chapter ${i + 1}`, markdown: prose(i) };
    const { id } = await (await call('POST', `/v1/works/${work.id}/chapters`, body)).json();
    await call('POST', `/v1/chapters/${id}/publication`, {}, { 'if-match': '*' });
    const answer = await call('GET', `/v1/chapters/${id}`);
    const page = { id, etag: answer.headers.get('etag'), json: await answer.text() };
    await client.query('INSERT INTO bench_chapter VALUES ($1, $2, $3)', [page.id, page.etag, page.json]);
    pages.push(page);
  }
  await client.query('ANALYZE bench_chapter');
  await client.end();
  return { token: accessToken, pages };
}

/** Twenty paragraphs of some three hundred letters, none twice. */
function prose(chapter) {
  const sentence = 'The lamp stood in the window of the post office, and whoever came up the hill could see it from the bridge.';
  return Array.from({ length: 20 }, (_, i) => `In chapter ${chapter + 1}, night ${i + 1}: ${sentence} ${sentence}`).join('\n\n');
}

function request(id, headers) {
  return `GET /v1/chapters/${id} HTTP/1.1\r\nhost: 127.0.0.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

async function server(name, command, settings) {
  const port = await freePort();
  const env = { ...process.env, NODE_ENV: 'production', ...settings, PORT: String(port) };
  const profiling = asked.profile
    ? ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${asked.profile}`, `--cpu-prof-name=${name}.cpuprofile`]
    : [];
  const child = spawn(process.execPath, [...profiling, ...command], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
  children.push(child);
  const base = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${base}/livez`).then(
      () => true,
      () => false,
    );
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}.`);
    if (await answers()) return { name, pid: child.pid, port, base };
    await sleep(100);
  }
  throw new Error(`${name} does not answer.`);
}

function freePort() {
  return new Promise((resolve) => {
    const listening = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = listening.address();
      listening.close(() => resolve(port));
    });
  });
}
