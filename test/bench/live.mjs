/**
 * How many live messages are delivered a second? One stream with 1,000 connections on the built web server, and 1,000 connections on
 * bare `ws`, measured alternately in one run on one machine. The ratio is the result; the figures themselves depend on the machine.
 *
 *   DATABASE_URL=… REDIS_URL=… node test/bench/live.mjs [--connections 1000] [--rounds 3] [--seconds 3] [--in-flight 64] [--json] [--dist dist]
 *
 * DATABASE_URL must be migrated; a chapter is published there for the stream. The readers are raw TCP sockets that only
 * count bytes, so that reading costs little, and one real client on each side that measures the time from sending to receiving.
 * Messages are sent as fast as they arrive, never more than `--in-flight` of them at a time. Both sides carry the same text.
 *
 * Ours does more for each: a message is one committed comment and one event with its id, in a transaction of its own; Redis wakes the
 * server, which reads the event, fills it from the comment and its author, and sends it with its number. Bare `ws` gets the finished text from one client and sends it on to every other.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import WebSocket, { WebSocketServer } from 'ws';

const root = path.resolve(import.meta.dirname, '../..');
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const number = (name, otherwise) => Number(argument(name, otherwise));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const FIRST = 1_000_000;
const TEXT = 'The third lamp is out again, and nobody has said a word about it.';
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

if (process.argv.includes('--bare')) serveBare();
else await bench();

/** A broadcast server in ten lines: it sends each message to every connection. */
function serveBare() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
    process.send(server.address().port),
  );
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const text = data.toString();
      for (const client of server.clients) if (client !== socket) client.send(text);
    }),
  );
  process.on('disconnect', () => process.exit());
}

async function bench() {
  const [connections, rounds, seconds, inFlight] = [
    number('connections', 1_000),
    number('rounds', 3),
    number('seconds', 3),
    number('in-flight', 64),
  ];
  const { DATABASE_URL, REDIS_URL } = process.env;
  const web = path.resolve(root, argument('dist', 'dist'), 'src/web.js');
  if (!DATABASE_URL || !REDIS_URL || !existsSync(web)) {
    console.error(`Set DATABASE_URL (migrated) and REDIS_URL, and run \`npm run build\`: ${web} is started here.`);
    process.exit(1);
  }
  const home = mkdtempSync(path.join(os.tmpdir(), 'inkreel-bench-'));
  const closing = [() => rmSync(home, { recursive: true, force: true })];
  try {
    const sides = [await bareSide(closing), await ourSide(web, home, closing)];
    for (const side of sides) await side.fill(connections);
    for (const side of sides) await round(side, 1, inFlight); // warm
    for (let i = 0; i < rounds; i++) for (const side of sides) side.results.push(await round(side, seconds, inFlight));
    report(sides, connections, inFlight);
  } finally {
    for (const close of closing.reverse()) await close();
  }
  process.exit();
}

/** Sends messages for some seconds, and waits until all have arrived everywhere. */
async function round(side, seconds, inFlight) {
  const begin = { bytes: side.bytes, cpu: cpuSeconds(side.pid), at: performance.now() };
  side.lags.length = 0;
  let said = 0;
  const arrived = () => (side.bytes - begin.bytes) / side.bytesPerMessage / side.readers;
  while (performance.now() - begin.at < seconds * 1000) {
    if (said - arrived() < inFlight) {
      said++;
      void side.say();
    } else await new Promise((resolve) => setImmediate(resolve));
  }
  const deadline = performance.now() + 30_000;
  while (arrived() < said - 0.001) {
    if (performance.now() > deadline) throw new Error(`${side.name}: ${said} messages said, ${arrived().toFixed(1)} arrived.`);
    await sleep(1);
  }
  const took = (performance.now() - begin.at) / 1000;
  const deliveries = said * side.readers;
  const lags = [...side.lags].sort((a, b) => a - b);
  return {
    perSecond: deliveries / took,
    microseconds: ((cpuSeconds(side.pid) - begin.cpu) * 1e6) / deliveries,
    busy: (cpuSeconds(side.pid) - begin.cpu) / took,
    p50: lags[Math.floor(lags.length * 0.5)],
    p99: lags[Math.floor(lags.length * 0.99)],
  };
}

