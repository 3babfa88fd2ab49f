import type { OutgoingHttpHeaders } from 'node:http';
import { must, type Person } from '../support/people.js';
import { type Api, signUp, type Stack, startStack, until } from '../support/stack.js';

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

  it('is out of reach of scripts and other sites, and ends with signing out', async () => {
    const signedIn = await signIn(admin);
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/admin/queues']);
    expect(signedIn.headers['set-cookie']![0]).toMatch(/; Max-Age=28800; Path=\/admin; HttpOnly; SameSite=Strict$/);
    const out = await visitor.post('/admin/session/end', undefined, {});
    expect(out.headers['set-cookie']![0]).toMatch(/^inkreel_admin=;/);
    const [mine, stillGood] = [cookieOf(signedIn)!, cookie];
    must(200, await visitor.get(QUEUES, { cookie: mine }));
    await visitor.post('/admin/session/end', undefined, { cookie: mine });
    expect((await visitor.get(QUEUES, { cookie: mine })).status).toBe(401); // also for who kept a copy
    must(200, await visitor.get(QUEUES, { cookie: stillGood }));
  });

  it('is good for the board and for nothing else', async () => {
    const token = cookie.split('=')[1];
    expect((await visitor.as(token).get('/v1/me')).status).toBe(401);
    expect((await visitor.get('/v1/me', { cookie })).status).toBe(401);
  });
});
