/**
 * What does it cost to read a chapter? GET /v1/chapters/:id of the built web server against bare Fastify and pg (bare-chapter.mjs), by turns
 * in one run, from the same PostgreSQL. Both answer the same bytes and check the same ES256 token with a key object.
 *
 *   DATABASE_URL=… REDIS_URL=… node test/bench/chapter.mjs [--chapters 200] [--connections 32] [--rounds 5] [--seconds 3] [--json] [--dist dist]
 *
 * DATABASE_URL must be migrated. Counted: user and system time of the server process alone, all its threads, per answer; neither PostgreSQL
 * (which bare asks for each answer, ours once a second for each chapter) nor the readers. Chapters are read at random.
 */
import { spawn, fork } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
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
    json: { type: 'boolean', default: false },
  },
});
const [chapters, connections, rounds, seconds] = [asked.chapters, asked.connections, asked.rounds, asked.seconds].map(Number);
const { DATABASE_URL, REDIS_URL } = process.env;
if (!DATABASE_URL || !REDIS_URL) {
  console.error('Set DATABASE_URL (migrated) and REDIS_URL, or run `npm run bench:chapter`, which brings its own.');
  process.exit(1);
}
const home = mkdtempSync(path.join(os.tmpdir(), 'inkreel-chapter-'));
const children = [];
try {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const ours = await server('Inkreel', [path.resolve(ROOT, asked.dist, 'src/web.js')], {
    HOST: '127.0.0.1',
    INKREEL_HOME: home,
    REDIS_PREFIX: `bench:${process.pid}`,
    LOG_LEVEL: 'error',
    RATE_LIMITS: 'all=100000000/60', // requests are counted as ever, and none is refused
    SIGNING_KEY: signingKey,
  });
  const { token, pages } = await publish(ours.base);
  const bare = await server('bare Fastify and pg', [path.join(import.meta.dirname, 'bare-chapter.mjs')], {
    PUBLIC_KEY: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
  });
  await sameAnswers(bare, ours, pages, token);
  const kinds = [
    { name: 'GET chapter', status: 200, headers: { authorization: `Bearer ${token}` }, goal: { least: 0.55 } },
    { name: 'GET chapter, no token', status: 200, headers: {} },
    { name: 'GET chapter, unchanged (304)', status: 304, headers: { authorization: `Bearer ${token}` } },
  ];
  const reader = fork(path.join(import.meta.dirname, 'reader.mjs'));
  children.push(reader);
  const lines = [];
  for (const kind of kinds) lines.push(...(await compare(kind, bare, ours, pages, reader)));
  report(lines, asked.json);
} finally {
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done) && child.kill())));
  rmSync(home, { recursive: true, force: true });
}
process.exit();

async function compare({ name, status, headers, goal }, bare, ours, pages, reader) {
  const results = { bare: [], ours: [] };
  for (let round = 0; round <= rounds; round++) {
    say(`chapter: ${name}, ${round ? `round ${round} of ${rounds}` : 'warming'}`);
    for (const [side, running] of [
      ['bare', bare],
      ['ours', ours],
    ]) {
      const requests = pages.map(({ id, etag }) => request(id, status === 304 ? { ...headers, 'if-none-match': etag } : headers));
      const before = cpuOf(running.pid);
      const order = { port: running.port, connections, seconds: round ? seconds : 1.5, requests, status };
      const answer = await new Promise((resolve) => (reader.once('message', resolve), reader.send(order)));
      const micros = ((cpuOf(running.pid) - before) * 1e6) / answer.answers;
      if (round) results[side].push({ ...answer, micros, perSecond: answer.answers / answer.seconds });
    }
  }
  const [of, our] = [results.bare, results.ours].map((list) => ({
    micros: median(list.map((r) => r.micros)),
    perSecond: Math.round(median(list.map((r) => r.perSecond))),
    p99: median(list.map((r) => r.p99)).toFixed(1),
    body: Math.round(list[0].bodyBytes / list[0].answers),
  }));
  const paired = results.ours.map((run, i) => results.bare[i].micros / run.micros);
  say(
    `chapter: ${name}: bare ${of.micros.toFixed(0)} µs, ${of.perSecond}/s, p99 ${of.p99} ms; ours ${our.micros.toFixed(0)} µs, ${our.perSecond}/s, p99 ${our.p99} ms`,
  );
  const baseline = `bare Fastify and pg: ${of.micros.toFixed(0)} µs, ${of.perSecond}/s`;
  return [
    { name: `${name}: bare µs ÷ ours`, value: median(paired), unit: '×', baseline, goal },
    {
      name: `${name}: ours`,
      value: our.micros,
      unit: `µs CPU, ${our.perSecond}/s`,
      baseline: status === 200 ? `${our.body} bytes` : '',
    },
  ];
}

/** The answers are the same, byte for byte, and neither side takes a forged token. */
async function sameAnswers(bare, ours, pages, token) {
  for (const [i, { id }] of pages.entries()) {
    if (i % 20) continue;
    const bodies = await Promise.all(
      [bare, ours].map(async ({ base }) =>
        (await fetch(`${base}/v1/chapters/${id}`, { headers: { authorization: `Bearer ${token}` } })).text(),
      ),
    );
    if (bodies[0] !== bodies[1]) throw new Error(`The two sides answer differently:\n${bodies.join('\n').slice(0, 2_000)}`);
  }
  const altered = `${token.slice(0, -8)}AAAAAAAA`;
  for (const { base, name } of [bare, ours]) {
    const { status } = await fetch(`${base}/v1/chapters/${pages[0].id}`, { headers: { authorization: `Bearer ${altered}` } });
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
    const etag = answer.headers.get('etag');
    await client.query('INSERT INTO bench_chapter VALUES ($1, $2, $3)', [id, etag, await answer.text()]);
    pages.push({ id, etag });
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
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
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
