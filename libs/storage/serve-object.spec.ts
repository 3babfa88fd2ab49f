/** Over real sockets: what players, browsers and download managers send and must get. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { sendProblem } from '#libs/http/problems';
import { FileStore } from './file-store.js';
import { ObjectStore, StoreUnavailable, type ObjectPart } from './object-store.js';
import { serveObject, type ServeOptions } from './serve-object.js';
import { SignedUrls } from './signed-urls.js';

const BYTES = Buffer.from('0123456789');
let folder: string;
let store: FileStore;
let etag: string;
let server: FastifyInstance;
let origin: string;
let options: ServeOptions = {};
let served: ObjectStore;
let answered = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inkreel-serve-'));
  store = await FileStore.open(folder, new SignedUrls(createSecretKey(randomBytes(32))));
  ({ etag } = await store.put('film', BYTES, { contentType: 'video/mp4' }));
  await store.put('empty', Buffer.alloc(0), { contentType: 'text/plain' });
  await store.put('page', Buffer.from('<script>'), { contentType: 'text/html' });
  await store.put('drawing', Buffer.from('<svg/>'), { contentType: 'image/svg+xml' });
  server = Fastify();
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  server.get<{ Params: { key: string } }>('/:key', async (request, reply) => {
    await serveObject(request, reply, served, request.params.key, options);
    answered++;
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  options = {};
  served = store;
  answered = 0;
});

const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
  const answer = await fetch(`${origin}/${path}`, { headers, method });
  const head = Object.fromEntries(answer.headers);
  return { status: answer.status, head, body: await answer.text() };
};

it('sends the whole object, and says that it takes ranges', async () => {
  const { status, head, body } = await get('film');
  expect([status, body]).toEqual([200, '0123456789']);
  expect(head).toMatchObject({
    'content-type': 'video/mp4',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag,
    'cache-control': 'private, no-cache',
    'content-disposition': 'inline',
    'x-content-type-options': 'nosniff',
  });
  expect(head['content-range']).toBeUndefined();
});

it.each([
  ['bytes=0-0', '0', 'bytes 0-0/10'],
  ['bytes=2-4', '234', 'bytes 2-4/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=-2', '89', 'bytes 8-9/10'],
  ['bytes=-200', '0123456789', 'bytes 0-9/10'],
  ['bytes=8-200', '89', 'bytes 8-9/10'],
])('answers %s with those bytes', async (range, expected, contentRange) => {
  const { status, head, body } = await get('film', { range });
  expect([status, body]).toEqual([206, expected]);
  expect(head).toMatchObject({ 'content-range': contentRange, 'content-length': String(expected.length), etag });
});

it.each(['bytes=0-1,4-5', 'lines=1-2', 'bytes=4-2', 'bytes=x'])('answers %s with the whole, as it may', async (range) => {
  const { status, head, body } = await get('film', { range });
  expect([status, body]).toEqual([200, '0123456789']);
  expect(head['content-range']).toBeUndefined();
});

it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('refuses %s with the length', async (range) => {
  const { status, head, body } = await get('film', { range });
  expect(status).toBe(416);
  expect(head['content-range']).toBe('bytes */10');
  expect(head['content-type']).toContain('application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ type: 'urn:inkreel:problem:range-not-satisfiable', total: 10 });
});

it('continues a download only while the object is the same', async () => {
  const condition = async (value: string) => (await get('film', { range: 'bytes=5-', 'if-range': value })).status;
  expect(await condition(etag)).toBe(206);
  expect(await condition('"other"')).toBe(200);
  expect(await condition(`W/${etag}`)).toBe(200);
  expect(await condition('Fri, 01 May 2026 12:00:00 GMT')).toBe(200);
});

it('sends 304 for what the reader already has', async () => {
  for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { status, head, body } = await get('film', { 'if-none-match': value });
    expect([status, body]).toEqual([304, '']);
    expect(head).toMatchObject({ etag, 'cache-control': 'private, no-cache' });
    expect(head['content-type']).toBeUndefined();
  }
  expect((await get('film', { 'if-none-match': '"other"' })).status).toBe(200);
  expect((await get('film', { 'if-none-match': etag, range: 'bytes=0-1' })).status).toBe(304);
});

it('answers HEAD with the headers of GET, and no body', async () => {
  const { status, head, body } = await get('film', { range: 'bytes=2-4' }, 'HEAD');
  expect([status, body]).toEqual([200, '']);
  expect(head).toMatchObject({ 'content-length': '10', 'content-type': 'video/mp4', 'accept-ranges': 'bytes', etag });
  expect((await get('film', { 'if-none-match': etag }, 'HEAD')).status).toBe(304);
  expect((await get('nothing', {}, 'HEAD')).status).toBe(404);
});

