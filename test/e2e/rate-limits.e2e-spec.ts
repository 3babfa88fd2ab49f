/** The budgets of docs/limits.md as clients meet them, over two web processes with the defaults. A third one with high budgets prepares accounts. */
import { randomUUID } from 'node:crypto';
import type { Answer } from '../support/api.js';
import { must, untilSignInCounts } from '../support/people.js';
import { asked } from '../support/programs.js';
import { Api, begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

const STRICT = { RATE_LIMITS: '', TRUST_PROXY: '1' };
let stack: Stack;
let webs: Api[];

beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 0, ownRedis: true });
  webs = [new Api((await stack.startWeb(STRICT)).url), new Api((await stack.startWeb(STRICT)).url)];
}, 90_000);

let last = 0;
/** A client address that no other test has. */
const newAddress = () => ({ 'x-forwarded-for': `10.0.${++last >> 8}.${last & 255}` });

/** `times` requests at once, taking turns between the two processes. */
const atOnce = <T>(times: number, send: (web: Api, i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, i) => send(webs[i % 2], i)));

interface DescribedOperation {
  'x-rate-limit'?: string;
  responses: Record<string, object>;
}

const countOf = (answers: Answer[], status: number): number => answers.filter((one) => one.status === status).length;
const codes = (answers: Answer[]) => [...new Set(answers.filter(({ status }) => status === 429).map(({ body }) => body.type))];
const wrong = (email: string) => ({ email, password: 'a lantern gone out' });

describe('sign-in', () => {
  it('lets exactly 10 of 150 wrong passwords that come at once for one account be tried', async () => {
    const { email, password } = await signUp(stack);
    const from = newAddress();
    const answers = await atOnce(150, (web) => web.post('/v1/sessions', wrong(email), from));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([10, 140]);
    expect(codes(answers)).toEqual(['urn:inkreel:problem:too-many-requests']);
    // and the account is not locked for its owner, who is elsewhere
    expect((await webs[0].post('/v1/sessions', { email, password }, from)).status).toBe(429);
    must(201, await webs[1].post('/v1/sessions', { email, password }, newAddress()));
  });

  it('lets 30 of 40 accounts with one password each be tried from one address', async () => {
    const people = await Promise.all(Array.from({ length: 40 }, () => signUp(stack)));
    const from = newAddress();
    const answers = await atOnce(40, (web, i) => web.post('/v1/sessions', wrong(people[i].email), from));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([30, 10]);
  });

  it('lets 30 of 200 unknown e-mails be tried from one /64, however many addresses of it are used', async () => {
    const address = (i: number) => ({ 'x-forwarded-for': `2001:db8:0:7:${i.toString(16)}::${i.toString(16)}` });
    const answers = await atOnce(200, (web, i) => web.post('/v1/sessions', wrong(`${randomUUID()}@example.org`), address(i)));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([30, 170]);
  });

  it('does not tell by its limits whether an e-mail has an account', async () => {
    const { email } = await signUp(stack);
    const told = async (about: string): Promise<unknown[]> => {
      const from = newAddress();
      const answers: Answer[] = [];
      for (let i = 0; i < 12; i++) answers.push(await webs[i % 2].post('/v1/sessions', wrong(about), from));
      return answers.map(({ status, body, headers }) => [
        status,
        body.type,
        headers['ratelimit-policy'],
        String(headers.ratelimit).replaceAll(/t=\d+/g, ''),
      ]);
    };
    expect(await told(email)).toEqual(await told(`${randomUUID()}@example.org`));
  });

  it('is given back when the password was right', async () => {
    const { email, password } = await signUp(stack);
    const from = newAddress();
    for (let i = 0; i < 40; i++) must(201, await webs[i % 2].post('/v1/sessions', { email, password }, from));
    for (let i = 0; i < 10; i++) expect((await webs[i % 2].post('/v1/sessions', wrong(email), from)).status).toBe(401);
    expect((await webs[0].post('/v1/sessions', { email, password }, from)).status).toBe(429);
  });
});

