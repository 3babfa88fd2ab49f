/** What one address can hold of the live connections, and that an innocent reader hardly notices a flood. Small cases: sockets.spec.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { must, type Person } from '../support/people.js';
import { begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const PER_ADDRESS = 40;
const FLOOD = '203.0.113.7';

let stack: Stack;
let author: Person;
let stream: string;
let chapterId: string;
const open: WebSocket[] = [];
const requests: { destroy(): void }[] = [];

beforeAll(async () => {
  stack = await startStack({
    workers: 0,
    env: { TRUST_PROXY: '1', LIVE_CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS), LIVE_CONNECTIONS: '200' },
  });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
  ({ chapterId } = await begunChapter(author, { markdown: 'The lamp had been lit.', publish: true }));
  stream = `chapter:${chapterId}`;
}, 90_000);

afterEach(() => {
  open.splice(0).forEach((socket) => socket.on('error', () => undefined).terminate());
  requests.splice(0).forEach((one) => one.destroy());
});

/** @returns undefined where the upgrade was refused, with the status of the answer in `statuses`. */
function connect(from: string, statuses: number[]): Promise<WebSocket | undefined> {
  const socket = new WebSocket(`${stack.webs[0].url.replace('http', 'ws')}/live`, { headers: { 'x-forwarded-for': from } });
  open.push(socket);
  return new Promise((done) => {
    socket.once('open', () => done(socket));
    socket.once('unexpected-response', (_, answer) => {
      statuses.push(answer.statusCode!);
      answer.resume();
      done(undefined);
    });
    socket.on('error', () => done(undefined));
  });
}

const eventsFrom = (from: string): Promise<{ status: number; retryAfter?: string }> =>
  new Promise((done, fail) => {
    const call = request(`${stack.webs[0].url}/v1/live/${stream}/events`, { headers: { 'x-forwarded-for': from }, agent: false });
    requests.push(call);
    call.once('response', (answer) => {
      answer.on('error', () => undefined).resume();
      done({ status: answer.statusCode!, retryAfter: answer.headers['retry-after'] });
    });
    call.once('error', fail);
    call.end();
  });

const memory = (): number => {
  const file = `/proc/${stack.webs[0].pid}/status`;
  return existsSync(file) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024 : 0;
};

/** An innocent reader: comes, listens, goes. @returns how long that took in ms. */
async function visit(): Promise<number> {
  const began = performance.now();
  const client = await LiveClient.connect(stack.webs[0].url, undefined, { 'x-forwarded-for': '198.51.100.1' });
  expect(await client.subscribe(stream, 0)).toMatchObject({ type: 'subscribed' });
  must(200, await stack.api.get('/livez'));
  const took = performance.now() - began;
  await client.close();
  return took;
}

it('six hundred sockets of forty subscriptions from one address are forty connections and four hundred streams', async () => {
  await visit();
  const quiet = [await visit(), await visit(), await visit()];
  const before = memory();
  const statuses: number[] = [];
  const answers = new Map<string, number>();
  const flood = Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      const socket = await connect(FLOOD, statuses);
      socket?.on('message', (data: Buffer) => {
        const { type, code } = JSON.parse(data.toString()) as { type: string; code?: string };
        const name = code ?? type;
        answers.set(name, (answers.get(name) ?? 0) + 1);
      });
      socket?.send('{"type":"hello"}');
      for (let j = 0; socket && j < 40; j++) {
        const missing = `chapter:019a0f6e-7b1c-7d55-8f3a-${(i * 40 + j).toString(16).padStart(12, '0')}`;
        socket.send(JSON.stringify({ type: 'subscribe', stream: j % 4 ? missing : stream, since: 0 }));
      }
    }),
  );
  const visits: number[] = [];
  while (visits.length < 8) visits.push(await visit());
  await flood;
  await until(() => answers.get('welcome') === PER_ADDRESS, 10_000, 'all welcomes');
  expect(statuses).toEqual(Array(600 - PER_ADDRESS).fill(429));
  const sum = (): number => [...answers.values()].reduce((all, one) => all + one, 0) - (answers.get('event') ?? 0) - PER_ADDRESS;
  await until(() => sum() === PER_ADDRESS * 40, 20_000, 'an answer to every subscription that got in');
  expect(answers.get('subscribed')).toBeGreaterThan(0);
  expect(answers.get('no-such-stream')).toBeGreaterThan(0);
  // the two together ran on two cores with the tests: what was 26 s is a matter of moments
  expect(Math.max(...visits)).toBeLessThan(Math.max(8_000, 20 * Math.max(...quiet)));
  expect(memory() - before).toBeLessThan(150);
}, 60_000);

it('connecting again and again is counted by the budget of the class live, whatever is open at a time', async () => {
  const web = await stack.startWeb({ RATE_LIMITS: 'all=1000000/60,live=5/60' });
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const socket = new WebSocket(`${web.url.replace('http', 'ws')}/live`, { headers: { 'x-forwarded-for': '203.0.113.99' } });
    const outcome = await new Promise<number>((done) => {
      socket.once('open', () => done(101));
      socket.once('unexpected-response', (_, answer) => done(answer.resume().statusCode!));
      socket.on('error', () => undefined);
    });
    statuses.push(outcome);
    socket.terminate();
  }
  expect(statuses).toEqual([101, 101, 101, 101, 101, 429, 429, 429]);
});

it('event streams count as sockets do, and are refused with 429 and Retry-After', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => eventsFrom(FLOOD)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(PER_ADDRESS);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(200 - PER_ADDRESS);
  for (const { status, retryAfter } of answers) if (status === 429) expect(Number(retryAfter)).toBeGreaterThan(0);
  requests.splice(0).forEach((one) => one.destroy());
  await until(async () => (await eventsFrom(FLOOD)).status === 200, 5_000, 'a place that was given back');
});

it('a message in three thousand pieces ends its connection, and takes no memory with it', async () => {
  const before = memory();
  for (let round = 0; round < 5; round++) {
    const socket = (await connect(FLOOD, []))!;
    const closed = new Promise<number>((done) => socket.once('close', done));
    socket.send('{"type":"hello"}');
    for (let i = 0; i < 3_000 && socket.readyState === WebSocket.OPEN; i++) {
      socket.send('x', { fin: false });
      await new Promise((resolve) => setImmediate(resolve)); // each a packet of its own
    }
    expect(await closed).toBe(1008);
  }
  expect(memory() - before).toBeLessThan(60);
  expect(await visit()).toBeLessThan(2_000);
});