/** Bare `ws`, and a client that sends to it. */
async function bareSide(closing) {
  const server = spawn(process.execPath, [import.meta.filename, '--bare'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  closing.push(() => server.kill());
  const port = await new Promise((resolve) => server.once('message', resolve));
  const speaker = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve) => speaker.on('open', resolve));
  const side = room('bare ws', server.pid, port, '/', []);
  const [chapterId, authorId] = [randomUUID(), randomUUID()];
  const stream = `chapter:${chapterId}`;
  let seq = FIRST;
  side.say = () => {
    const at = new Date().toISOString();
    const body = presented(side.comment(), chapterId, authorId, at);
    const event = { seq: ++seq, type: 'comment.posted', at, body };
    speaker.send(JSON.stringify({ type: 'event', stream, event }));
    return Promise.resolve();
  };
  return side;
}

/** The built web server, and a chapter to comment on. */
async function ourSide(web, home, closing) {
  const { DATABASE_URL, REDIS_URL } = process.env;
  const prefix = `bench:${process.pid}`;
  const port = await freePort();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // requests are counted, and none is refused
  const unlimited = { RATE_LIMITS: 'all=100000000/60', LIVE_CONNECTIONS_PER_ADDRESS: '1000000' };
  const settings = { HOST: '127.0.0.1', PORT: String(port), INKREEL_HOME: home, REDIS_PREFIX: prefix, LOG_LEVEL: 'error' };
  const server = spawn(process.execPath, [web], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...settings, ...unlimited, SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
  });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  closing.push(() => server.kill() && exited);
  const base = `http://127.0.0.1:${port}`;
  await Promise.race([answering(base), exited.then((code) => Promise.reject(new Error(`The web server ended with ${code}.`)))]);
  const { chapterId, authorId } = await publishedChapter(base);
  const stream = `chapter:${chapterId}`;

  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 8 });
  const redis = new Redis(REDIS_URL);
  closing.push(
    () => pool.end(),
    () => redis.quit(),
  );
  await pool.query(
    `INSERT INTO live.stream (key, head) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET head = $2`,
    [stream, FIRST], // sequence numbers of one length, so that all frames have one length
  );
  const side = room('Inkreel', server.pid, port, '/live', [{ type: 'hello' }, { type: 'subscribe', stream }]);
  side.say = async () => {
    const { rows } = await pool.query({
      name: 'append',
      text: `WITH comment AS (INSERT INTO comments.comment (id, chapter_id, author_id, root_id, depth, body, status, created_at)
                              VALUES ($2::uuid, $3, $4, $2::uuid, 0, $5, 'shown', now()) RETURNING id),
                  head AS (INSERT INTO live.stream AS s (key, head) SELECT $1, 1 FROM comment
                           ON CONFLICT (key) DO UPDATE SET head = s.head + 1 RETURNING head)
             INSERT INTO live.event (key, seq, type, body, at)
             SELECT $1, head, 'comment.posted', json_build_object('id', $2::uuid), clock_timestamp() FROM head RETURNING seq`,
      values: [stream, side.comment(), chapterId, authorId, TEXT],
    });
    redis.publish(`${prefix}:live`, JSON.stringify({ key: stream, head: Number(rows[0].seq) })).catch(() => undefined);
  };
  return side;
}

/** The readers of one side. The caller adds `say`. */
function room(name, pid, port, at, hello) {
  const side = { name, pid, results: [], lags: [], bytes: 0, readers: 0 };
  const saidAt = new Map();
  side.comment = () => {
    const id = randomUUID();
    saidAt.set(id, performance.now());
    return id;
  };
  side.fill = async (connections) => {
    const probe = new WebSocket(`ws://127.0.0.1:${port}${at}`);
    probe.on('open', () => hello.forEach((frame) => probe.send(JSON.stringify(frame))));
    probe.on('message', (data) => {
      const frame = JSON.parse(data.toString());
      if (frame.type !== 'event') return;
      side.bytesPerMessage = data.length + 4; // a frame of 126 to 65,535 bytes has a head of four
      side.lags.push(performance.now() - saidAt.get(frame.event.body.id));
      saidAt.delete(frame.event.body.id);
    });
    for (let i = 0; i < connections; i += 50)
      await Promise.all(Array.from({ length: Math.min(50, connections - i) }, () => reader(side, port, at, hello)));
    await sleep(500);
    side.readers = connections;
    await side.say(); // tells how long a frame is
    while (!side.bytesPerMessage) await sleep(10);
    await sleep(500);
  };
  return side;
}

/** A comment as listeners get it: what Inkreel makes of the row, and bare `ws` passes on. */
function presented(id, chapterId, authorId, createdAt) {
  return {
    id,
    chapterId,
    parentId: null,
    rootId: id,
    depth: 0,
    author: { id: authorId, name: 'Bench' },
    body: TEXT,
    status: 'shown',
    createdAt,
    anchor: null,
  };
}