describe('one client', () => {
  it('makes 20 of 100 accounts', async () => {
    const from = newAddress();
    const newcomer = () => ({ email: `${randomUUID()}@example.org`, name: 'Mira', password: 'a lantern left burning' });
    const answers = await atOnce(100, (web) => web.post('/v1/accounts', newcomer(), from));
    expect([countOf(answers, 201), countOf(answers, 429)]).toEqual([20, 80]);
  });

  it('gets 300 of 500 tickets', async () => {
    const { token } = await signUp(stack);
    const from = newAddress();
    const answers = await atOnce(500, (web) => web.as(token).post('/v1/live/tickets', undefined, from));
    expect([countOf(answers, 201), countOf(answers, 429)]).toEqual([300, 200]);
  });

  it('posts 20 of 40 comments, from whichever addresses', async () => {
    const author = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(author, { markdown: 'The lamp is out.', publish: true });
    const { token } = await signUp(stack);
    const answers = await atOnce(40, (web) =>
      web.as(token).post(`/v1/chapters/${chapterId}/comments`, { body: 'Light.' }, newAddress()),
    );
    expect([countOf(answers, 201), countOf(answers, 429)]).toEqual([20, 20]);
    expect(answers[0].headers['ratelimit-policy']).toBe('"write";q=60;w=60, "comment";q=20;w=60');
  });

  it('imports 20 of 30 manuscripts, and is refused before the manuscript is read', async () => {
    const author = await signUp(stack, { role: 'author' });
    const { workId } = await begunChapter(author, { markdown: 'The lamp is out.' });
    const text = { 'content-type': 'text/markdown' };
    const answers = await atOnce(30, (web) =>
      web.as(author.token).post(`/v1/works/${workId}/imports`, '# I\n\nThe lamp is out.\n', text),
    );
    expect([countOf(answers, 201), countOf(answers, 429)]).toEqual([20, 10]);
    const unreadable = await webs[0]
      .as(author.token)
      .post(`/v1/works/${workId}/imports`, '{', { 'content-type': 'application/json' });
    expect(unreadable.status).toBe(429);
  });

  it('opens 300 sockets and event streams together', async () => {
    const from = newAddress();
    const stream = `chapter:${randomUUID()}`;
    const answers = await atOnce(300, (web) => web.get(`/v1/live/${stream}/history`, from));
    expect(countOf(answers, 429)).toBe(0);
    expect((await webs[0].get(`/v1/live/${stream}/events`, from)).status).toBe(429);

    // a flood beyond the budget is refused without asking Redis
    const countedInRedis = () =>
      asked(
        Number(new URL(stack.redis.url).port),
        `EVAL "local n = 0 for _, key in ipairs(redis.call('keys', '*:rate:live:*')) do n = n + redis.call('get', key) end return n" 0\r\n`,
      );
    const before = await countedInRedis();
    const flood = await Promise.all(Array.from({ length: 50 }, () => webs[0].get(`/v1/live/${stream}/history`, from)));
    expect(countOf(flood, 429)).toBe(50);
    expect(await countedInRedis()).toBe(before);
    expect(Number(before.slice(1))).toBeGreaterThan(300);
  });
});

it('made-up tokens have no budget of their own', async () => {
  const from = newAddress();
  const patch = (web: Api, i: number) => web.as(`made.up.${i}`).patch(`/v1/works/${randomUUID()}`, {}, from);
  const answers = await atOnce(80, patch);
  expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([60, 20]);
});

it('as many as the budget are let through, whatever number comes at once', async () => {
  for (const times of [1, 59, 60, 61, 180]) {
    const from = newAddress();
    const answers = await atOnce(times, (web) => web.delete(`/v1/comments/${randomUUID()}`, from));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([Math.min(times, 60), Math.max(0, times - 60)]);
  }
});

