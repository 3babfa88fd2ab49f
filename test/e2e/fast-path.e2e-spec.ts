/**
 * Published chapters are answered from memory before Nest's router (libs/http/fast-path.ts). Nobody can tell by the answer, nor
 * does it take longer until something that was withdrawn is gone: shown on two web processes while readers ask all the time.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type App, startApp } from '../support/app.js';
import { Api, type Answer } from '../support/api.js';
import { must, type Person, untilSignInCounts } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const TEXT = { markdown: 'The lamp is out.\n\n第三盏灯又灭了。', publish: true };

describe('the answer of the fast path', () => {
  let app: App;
  let visitor: Api;
  let author: Person;
  let chapterId: string;
  let etag: string;
  let peek: jest.SpyInstance;
  let get: jest.SpyInstance;
  beforeAll(async () => {
    app = await startApp();
    await app.fastify.listen({ port: 0, host: '127.0.0.1' });
    visitor = new Api(`http://127.0.0.1:${(app.fastify.server.address() as AddressInfo).port}`);
    await until(async () => (await visitor.get('/readyz')).body.redis === 'ready', 20_000, 'Redis is connected');
    author = await signUp({ api: visitor }, { role: 'author' });
    ({ chapterId } = await begunChapter(author, TEXT));
    etag =
      must(200, await visitor.get(`/v1/chapters/${chapterId}`)) && (await visitor.get(`/v1/chapters/${chapterId}`)).headers.etag!;
  }, 120_000);

  beforeEach(async () => {
    const { PublishedChapters } = await import('../../src/chapters/infrastructure/published-chapters.js');
    peek = jest.spyOn(PublishedChapters.prototype, 'peek');
    get = jest.spyOn(PublishedChapters.prototype, 'get');
  });

  type Send = () => Promise<Answer<unknown>>;
  /** By the controller. */
  async function slowly(send: Send): Promise<Answer<unknown>> {
    peek.mockReturnValueOnce(undefined);
    get.mockClear();
    const answer = await send();
    expect(get).toHaveBeenCalledTimes(1);
    return answer;
  }
  /** By the hook: what the controller looked up is trusted for a second, which a busy machine may take to send the next request. */
  async function fast(send: Send): Promise<Answer<unknown>> {
    for (let tries = 0; tries < 20; tries++) {
      get.mockClear();
      const answer = await send();
      if (!get.mock.calls.length) return answer;
    }
    throw new Error('The fast path never answered.');
  }
  const comparable = ({ status, headers, bytes }: Answer<unknown>) => ({
    status,
    bytes: bytes.toString(),
    headers: { ...headers, date: undefined, ratelimit: String(headers.ratelimit).replaceAll(/[rt]=\d+/g, '') },
  });

  const REQUESTS: [string, string, () => { token?: string; headers?: Record<string, string>; id?: string }][] = [
    ['a visitor', 'GET', () => ({})],
    ['a visitor of another page', 'GET', () => ({ headers: { origin: 'http://localhost:5173' } })],
    ['a visitor of a page that is not allowed', 'GET', () => ({ headers: { origin: 'https://example.org' } })],
    ['an account whose token was seen', 'GET', () => ({ token: author.token })],
    ['a visitor who has it', 'GET', () => ({ headers: { 'if-none-match': etag } })],
    ['a visitor who has any', 'GET', () => ({ headers: { 'if-none-match': '*' } })],
    [
      'an account that has it, weakly, and another',
      'GET',
      () => ({ token: author.token, headers: { 'if-none-match': `"7-7", W/${etag}` } }),
    ],
    ['a visitor who has another', 'GET', () => ({ headers: { 'if-none-match': '"7-7"' } })],
    ['a visitor', 'HEAD', () => ({})],
    ['an account whose token was seen', 'HEAD', () => ({ token: author.token })],
    ['a visitor who has it', 'HEAD', () => ({ headers: { 'if-none-match': etag } })],
    ['whoever writes the address in capitals', 'GET', () => ({ id: chapterId.toUpperCase() })],
    ['a step of a trace', 'GET', () => ({ headers: { traceparent: TRACEPARENT } })],
  ];
  it.each(REQUESTS)('to %s (%s) has the status, the headers and the bytes of the controller', async (_, method, wanted) => {
    const { token, headers = {}, id = chapterId } = wanted();
    const client = visitor.as(token);
    const send: Send = () =>
      client.send(method, `/v1/chapters/${id}`, undefined, { 'x-request-id': 'the-same-request', ...headers });
    const [slow, quick] = [await slowly(send), await fast(send)];
    expect(comparable(quick)).toEqual(comparable(slow));
    expect(quick.headers).toMatchObject({ etag, 'x-request-id': 'the-same-request', 'cache-control': 'public, no-cache' });
    expect(quick.headers.vary).toContain('Origin');
    expect(quick.headers['ratelimit-policy']).toMatch(/^"read";q=/);
  });

  it('is counted like any other, by account and by address', async () => {
    const left = async (api: Api): Promise<number> =>
      Number(/r=(\d+)/.exec(String((await fast(() => api.get(`/v1/chapters/${chapterId}`))).headers.ratelimit))![1]);
    for (const api of [visitor, author.api]) {
      const before = await left(api);
      const after = await left(api);
      expect(before - after).toBeGreaterThanOrEqual(1);
      expect(before - after).toBeLessThan(20); // as many as were not fast
    }
  });

  it.each<[string, number, () => Promise<Answer>]>([
    ['a made-up token', 401, () => visitor.as('made.up.token').get(`/v1/chapters/${chapterId}`)],
    ['an altered token', 401, () => visitor.as(`${author.token.slice(0, -8)}AAAAAAAA`).get(`/v1/chapters/${chapterId}`)],
    ['no chapter’s address', 404, () => visitor.get(`/v1/chapters/${randomUUID()}`)],
    ['an address that is no UUID', 400, () => visitor.get('/v1/chapters/first')],
  ])('is not given to a request with %s, which is refused with %i as ever', async (_, status, send) => {
    await fast(() => visitor.get(`/v1/chapters/${chapterId}`));
    expect((await send()).status).toBe(status);
  });
});