/** Counts bytes, and answers pings, as a browser does. */
function reader(side, port, at, hello) {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(65_536);
    const count = (length) => {
      side.bytes += length;
      return true;
    };
    const socket = net.connect({ port, host: '127.0.0.1', onread: { buffer, callback: count } }, () => {
      socket.write(
        `GET ${at} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
      for (const frame of hello) socket.write(masked(JSON.stringify(frame)));
      setInterval(() => socket.write(PONG), 10_000).unref();
      resolve();
    });
    socket.on('error', reject);
  });
}

/** A client's text frame; the mask of zeros leaves the text as it is. */
function masked(text) {
  const length = Buffer.byteLength(text);
  if (length >= 126) throw new Error('A short frame, please.');
  return Buffer.concat([Buffer.from([0x81, 0x80 | length, 0, 0, 0, 0]), Buffer.from(text)]);
}

async function publishedChapter(base) {
  const account = { email: `bench-${randomUUID()}@example.org`, name: 'Bench', password: randomBytes(18).toString('base64url') };
  const always = { 'content-type': 'application/json' };
  const call = async (method, url, body, headers = {}) => {
    const answer = await fetch(base + url, {
      method,
      headers: { ...always, ...headers },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { id: authorId } = await call('POST', '/v1/accounts', { ...account, role: 'author' });
  const { accessToken } = await call('POST', '/v1/sessions', { email: account.email, password: account.password });
  Object.assign(always, { authorization: `Bearer ${accessToken}` });
  const work = await call('POST', '/v1/works', { title: 'A full room', language: 'en' });
  const chapter = await call('POST', `/v1/works/${work.id}/chapters`, { title: 'One', markdown: 'Everybody came.' });
  await call('POST', `/v1/chapters/${chapter.id}/publication`, {}, { 'if-match': '*' });
  return { chapterId: chapter.id, authorId };
}

async function answering(base) {
  for (let i = 0; i < 300; i++) {
    if (
      await fetch(`${base}/livez`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
  throw new Error(`${base} does not answer.`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** User and system time of one process; 0 where there is no /proc. */
function cpuSeconds(pid) {
  try {
    const [, after] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const fields = after.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function report(sides, connections, inFlight) {
  const [bare, ours] = sides.map(({ results }) => ({
    perSecond: median(results.map((r) => r.perSecond)),
    microseconds: median(results.map((r) => r.microseconds)),
    p99: median(results.map((r) => r.p99)),
  }));
  const paired = sides[1].results.map((r, i) => r.perSecond / sides[0].results[i].perSecond);
  const round2 = (value) => Math.round(value * 100) / 100;
  const lines = [
    {
      name: 'live deliveries per second in one room',
      value: round2(median(paired)),
      unit: '×',
      baseline: 'bare ws',
      goal: '>= 8',
      ok: median(paired) >= 8,
    },
    {
      name: 'live server CPU per delivery',
      value: round2(ours.microseconds / bare.microseconds),
      unit: '×',
      baseline: 'bare ws',
      goal: '<= 0.5',
      ok: ours.microseconds / bare.microseconds <= 0.5,
    },
    {
      name: 'live p99 from saying to hearing',
      value: round2(ours.p99 / bare.p99),
      unit: '×',
      baseline: 'bare ws',
      goal: '<= 1',
      ok: ours.p99 <= bare.p99,
    },
  ];
  if (process.argv.includes('--json')) return lines.forEach((line) => console.log(JSON.stringify(line)));
  console.log(
    `One room of ${connections}, frames of ${sides[0].bytesPerMessage} and ${sides[1].bytesPerMessage} bytes, at most ${inFlight} messages on their way.\n`,
  );
  console.table(
    sides.flatMap(({ name, results }) =>
      results.map((r, i) => ({
        round: i + 1,
        side: name,
        'deliveries/s': Math.round(r.perSecond),
        'µs CPU each': round2(r.microseconds),
        'server busy': `${Math.round(r.busy * 100)} %`,
        'p50 ms': round2(r.p50),
        'p99 ms': round2(r.p99),
      })),
    ),
  );
  for (const { name, value, unit, baseline, goal, ok } of lines)
    console.log(`${ok ? 'ok  ' : 'MISS'} ${name}: ${value}${unit} of ${baseline} (goal ${goal})`);
  console.log(`worst pair of rounds: ${round2(Math.min(...paired))}×`);
}