it('says what is allowed, what is left and when to come again', async () => {
  const from = newAddress();
  const send = () => webs[0].delete(`/v1/comments/${randomUUID()}`, from);
  const first = await send();
  expect(first.headers['ratelimit-policy']).toBe('"write";q=60;w=60');
  expect(first.headers.ratelimit).toBe('"write";r=59;t=60');
  await atOnce(60, send);
  const refused = await send();
  expect(refused.status).toBe(429);
  const seconds = Number(refused.headers['retry-after']);
  expect(seconds).toBeGreaterThan(30);
  expect(refused.headers.ratelimit).toBe(`"write";r=0;t=${seconds}`);
  expect(refused.body).toMatchObject({ type: 'urn:inkreel:problem:too-many-requests', retryAfter: seconds });
  expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
});

it('the document of the API names the class of each operation and its 429', async () => {
  const { body } = await webs[0].get('/openapi.json');
  const operations = Object.values(body.paths as Record<string, Record<string, DescribedOperation>>).flatMap(
    Object.values<DescribedOperation>,
  );
  expect(operations.length).toBeGreaterThan(50);
  for (const operation of operations) {
    expect(['read', 'write', 'heavy', 'live', 'auth']).toContain(operation['x-rate-limit']);
    const refusal = operation.responses['429'] as { $ref?: string };
    const { responses } = body.components as { responses: Record<string, object> };
    expect(refusal.$ref ? responses[refusal.$ref.split('/').at(-1)!] : refusal).toMatchObject({
      description: expect.stringContaining('`too-many-requests`') as string,
      headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
    });
  }
});

describe('reads', () => {
  it('are counted by each process for itself, per account or address, and Redis is not asked', async () => {
    const few = new Api((await stack.startWeb({ ...STRICT, RATE_LIMITS: 'read=50/60' })).url);
    const from = newAddress();
    const read = () => few.get('/v1/works', from);
    const answers = await Promise.all(Array.from({ length: 80 }, read));
    expect([countOf(answers, 200), countOf(answers, 429)]).toEqual([50, 30]);
    const { token } = await signUp(stack);
    expect((await few.as(token).get('/v1/works', from)).headers.ratelimit).toBe('"read";r=49;t=60');
    expect((await few.get('/no/such/place', from)).status).toBe(429);
    const port = Number(new URL(stack.redis.url).port);
    expect(await asked(port, "EVAL \"return #redis.call('keys', '*:rate:read*')\" 0\r\n")).toBe(':0\r\n');
  });
});

describe('while Redis is away', () => {
  /** What holds in both cases: stopped and frozen. */
  const holds = async (
    web: Api,
    person: { email: string; password: string; refreshToken: string; token: string },
  ): Promise<void> => {
    const from = newAddress();
    const began = performance.now();
    for (const [path, body] of [
      ['/v1/sessions', { email: person.email, password: person.password }],
      ['/v1/accounts', { email: `${randomUUID()}@example.org`, name: 'Mira', password: 'a lantern left burning' }],
    ] as const) {
      const refused = await web.post(path, body, from);
      expect([refused.status, refused.body.type]).toEqual([503, 'urn:inkreel:problem:sign-in-unavailable']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    must(200, await web.post('/v1/sessions/refresh', { refreshToken: person.refreshToken }, from));
    must(200, await web.get('/v1/works', from));
    must(200, await web.as(person.token).get('/v1/me', from));
    expect(performance.now() - began).toBeLessThan(4_000);
    const answers = await Promise.all(Array.from({ length: 80 }, () => web.delete(`/v1/comments/${randomUUID()}`, from)));
    expect([countOf(answers, 401), countOf(answers, 429)]).toEqual([60, 20]);
  };

  it('a stopped one: sign-in and sign-up answer 503, refreshing and changes are counted in memory, reads stay open', async () => {
    const person = await signUp(stack);
    await stack.redis.stop();
    try {
      await holds(webs[0], person);
    } finally {
      await stack.redis.start();
    }
    await untilSignInCounts(webs[0], newAddress());
  }, 60_000);

  it('a frozen one: the same, and no request waits for it longer than a moment', async () => {
    const person = await signUp(stack);
    await asked(Number(new URL(stack.redis.url).port), 'CLIENT PAUSE 6000 ALL\r\n');
    await holds(webs[1], person);
    await untilSignInCounts(webs[1], newAddress());
  }, 60_000);
});
