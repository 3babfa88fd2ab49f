/** What comes over a bare socket: heads that no client library would send, and connections that are slow or silent. */
import { connect } from 'node:net';
import { type Api, begunChapter, signUp, type Stack, startStack } from '../support/stack.js';
import { must, type Person } from '../support/people.js';

let stack: Stack;
let visitor: Api;
let mira: Person;
let port: number;

beforeAll(async () => {
  stack = await startStack({ workers: 0, env: { LOG_LEVEL: 'info' } });
  visitor = stack.api;
  port = Number(new URL(visitor.url).port);
  mira = await signUp(stack, { role: 'author' });
}, 90_000);

/** Sends the text as it is and waits until the server closes the connection. @returns what was answered, and after how long. */
function raw(text: string, dripMs?: number): Promise<{ answer: string; seconds: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    let answer = '';
    let drip: NodeJS.Timeout | undefined;
    const socket = connect(port, '127.0.0.1', () => {
      if (dripMs === undefined) return void socket.write(text);
      let sent = 0;
      drip = setInterval(() => sent < text.length && socket.write(text[sent++]), dripMs);
    });
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve({ answer, seconds: (performance.now() - began) / 1_000 });
    });
  });
}
const refusal = async (text: string): Promise<string> => {
  const { answer } = await raw(text);
  const [head, body] = answer.split('\r\n\r\n');
  expect(head).toMatch(/content-type: application\/problem\+json/i);
  return `${head.split(' ')[1]} ${(JSON.parse(body) as { type: string }).type.replace('urn:inkreel:problem:', '')}`;
};

