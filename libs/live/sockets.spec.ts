import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { HttpAdapterHost } from '@nestjs/core';
import { WebSocket } from 'ws';
import type { Config } from '#libs/config/config';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import { CHAPTER, Chapters, Client, DRAFT, Ticks, Tokens, World } from '../../test/support/live-web.js';
import { Hub } from './hub.js';
import { Sockets } from './sockets.js';
import { StreamKinds } from './stream-kinds.js';

let world: World;
let tokens: Tokens;
let server: Server;
let hub: Hub;
let sockets: Sockets;
let live: Ticks;
const clients: WebSocket[] = [];

const address = (path = '/live'): string => `ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const token = (account: string, ms: number): string => `${account} ${Date.now() + ms}`;
const socket = (headers?: Record<string, string>, path?: string): WebSocket => {
  const made = new WebSocket(address(path), { headers });
  clients.push(made);
  return made;
};
const client = (first: object | string = { type: 'hello' }): Client => new Client(socket(), first);

/** Everything a web process has for listeners. */
async function open(): Promise<void> {
  world = new World();
  tokens = new Tokens();
  live = new Ticks(world);
  const kinds = new StreamKinds();
  kinds.register(new Chapters(world));
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  hub = new Hub(kinds, world.log, world.bus);
  const config = { publicUrl: 'https://stories.example', webOrigins: ['https://read.example'] } as Config;
  const host = { httpAdapter: { getHttpServer: () => server } } as unknown as HttpAdapterHost;
  sockets = new Sockets(config, host, hub, live, tokens, world.bus);
  hub.onModuleInit();
  sockets.onApplicationBootstrap();
}

function close(): void {
  sockets.onModuleDestroy();
  hub.onModuleDestroy();
  server.close();
}

/** Its timers from now on run when the test says so; the sockets stay real. */
async function openInSlowMotion(): Promise<void> {
  close();
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  await open();
}

/** In steps of a second, with time between them for pings and frames to go to and fro. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    jest.advanceTimersByTime(1_000);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeEach(open);

afterEach(() => {
  jest.useRealTimers();
  clients.splice(0).forEach((one) => one.on('error', () => undefined).terminate());
  close();
});

describe('saying hello', () => {
  it('needs no account', async () => {
    const [welcome] = await client().hears('welcome');
    expect(welcome).toEqual({ type: 'welcome', actor: null, expiresAt: null });
  });

  it('tells with a token who one is and until when', async () => {
    const [welcome] = await client({ type: 'hello', token: token('mira', 60_000) }).hears('welcome');
    expect(welcome.actor).toEqual({ id: 'mira', role: 'reader' });
    expect(Date.parse(welcome.expiresAt as string)).toBeGreaterThan(Date.now());
  });

  it.each([
    ['a token that is none', { type: 'hello', token: 'x' }, 4401],
    ['a subscription before hello', { type: 'subscribe', stream: CHAPTER }, 4401],
    ['what is not JSON', '{"type":', 4400],
    ['a frame that nobody described', { type: 'shout' }, 4400],
    ['a member that nobody described', { type: 'hello', admin: true }, 4400],
    ['more than 16 KiB', 'x'.repeat(16 * 1024 + 1), 1009],
  ])('is closed for %s', async (_, first, code) => {
    expect(await client(first).closed).toBe(code);
  });

  it('has five seconds', async () => {
    await openInSlowMotion();
    const silent = new Client(socket());
    await once(silent.socket, 'open');
    jest.advanceTimersByTime(4_999);
    expect(silent.socket.readyState).toBe(WebSocket.OPEN);
    jest.advanceTimersByTime(1);
    expect(await silent.closed).toBe(4401);
  });

  it('is taken from pages of our own and of named front ends only', async () => {
    const [error] = (await once(socket({ origin: 'https://evil.example' }), 'error')) as [Error];
    expect(error.message).toContain('403');
    for (const origin of ['https://stories.example', 'https://read.example']) await once(socket({ origin }), 'open');
  });

  it('is refused at any other address', async () => {
    const [error] = (await once(socket(undefined, '/elsewhere'), 'error')) as [Error];
    expect(error.message).toContain('404');
  });
});

describe('listening', () => {
  it('begins at the present, with a snapshot', async () => {
    world.say('comment.posted');
    const reader = await client().follows(CHAPTER);
    world.say('comment.posted');
    world.say('comment.posted');
    expect(await reader.numbers(2)).toEqual([2, 3]);
    expect(reader.frames[1]).toEqual({ type: 'subscribed', stream: CHAPTER, head: 1, from: 1, snapshot: { comments: 1 } });
  });

  it('goes on after the last number one had, with nothing missing and nothing twice', async () => {
    for (let i = 0; i < 10; i++) world.say('comment.posted');
    const reader = await client().follows(CHAPTER, 4);
    world.say('comment.posted');
    expect(await reader.numbers(7)).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it('begins anew when the number is from another history', async () => {
    world.say('comment.posted');
    const reader = await client().follows(CHAPTER, 99);
    expect(reader.frames[1]).toMatchObject({ head: 1, from: 1, reset: true, snapshot: { comments: 1 } });
  });

  it('ends with unsubscribe', async () => {
    const reader = await client().follows(CHAPTER);
    reader.send({ type: 'unsubscribe', stream: CHAPTER });
    await reader.hears('unsubscribed');
    world.say('comment.posted');
    await (await client().follows(CHAPTER, 0)).numbers(1);
    expect(reader.frames.filter(({ type }) => type === 'event')).toEqual([]);
  });

  it('refuses a draft as it refuses what is not there', async () => {
    const reader = client();
    for (const stream of [DRAFT, 'inbox:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60', 'chapter:1'])
      reader.send({ type: 'subscribe', stream });
    const refusals = await reader.hears('refused', 3);
    expect(new Set(refusals.map(({ code, detail }) => `${String(code)}: ${String(detail)}`)).size).toBe(1);
    expect(refusals[0]).toMatchObject({ stream: DRAFT, code: 'no-such-stream' });
  });

  it('ends for all when the chapter is taken back, before anything said behind that', async () => {
    const reader = await client().follows(CHAPTER);
    world.published = false;
    world.say('comment.posted');
    world.say(ACCESS_CHANGED);
    world.say('comment.posted');
    await reader.hears('refused');
    expect(await reader.numbers(2)).toEqual([1, 2]);
    expect(reader.frames.at(-1)).toMatchObject({ type: 'refused', code: 'no-such-stream' });
  });

  it('tells the others that somebody types, with their own words left out', async () => {
    const typist = await client({ type: 'hello', token: token('mira', 60_000) }).follows(CHAPTER);
    const reader = await client().follows(CHAPTER);
    reader.send({ type: 'signal', stream: CHAPTER, signal: 'typing' }); // without an account: dropped
    typist.send({ type: 'signal', stream: CHAPTER, signal: 'shouting' }); // not of this kind: dropped
    typist.send({ type: 'signal', stream: CHAPTER, signal: 'typing' });
    await reader.hears('signal');
    expect(reader.frames.filter(({ type }) => type === 'signal')).toEqual([
      { type: 'signal', stream: CHAPTER, signal: { type: 'typing', at: '', body: { by: 'mira' } } },
    ]);
  });
});

describe('a connection', () => {
  it('ends when its token does, not later, unless a newer one came', async () => {
    const until = Date.now() + 300;
    const short = client({ type: 'hello', token: `mira ${until}` });
    const renewed = client({ type: 'hello', token: `mira ${until}` });
    await renewed.hears('welcome');
    renewed.send({ type: 'renew', token: token('mira', 60_000) });
    expect(await short.closed).toBe(4401);
    expect(Date.now() - until).toBeLessThan(2_000);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(renewed.socket.readyState).toBe(WebSocket.OPEN);
    expect(renewed.frames[1].type).toBe('renewed');
  });

  it('does not change hands', async () => {
    const mira = client({ type: 'hello', token: token('mira', 60_000) });
    mira.send({ type: 'renew', token: token('jon', 60_000) });
    expect(await mira.closed).toBe(4401);
  });

  it('ends at once when the sessions of its account are revoked', async () => {
    const [mira, jon] = ['mira', 'jon'].map((id) => client({ type: 'hello', token: token(id, 60_000) }));
    await Promise.all([mira.hears('welcome'), jon.hears('welcome')]);
    live.revoke('mira');
    expect(await mira.closed).toBe(4401);
    expect(jon.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('ends within a minute when that news was lost', async () => {
    await openInSlowMotion();
    const mine = token('mira', 600_000);
    const mira = client({ type: 'hello', token: mine });
    await mira.hears('welcome');
    tokens.revoked.add(mine);
    await pass(60);
    expect(await mira.closed).toBe(4401);
  });

  it('is told before a restart when to come back', async () => {
    const reader = client();
    await reader.hears('welcome');
    sockets.onModuleDestroy();
    expect(await reader.closed).toBe(1012);
    expect(reader.frames.at(-1)).toEqual({ type: 'restart', retryAfterMs: expect.any(Number) });
  });

  it('is cut off when it reads too slowly, and only that one', async () => {
    const [slow, quick] = [await client().follows(CHAPTER), await client().follows(CHAPTER)];
    slow.socket.pause();
    const text = 'x'.repeat(256 * 1024);
    for (let i = 1; i <= 80; i++) {
      world.say('comment.posted', text);
      await quick.numbers(i);
    }
    slow.socket.resume();
    expect(await slow.closed).toBe(1013);
    const got = await slow.numbers(1);
    expect(got).toEqual(got.map((_, i) => i + 1)); // no gap before the end: it can resume
    expect(got.length).toBeLessThan(80);
  });

  it('is dropped when it has gone silent for 35 s', async () => {
    await openInSlowMotion();
    const halfOpen = connect((server.address() as AddressInfo).port, '127.0.0.1');
    halfOpen.write(
      'GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [answer] = (await once(halfOpen, 'data')) as [Buffer];
    expect(answer.toString()).toContain('101');
    halfOpen.write(Buffer.concat([Buffer.from([0x81, 0x80 | 16, 0, 0, 0, 0]), Buffer.from('{"type":"hello"}')]));
    await once(halfOpen, 'data');
    const alive = client();
    await alive.hears('welcome');
    const dropped = once(halfOpen, 'close');
    await pass(24);
    expect(halfOpen.destroyed).toBe(false);
    await pass(11);
    await dropped;
    await pass(60);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('is closed for talking without end', async () => {
    const chatter = client();
    await chatter.hears('welcome');
    for (let i = 0; i < 150; i++) chatter.send({ type: 'unsubscribe', stream: CHAPTER });
    expect(await chatter.closed).toBe(4429);
  });
});
