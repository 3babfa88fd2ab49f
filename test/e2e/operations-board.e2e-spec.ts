import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { EventPage } from '#libs/events/events.contract';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let visitor: Api;
let [admin, reader]: Person[] = [];
let cookie: string;

beforeAll(async () => {
  stack = await startStack({ workers: 1 });
  visitor = stack.api;
  [admin, reader] = await Promise.all([signUp(stack, { role: 'admin' }), signUp(stack)]);
  cookie = cookieOf(await signIn(admin))!;
}, 90_000);

const signIn = ({ email, password }: Person, headers: OutgoingHttpHeaders = {}) =>
  visitor.post('/admin/session', new URLSearchParams({ email, password }).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  });
const cookieOf = ({ headers }: { headers: { 'set-cookie'?: string[] } }) => headers['set-cookie']?.[0].split(';')[0];

const QUEUES = '/admin/queues/api/queues';
/** What leads to the board's data or page, or would on a server that tidies addresses after it has checked them. */
const SPELLINGS = [
  '/admin/queues',
  '/admin/queues/',
  '/admin/queues/queue/events.comments',
  QUEUES,
  `${QUEUES}?activeQueue=events.comments&page=1`,
  `${QUEUES}/`,
  `${QUEUES}/events.comments/1`,
  `${QUEUES}/events.comments/1/logs`,
  '/admin/queues/static/index.html',
  `/${QUEUES}`,
  '/admin//queues/api/queues',
  '/admin/queues//api/queues',
  '/%61dmin/queues/api/queues',
  '/admin/%71ueues/api/queues',
  '/admin/queues/%61pi/queues',
  '/admin%2Fqueues%2Fapi%2Fqueues',
  '/admin/queues%2fapi%2fqueues',
  '/admin;x/queues/api/queues',
  '/admin/queues;x/api/queues',
  `${QUEUES};x`,
  '/ADMIN/queues/api/queues',
  '/admin/Queues/api/queues',
  `${QUEUES}.`,
  '/admin/queues./api/queues',
  '/./admin/queues/api/queues',
  '/x/../admin/queues/api/queues',
  '/docs/../admin/queues/api/queues',
  '/docs/%2e%2e/admin/queues/api/queues',
  '/admin/queues/static/../api/queues',
  '/admin/queues/static/%2e%2e/api/queues',
  '\\admin\\queues\\api\\queues',
  `${QUEUES}%00`,
  `${QUEUES}#`,
  'http://evil.example/admin/queues/api/queues',
];

