/** A front end of another origin: what its page may call, and what it may read of the answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { begunChapter, signUp, type Stack, startStack, type Web } from '../support/stack.js';
import type { Person } from '../support/people.js';
import { describeInChromium, type Visit, visit } from './chromium.js';

/** Scripts of the page: they run in the browser. */
const CALL = `async ([url, init, names]) => {
  try {
    const answer = await fetch(url, init);
    const read = Object.fromEntries(names.map((name) => [name, answer.headers.get(name)]));
    return { status: answer.status, read, body: await answer.json().catch(() => null) };
  } catch (error) {
    return { status: 0, read: {}, body: String(error) };
  }
}`;
const SOCKET = `(url) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send('{"type":"hello"}');
  socket.onmessage = ({ data }) => done(JSON.parse(data).type);
  socket.onerror = () => done('refused');
})`;
const SERVER_SENT = `(url) => new Promise((done) => {
  const source = new EventSource(url);
  source.addEventListener('subscribed', ({ data }) => done(JSON.parse(data).stream));
  source.onerror = () => done('refused');
})`;

interface Called {
  status: number;
  read: Record<string, string | null>;
  body: Record<string, unknown> | string | null;
}

describeInChromium('A page of another origin', () => {
  let stack: Stack;
  let development: Web;
  let production: Web;
  let mira: Person;
  let chapterId: string;
  let workId: string;
  let frontEnd: Server;
  let browser: Visit;

  beforeAll(async () => {
    stack = await startStack({ workers: 0 });
    development = await stack.startWeb({ NODE_ENV: 'development' });
    production = await stack.startWeb({ NODE_ENV: 'production', WEB_ORIGINS: 'https://read.example.org' });
    mira = await signUp(stack, { role: 'author' });
    ({ chapterId, workId } = await begunChapter(mira, { markdown: 'The lamp is out.', publish: true }));
    frontEnd = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
    await new Promise<void>((done) => frontEnd.listen(0, '127.0.0.1', done));
    browser = await visit();
  }, 180_000);
  afterAll(async () => {
    await browser?.end();
    frontEnd?.close();
  });

  const open = (host: string) => browser.page.goto(`http://${host}:${(frontEnd.address() as AddressInfo).port}/`);
  const call = (url: string, init: object, names: string[] = []): Promise<Called> =>
    browser.page.evaluate(`(${CALL})(${JSON.stringify([url, init, names])})`);
  const authorization = (): object => ({ authorization: `Bearer ${mira.token}` });

  it.each(['localhost', '127.0.0.1'])('of %s may GET in development, and read the headers of the answer', async (host) => {
    await open(host);
    const names = ['ETag', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'];
    const { status, read } = await call(`${development.url}/v1/chapters/${chapterId}`, { headers: authorization() }, names);
    expect(status).toBe(200);
    expect(Object.entries(read).filter(([, value]) => !value)).toEqual([]);
    const page = await call(`${development.url}/v1/works/${workId}/chapters?limit=1`, {}, ['Link']);
    expect(page.status).toBe(200);
    const missing = await call(`${development.url}/v1/no-such-place`, {}, ['X-Request-Id']);
    expect([missing.status, missing.read['X-Request-Id']]).toEqual([404, expect.any(String)]);
  });

  it('may POST with a token, a key and a trace, and read the Location of what was created', async () => {
    await open('localhost');
    const headers = {
      ...authorization(),
      'content-type': 'application/json',
      'idempotency-key': 'the-lamp-on-the-quay',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    };
    const init = { method: 'POST', headers, body: JSON.stringify({ body: 'Light.' }) };
    const { status, read } = await call(`${development.url}/v1/chapters/${chapterId}/comments`, init, ['Location']);
    expect([status, read.Location]).toEqual([201, expect.stringContaining('/v1/comments/')]);
  });

  it('may read that it is rate limited, and for how long', async () => {
    const few = await stack.startWeb({ NODE_ENV: 'development', RATE_LIMITS: 'read=1/60' });
    await open('localhost');
    await call(`${few.url}/v1/works`, {});
    const { status, read } = await call(`${few.url}/v1/works`, {}, ['Retry-After', 'RateLimit']);
    expect(status).toBe(429);
    expect(Number(read['Retry-After'])).toBeGreaterThan(0);
    expect(read.RateLimit).toContain('"read";r=0');
  });

  it('may listen, over a WebSocket and over server-sent events', async () => {
    await open('localhost');
    const { page } = browser;
    expect(await page.evaluate(`(${SOCKET})(${JSON.stringify(`${development.url.replace('http', 'ws')}/live`)})`)).toBe(
      'welcome',
    );
    const events = `${development.url}/v1/live/chapter:${chapterId}/events`;
    expect(await page.evaluate(`(${SERVER_SENT})(${JSON.stringify(events)})`)).toBe(`chapter:${chapterId}`);
  });

  it('may do none of this in production, unless WEB_ORIGINS names it', async () => {
    await open('localhost');
    const { page } = browser;
    expect((await call(`${production.url}/v1/works`, {})).status).toBe(0);
    expect(await page.evaluate(`(${SOCKET})(${JSON.stringify(`${production.url.replace('http', 'ws')}/live`)})`)).toBe('refused');
    const events = `${production.url}/v1/live/chapter:${chapterId}/events`;
    expect(await page.evaluate(`(${SERVER_SENT})(${JSON.stringify(events)})`)).toBe('refused');
  });
});