describe('the head of a request', () => {
  it('names one host', async () => {
    const rest = 'Connection: close\r\n\r\n';
    expect(await refusal(`GET /v1/works HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n${rest}`)).toBe(
      '400 host-header-repeated',
    );
    expect(await refusal(`GET /v1/works HTTP/1.1\r\nHost: a.example\r\nhOST: a.example\r\n${rest}`)).toBe(
      '400 host-header-repeated',
    );
    expect(await refusal(`GET /v1/works HTTP/1.1\r\n${rest}`)).toBe('400 host-header-missing');
    expect(await refusal(`GET /nothing HTTP/1.1\r\n${rest}`)).toBe('400 host-header-missing');
    expect((await raw(`GET /v1/works HTTP/1.1\r\nHost: a.example\r\n${rest}`)).answer).toMatch(/^HTTP\/1\.1 200 /);
    expect((await raw(`GET /v1/works HTTP/1.0\r\n${rest}`)).answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await refusal(`GET /v1/works HTTP/1.0\r\nHost: a.example\r\nHost: b.example\r\n${rest}`)).toBe(
      '400 host-header-repeated',
    );
  });

  it('is HTTP/1.1 or 1.0', async () => {
    expect(await refusal('GET /v1/works\r\n\r\n')).toMatch(/^400 /);
    expect(await refusal('GET /v1/works HTTP/0.9\r\nHost: a.example\r\n\r\n')).toMatch(/^400 /);
    expect(await refusal('GET /v1/works HTTP/2.0\r\nHost: a.example\r\n\r\n')).toMatch(/^400 /);
    expect(await refusal('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^400 /);
  });

  it('is short: at most 100 headers, 4,096 characters of address and 32 query parameters', async () => {
    const head = (headers: number) =>
      `GET /v1/works HTTP/1.1\r\nHost: a.example\r\n${'X-A: b\r\n'.repeat(headers - 2)}Connection: close\r\n\r\n`;
    expect((await raw(head(100))).answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await refusal(head(101))).toBe('431 too-many-headers');
    const get = async (path: string) => (await visitor.get(path)).body.type;
    expect(await get(`/v1/works?after=${'a'.repeat(4_100)}`)).toBe('urn:inkreel:problem:url-too-long');
    expect(await get(`/v1/works?${'a&'.repeat(32)}`)).toBe('urn:inkreel:problem:too-many-query-keys');
    expect(await get(`/v1/works?${'a&'.repeat(31)}`)).toBe('urn:inkreel:problem:unknown-query-key');
  });
});

describe('a connection', () => {
  it('that sends nothing, or its headers slowly, or rests after a request, is closed within 15 seconds', async () => {
    const [silent, slow, resting] = await Promise.all([
      raw(''),
      raw(`GET /v1/works HTTP/1.1\r\nHost: a.example\r\nX-Slow: ${'a'.repeat(200)}\r\n\r\n`, 1_000),
      raw('GET /livez HTTP/1.1\r\nHost: a.example\r\n\r\n'),
    ]);
    expect(slow.answer).toMatch(/^HTTP\/1\.1 408 .*problem:too-slow/s);
    expect(resting.answer).toMatch(/^HTTP\/1\.1 200 /);
    for (const { seconds } of [silent, slow, resting]) expect(seconds).toBeLessThan(15);
    for (const { seconds } of [silent, slow, resting]) expect(seconds).toBeGreaterThan(5);
  });
});

describe('a proxy in front', () => {
  it('that nobody told us of is mentioned in the log, once', async () => {
    const warnings = () => stack.logs(10_000).split('TRUST_PROXY').length - 1;
    expect(warnings()).toBe(0);
    for (let i = 0; i < 3; i++) await visitor.get('/livez', { 'x-forwarded-for': '203.0.113.7' });
    expect(warnings()).toBeGreaterThan(0);
    const once = warnings();
    await visitor.get('/livez', { forwarded: 'for=203.0.113.7' });
    expect(warnings()).toBe(once);
  });
});

describe('a number or a time that no column holds', () => {
  it('is refused, wherever it stands', async () => {
    const { chapterId, workId } = await begunChapter(mira, { markdown: 'A lamp.', publish: true });
    const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const numbers = ['2147483648', '9007199254740993', '1e300', '1e9', '-1', '0x10', '1.5', '', 'NaN', '9'.repeat(40)];
    const paths = [
      ...['2147483648', '9007199254740993', '1e300', '-1', '1.5', 'NaN', '9'.repeat(40)].flatMap((number) => [
        `/v1/chapters/${chapterId}/revisions/${number}`,
        `/v1/chapters/${chapterId}/revisions/${number}/markdown`,
        `/v1/works/${workId}/lexicon/${number}`,
      ]),
      ...numbers.flatMap((number) => [`/v1/works?limit=${number}`, `/v1/chapters/${chapterId}/script?revision=${number}`]),
      ...['9007199254740993', '1e300', '-1', '0x10', '1.5', '', 'NaN'].map(
        (number) => `/v1/live/chapter:${chapterId}/history?since=${number}`,
      ),
      ...['0000-01-01T00:00:00.000000Z', '2026-02-30T00:00:00.000000Z', '2026-01-01T24:00:00.000000Z'].map(
        (time) => `/v1/works?after=${cursor(time, workId)}`,
      ),
      ...[2 ** 31, 2 ** 53, 1e300, -(2 ** 40), 0.5].map(
        (number) => `/v1/chapters/${chapterId}/revisions?after=${cursor(number)}`,
      ),
    ];
    for (const path of paths) {
      const { status, headers } = await mira.api.get(path);
      expect([path, status, headers['content-type']]).toEqual([path, 400, 'application/problem+json; charset=utf-8']);
    }
    for (const revision of [2 ** 31, 2 ** 53, 1e300])
      expect([
        revision,
        (await mira.api.post(`/v1/chapters/${chapterId}/publication`, { revision }, { 'if-match': '*' })).status,
      ]).toEqual([revision, 400]);
    expect((await mira.api.get(`/v1/live/chapter:${chapterId}/history?since=9007199254740991`)).status).toBe(200);
  });

  it('and a name that every object answers to is no theme, voice or language', async () => {
    const { chapterId, workId } = await begunChapter(mira, { markdown: 'A lamp.', publish: true });
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const film = await mira.api.post(`/v1/chapters/${chapterId}/renditions`, { theme: name });
      expect([name, film.status, film.body.type]).toEqual([name, 422, 'urn:inkreel:problem:unknown-theme']);
      const settings = await mira.api.put(`/v1/works/${workId}/rendering`, { theme: name }, { 'if-match': '*' });
      expect([name, settings.status]).toEqual([name, 422]);
      expect((await mira.api.post(`/v1/chapters/${chapterId}/renditions`, { voice: name })).status).toBe(422);
      const imported = await mira.api.post(`/v1/works/${workId}/imports`, `Language: ${name}\n\n# One\n\nA lamp &${name};.\n`, {
        'content-type': 'text/markdown',
      });
      must(201, imported);
    }
  });
});