describe('the job board', () => {
  it('shows every queue to an admin who signed in at /admin', async () => {
    const page = await visitor.get('/admin/queues', { cookie, accept: 'text/html' });
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
    const { queues } = must(200, await visitor.get<{ queues: { name: string; readOnlyMode: boolean }[] }>(QUEUES, { cookie }));
    expect(queues.map(({ name }) => name)).toEqual(expect.arrayContaining(['events.comments', 'render.plan']));
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
  });

  it('shows the worker groups that workers have opened, too', async () => {
    const names = async () =>
      must(200, await visitor.get<{ queues: { name: string; readOnlyMode: boolean }[] }>(QUEUES, { cookie })).queues;
    const group = await until(
      async () => (await names()).find(({ name }) => /^render\.segment@[0-9a-f]{12}$/.test(name)),
      20_000,
      'the worker has looked at its tools and serves a worker group',
    );
    expect(group.readOnlyMode).toBe(true);
  }, 30_000);

  it('shows nothing to anybody else, however its address is spelt', async () => {
    const [name, value] = [cookie.slice(0, cookie.indexOf('=')), cookie.slice(cookie.indexOf('=') + 1)];
    const [header, , signature] = value.split('.');
    const claims = JSON.parse(Buffer.from(value.split('.')[1], 'base64url').toString()) as object;
    const forged = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const strangers: Record<string, OutgoingHttpHeaders> = {
      nobody: {},
      'an altered cookie': { cookie: `${name}=${header}.${forged({ ...claims, exp: 9_999_999_999 })}.${signature}` },
      'an unsigned cookie': { cookie: `${name}=${forged({ alg: 'none', typ: 'JWT' })}.${forged(claims)}.` },
      'an admin’s access token as cookie': { cookie: `${name}=${admin.token}` },
      'an admin’s access token': { authorization: `Bearer ${admin.token}` },
      'a reader’s access token as cookie': { cookie: `${name}=${reader.token}` },
      'an empty cookie': { cookie: `${name}=` },
      'forwarded headers': { 'x-forwarded-for': '127.0.0.1', 'x-original-url': '/livez', 'x-forwarded-prefix': '/admin' },
    };
    for (const [who, headers] of Object.entries(strangers))
      for (const path of SPELLINGS) {
        const refused = await visitor.get(path, headers);
        expect([who, path, refused.status >= 400 && refused.status < 500]).toEqual([who, path, true]);
        expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
        expect(refused.bytes.toString()).not.toMatch(/"name":"events|bull-board|Inkreel jobs/);
      }
    for (const path of SPELLINGS.slice(0, 5)) expect((await visitor.get(path)).status).toBe(401);
  });

  it('sends a browser without a cookie to /admin', async () => {
    const sent = await visitor.get('/admin/queues', { accept: 'text/html' });
    expect([sent.status, sent.headers.location]).toEqual([302, '/admin']);
    expect((await visitor.get('/admin')).bytes.toString()).toContain('<form method="post" action="/admin/session">');
  });

  it('answers only pages of its own, also to an admin', async () => {
    for (const origin of ['https://evil.example', 'null', `${stack.webs[0].url}.evil.example`]) {
      const refused = await visitor.get(QUEUES, { cookie, origin });
      expect([refused.status, refused.body.type]).toEqual([403, 'urn:inkreel:problem:foreign-origin']);
      expect((await signIn(admin, { origin })).status).toBe(403);
    }
    must(200, await visitor.get(QUEUES, { cookie, origin: stack.webs[0].url }));
  });

  it('changes nothing: every changing request is refused', async () => {
    for (const [method, path] of [
      ['PUT', `${QUEUES}/events.comments/retry/failed`],
      ['PUT', `${QUEUES}/events.comments/clean/completed`],
      ['PUT', `${QUEUES}/events.comments/promote`],
      ['PUT', `${QUEUES}/events.comments/pause`],
      ['PUT', `${QUEUES}/events.comments/resume`],
      ['PUT', `${QUEUES}/events.comments/empty`],
      ['PUT', `${QUEUES}/events.comments/obliterate`],
      ['PUT', `${QUEUES}/events.comments/1/retry`],
      ['PUT', `${QUEUES}/events.comments/1/clean`],
      ['PATCH', `${QUEUES}/events.comments/1/update-data`],
      ['POST', `${QUEUES}/events.comments/add`],
      ['PUT', `${QUEUES}/pause`],
    ] as const) {
      const body = method === 'PUT' ? undefined : { name: 'x', data: {}, jobData: {} };
      const refused = await visitor.send(method, path, body, { cookie });
      expect([path, refused.status, refused.body.type]).toEqual([path, 403, 'urn:inkreel:problem:read-only-board']);
    }
    const { queues } = must(200, await visitor.get<{ queues: { isPaused: boolean }[] }>(QUEUES, { cookie }));
    expect(queues.some(({ isPaused }) => isPaused)).toBe(false);
  });
});

describe('the cookie', () => {
  it('goes to admins only, who gave their password', async () => {
    for (const role of ['reader', 'author', 'moderator'] as const) {
      const refused = await signIn(await signUp(stack, { role }));
      expect([role, refused.status, cookieOf(refused)]).toEqual([role, 403, undefined]);
    }
    const wrong = await signIn({ ...admin, password: 'a lantern gone out' });
    expect([wrong.status, cookieOf(wrong)]).toEqual([401, undefined]);
  });

  it('is refused by a page in a browser, and by a problem document elsewhere', async () => {
    const hostile = { ...admin, email: '"><script>alert(1)</script>@example.org' };
    const wrong = { ...admin, password: 'a lantern gone out' };
    const reader = await signUp(stack);
    for (const [person, status, says] of [
      [wrong, 401, 'E-mail or password is wrong'],
      [hostile, 401, 'E-mail or password is wrong'],
      [reader, 403, 'for admins'],
      [{ ...admin, email: 'x'.repeat(300) }, 400, 'email'],
    ] as const) {
      const page = await signIn(person, { accept: 'text/html,*/*' });
      expect([page.status, page.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
      const html = page.bytes.toString();
      expect(html).toContain(says);
      expect(html).toContain('<form method="post" action="/admin/session">');
      expect(html).not.toContain('<script');
      expect((await signIn(person)).headers['content-type']).toBe('application/problem+json; charset=utf-8');
    }
    const foreign = await signIn(admin, { accept: 'text/html', origin: 'https://evil.example' });
    expect([foreign.status, foreign.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
  });

  it('is out of reach of scripts and other sites, and ends with signing out', async () => {
    const signedIn = await signIn(admin);
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/admin']);
    expect(signedIn.headers['set-cookie']![0]).toMatch(/; Max-Age=28800; Path=\/admin; HttpOnly; SameSite=Strict$/);
    const out = await visitor.post('/admin/session/end', undefined, {});
    expect(out.headers['set-cookie']![0]).toMatch(/^inkreel_admin=;/);
    const [mine, stillGood] = [cookieOf(signedIn)!, cookie];
    must(200, await visitor.get(QUEUES, { cookie: mine }));
    await visitor.post('/admin/session/end', undefined, { cookie: mine });
    expect((await visitor.get(QUEUES, { cookie: mine })).status).toBe(401); // also for who kept a copy
    must(200, await visitor.get(QUEUES, { cookie: stillGood }));
  });

  it('leads to a page that says where to go, which has a way out', async () => {
    const page = await visitor.get('/admin', { cookie });
    expect(page.bytes.toString()).toMatch(
      /href="\/admin\/queues"[\s\S]*href="\/docs#\/admin"[\s\S]*action="\/admin\/session\/end"/,
    );
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('signs an admin in to Swagger UI, too: it is changed for a token of the same session, by pages of our own', async () => {
    const person = await signUp(stack, { role: 'admin' });
    const mine = cookieOf(await signIn(person))!;
    const ask = (headers: OutgoingHttpHeaders) =>
      visitor.post<{ accessToken: string }>('/admin/session/token', undefined, headers);
    const { accessToken } = must(200, await ask({ cookie: mine }));
    must(200, await visitor.as(accessToken).get('/v1/admin/events'));
    expect((await ask({ cookie: mine, origin: 'https://evil.example' })).status).toBe(403);
    for (const headers of [{}, { cookie: 'inkreel_admin=nonsense' }]) expect((await ask(headers)).status).toBe(204);
    await visitor.post('/admin/session/end', undefined, { cookie: mine });
    expect((await ask({ cookie: mine })).status).toBe(204);
    expect((await visitor.as(accessToken).get('/v1/admin/events')).status).toBe(401);
  });

  it('is good for the board and for nothing else', async () => {
    const token = cookie.split('=')[1];
    expect((await visitor.as(token).get('/v1/me')).status).toBe(401);
    expect((await visitor.get('/v1/me', { cookie })).status).toBe(401);
  });
});

describe('a failed job', () => {
  it('names its author, work and chapter and links to them, in the list of events and on its page', async () => {
    const author = await signUp(stack, { role: 'author', name: 'Mira <i>Lindqvist</i>' });
    const { chapterId, workId } = await begunChapter(author, { markdown: 'A lamp.', title: 'I. <b>The Window</b>' });
    const [{ id }] = await stack.sql<{ id: string }>(
      `WITH job AS (INSERT INTO events.event (id, kind, type, v, subject_kind, subject_id, about, data)
           VALUES (gen_random_uuid(), 'job', 'NarrateScene', 1, 'rendition', $1, ARRAY[$2, $3], '{"scene":3}') RETURNING id)
       INSERT INTO events.delivery (event, consumer, queue, handled_at, failed_at, attempts, errors)
         SELECT id, 'render.plan', 'render.plan', now(), now(), 5, '[{"at":"2026-11-30T08:00:00.000Z","message":"no <voice>"}]' FROM job RETURNING event AS id`,
      [randomUUID(), chapterId, workId],
    );
    const list = (query: string) => admin.api.get<EventPage>(`/v1/admin/events?${query}`);
    const { items } = must(200, await list('failed=true&type=NarrateScene'));
    expect(items).toMatchObject([
      {
        id,
        context: {
          author: { id: author.id, name: 'Mira <i>Lindqvist</i>', href: `/v1/admin/accounts/${author.id}` },
          work: { id: workId, name: 'The Lamplighter of Quay Street', href: `/v1/works/${workId}` },
          chapter: { id: chapterId, name: 'I. <b>The Window</b>', href: `/v1/chapters/${chapterId}` },
        },
      },
    ]);
    const page = must(200, await visitor.get<never>(`/admin/events/${id}`, { cookie, accept: 'text/html' })) as string;
    for (const part of [
      `<a href="/v1/chapters/${chapterId}">I. &lt;b&gt;The Window&lt;/b&gt;</a>`,
      `<a href="/v1/works/${workId}">The Lamplighter of Quay Street</a>`,
      'Mira &lt;i&gt;Lindqvist',
      'no &lt;voice&gt;',
      'render.plan: failed, 5 attempts',
    ])
      expect(page).toContain(part);
    expect((await visitor.get(`/admin/events/${id}`)).status).toBe(401);
    expect((await visitor.get(`/admin/events/${id}`, { accept: 'text/html' })).headers.location).toBe('/admin');
    expect((await visitor.get(`/admin/events/${randomUUID()}`, { cookie })).status).toBe(404);
  });

  it('is found among what its author did and what else happened', async () => {
    const author = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(author, { markdown: 'A lamp.', publish: true });
    const list = async (query: string) => must(200, await admin.api.get<EventPage>(`/v1/admin/events?${query}`)).items;
    const done = await list(`actor=${author.id}&limit=100`);
    expect(done.map(({ type }) => type)).toEqual(expect.arrayContaining(['ChapterPublished']));
    expect(done.every(({ actor }) => actor === author.id)).toBe(true);
    expect(await list(`actor=${author.id}&type=ChapterPublished`)).toMatchObject([{ subject: { id: chapterId } }]);
    expect(await list(`actor=${author.id}&failed=true`)).toEqual([]);
    for (const query of ['actor=nobody', 'type=a%20b', 'failed=perhaps'])
      expect((await admin.api.get(`/v1/admin/events?${query}`)).status).toBe(400);
  });
});