it('sends an object of no bytes, also to those who always ask for a range', async () => {
  for (const headers of [{}, { range: 'bytes=0-' }, { range: 'bytes=-1' }]) {
    const { status, head, body } = await get('empty', headers as Record<string, string>);
    expect([status, body, head['content-length']]).toEqual([200, '', '0']);
  }
});

it('says in a problem document that there is no such object', async () => {
  const { status, body } = await get('nothing');
  expect(status).toBe(404);
  expect(JSON.parse(body)).toMatchObject({ type: 'urn:inkreel:problem:object-not-found' });
});

it('offers a name in any script, and caching as told', async () => {
  options = { filename: '故乡.mp4', disposition: 'attachment', cacheControl: 'public, max-age=60', contentType: 'video/x-own' };
  const { head } = await get('film');
  expect(head).toMatchObject({
    'content-disposition': `attachment; filename="__.mp4"; filename*=UTF-8''%E6%95%85%E4%B9%A1.mp4`,
    'cache-control': 'public, max-age=60',
    'content-type': 'video/x-own',
  });
});

it('never shows inline what could run as a page of this origin', async () => {
  options = { disposition: 'inline' };
  expect((await get('page')).head['content-disposition']).toBe('attachment');
  expect((await get('drawing')).head['content-disposition']).toBe('attachment');
  options = { contentType: 'text/html' };
  expect((await get('film')).head['content-disposition']).toBe('attachment');
});

it('serves many readers different parts at once', async () => {
  const bytes = randomBytes(2_000_000);
  await store.put('large', bytes, { contentType: 'video/mp4' });
  await Promise.all(
    Array.from({ length: 40 }, async (_, reader) => {
      const [start, end] = [reader * 40_000, reader * 47_000 + 9];
      const answer = await fetch(`${origin}/large`, { headers: { range: `bytes=${start}-${end}` } });
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
    }),
  );
  expect(answered).toBe(40);
});

/** A store whose one object is what `stream` yields; its other methods are the real ones. */
function yielding(stream: () => Readable, bytes: number): ObjectStore {
  const part = (): ObjectPart => ({ stream: stream(), start: 0, bytes, total: bytes, contentType: 'video/mp4', etag: '"1"' });
  return Object.assign(Object.create(store) as ObjectStore, {
    head: () => Promise.resolve({ bytes, contentType: 'video/mp4', etag: '"1"' }),
    get: () => Promise.resolve(part()),
  });
}

const open = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => httpRequest(`${origin}/${path}`, { agent: false }, resolve).on('error', reject).end());

it('reads no faster than the reader takes, and stops when the reader leaves', async () => {
  const total = 500_000_000;
  let read = 0;
  let closed = false;
  const endless = (): Readable =>
    new Readable({
      read() {
        read += 100_000;
        this.push(Buffer.alloc(100_000));
      },
      destroy(error, callback) {
        closed = true;
        callback(error);
      },
    });
  served = yielding(endless, total);
  const answer = await open('film');
  answer.pause();
  await wait(300);
  expect(read).toBeGreaterThan(0);
  // What fits into the buffers of two sockets and a stream, far below the object's 500 MB.
  expect(read).toBeLessThan(40_000_000);
  const before = read;
  await wait(100);
  expect(read).toBe(before);
  answer.destroy();
  for (let tries = 0; tries < 100 && !(closed && answered); tries++) await wait(20);
  expect([closed, answered]).toEqual([true, 1]);
});

it('cuts the connection when the store fails midway: a truncated answer must not look complete', async () => {
  const breaking = (): Readable =>
    Readable.from(
      (function* () {
        yield Buffer.alloc(1000);
        throw new Error('the disk is gone');
      })(),
    );
  served = yielding(breaking, 5000);
  await expect(get('film')).rejects.toThrow();
});

it('answers with a problem document when the store fails before the first byte', async () => {
  const failing = (): Readable =>
    new Readable({
      read() {
        this.destroy(new StoreUnavailable('The store is away.'));
      },
    });
  served = yielding(failing, 5000);
  const { status, head, body } = await get('film');
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({ type: 'urn:inkreel:problem:store-unavailable' });
  expect(head.etag).toBeUndefined();
});

it('decides again when the object is replaced between reading its head and its bytes', async () => {
  let looks = 0;
  served = Object.assign(Object.create(store) as ObjectStore, {
    head: async (key: string) => {
      const head = await store.head(key);
      if (looks++ === 0) await store.put(key, Buffer.from('abc'), { contentType: 'text/plain' });
      return head;
    },
  });
  await store.put('changing', BYTES, { contentType: 'video/mp4' });
  const { status, head, body } = await get('changing', { range: 'bytes=-3' });
  expect([status, body, head['content-range'], head['content-type']]).toEqual([206, 'abc', 'bytes 0-2/3', 'text/plain']);
  expect(looks).toBe(2);
});