/** What may be between a change and its being seen everywhere, and some for a busy machine. */
const SOON_MS = 1_000 + 500;

describe.each(['with Redis', 'while Redis is away'])('%s, within a second everywhere', (how) => {
  let stack: Stack;
  let [author, admin, reader]: Person[] = [];
  beforeAll(async () => {
    stack = await startStack({ webs: 2, workers: 0, ownRedis: true });
    author = await signUp(stack, { role: 'author' });
    admin = await signUp(stack, { role: 'admin' });
    reader = await signUp(stack);
  }, 120_000);
  afterAll(() => stack.stop());

  const anything = { 'if-match': '*' };
  const CHANGES: [string, (chapterId: string, workId: string) => Promise<Answer>][] = [
    ['an unpublished chapter', (chapterId) => author.api.delete(`/v1/chapters/${chapterId}/publication`, anything)],
    ['a deleted chapter', (chapterId) => author.api.delete(`/v1/chapters/${chapterId}`, anything)],
    ['a chapter of a deleted work', (_, workId) => author.api.delete(`/v1/works/${workId}`, anything)],
    [
      'a chapter that was taken down',
      (chapterId) => admin.api.post(`/v1/admin/chapters/${chapterId}/take-down`, { reason: 'Advertisements.' }),
    ],
    [
      'a chapter of a work that was taken down',
      (_, workId) => admin.api.post(`/v1/admin/works/${workId}/take-down`, { reason: 'Advertisements.' }),
    ],
  ];
  it.each(CHANGES)('%s is gone for visitors and for accounts who were reading it', async (_, change) => {
    const { chapterId, workId } = await begunChapter(author, TEXT);
    const readers = stack.webs.flatMap((web) => [stack.api.at(web.url), reader.api.at(web.url)]);
    await readWhile(readers, chapterId, 404, async () => {
      if (how !== 'with Redis') await stack.redis.stop();
      expect((await change(chapterId, workId)).status).toBeLessThan(300);
    });
    if (how !== 'with Redis') await stack.redis.start();
  });

  const REVOCATIONS: [string, (somebody: Person) => Promise<Answer>][] = [
    ['is suspended', ({ id }) => admin.api.put(`/v1/admin/accounts/${id}/suspension`, { reason: 'Advertisements.' })],
    ['gets another role', ({ id }) => admin.api.put(`/v1/accounts/${id}/role`, { role: 'author' })],
    ['signs out', ({ refreshToken }) => stack.api.post('/v1/sessions/sign-out', { refreshToken })],
  ];
  it.each(REVOCATIONS)('the token of an account that %s is refused while it reads', async (_, change) => {
    await untilSignInCounts(stack.api);
    const somebody = await signUp(stack);
    const { chapterId } = await begunChapter(author, TEXT);
    await readWhile(
      stack.webs.map((web) => somebody.api.at(web.url)),
      chapterId,
      401,
      async () => {
        if (how !== 'with Redis') await stack.redis.stop();
        expect((await change(somebody)).status).toBeLessThan(300);
      },
    );
    if (how !== 'with Redis') await stack.redis.start();
  });

  /** They read without a pause, before and after the change, so that every answer is in memory; then each is refused, and stays so. */
  async function readWhile(readers: Api[], chapterId: string, status: number, change: () => Promise<void>): Promise<void> {
    let changedAt = Infinity;
    const reading = readers.map(async (api) => {
      const answers: { status: number; askedAt: number }[] = [];
      while (performance.now() - changedAt < SOON_MS + 500) {
        const askedAt = performance.now();
        answers.push({ status: (await api.get(`/v1/chapters/${chapterId}`)).status, askedAt });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return answers;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await change();
    changedAt = performance.now();
    for (const answers of await Promise.all(reading)) {
      const [before, after] = [
        answers.filter(({ askedAt }) => askedAt < changedAt),
        answers.filter(({ askedAt }) => askedAt > changedAt + SOON_MS),
      ];
      expect(before[0].status).toBe(200);
      expect(new Set(after.map((one) => one.status))).toEqual(new Set([status]));
    }
  }
});
