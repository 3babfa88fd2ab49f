/**
 * Sessions on two web processes over one database: refresh tokens under concurrency, and how soon everybody refuses what was
 * revoked. Redis is this file's own, so that it can be stopped: then only polling is left.
 */
import { DataSource } from 'typeorm';
import type { AccountResponse, SessionResponse, TokensResponse } from '../../src/auth/infrastructure/auth.contract.js';
import { databaseOptions } from '../../src/database.js';
import { must, type Person } from '../support/people.js';
import { proxyTo } from '../support/proxy.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack, until, type Web } from '../support/stack.js';

/** What may be between a revocation and its being known everywhere, and some for a busy machine. */
const SOON_MS = 1_000 + 500;
const GRACE_SECONDS = 30;

let stack: Stack;
let here: Web;
let there: Web;
let visitor: Api;
beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0, ownRedis: true });
  [here, there] = stack.webs;
  visitor = stack.api;
}, 120_000);

type Refreshed = TokensResponse & { type: string };
const refresh = (refreshToken: string, web = here) =>
  visitor.at(web.url).post<Refreshed>('/v1/sessions/refresh', { refreshToken });
const signIn = ({ email, password }: Person, web = here) =>
  visitor.at(web.url).post<SessionResponse>('/v1/sessions', { email, password });
const sessionOf = (token: string): string => token.split('.')[0];
const age = (refreshToken: string, seconds: number) =>
  stack.sql(`UPDATE auth.session SET rotated_at = rotated_at - make_interval(secs => $2) WHERE id = $1`, [
    sessionOf(refreshToken),
    seconds,
  ]);

describe('two tabs that refresh at once', () => {
  it('get the very same token, on whichever process, while another session of the account is left alone', async () => {
    const reader = await signUp(stack);
    const elsewhere = must(201, await signIn(reader));
    let token = reader.refreshToken;
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, tab) => refresh(token, tab % 2 ? here : there)));
      const tokens = new Set(answers.map((answer) => must(200, answer).refreshToken));
      expect(tokens.size).toBe(1);
      expect(tokens).not.toContain(token);
      [token] = tokens;
    }
    must(200, await visitor.as(must(200, await refresh(token)).accessToken).get('/v1/me'));
    expect(must(200, await refresh(elsewhere.refreshToken)).refreshToken.split('.')[1]).toBe('2');
  });

  it('get it also while Redis is away', async () => {
    const reader = await signUp(stack);
    await stack.redis.stop();
    try {
      const answers = await Promise.all([here, there, here, there].map((web) => refresh(reader.refreshToken, web)));
      expect(new Set(answers.map((answer) => must(200, answer).refreshToken)).size).toBe(1);
    } finally {
      await redisIsBack(reader);
    }
  });

  it('and whose first answer was lost gets it again for thirty seconds, and no longer', async () => {
    const reader = await signUp(stack);
    const lost = must(200, await refresh(reader.refreshToken));
    await age(reader.refreshToken, GRACE_SECONDS - 5);
    expect(must(200, await refresh(reader.refreshToken, there)).refreshToken).toBe(lost.refreshToken);
    await age(reader.refreshToken, 6);
    expect((await refresh(reader.refreshToken)).body.type).toBe('urn:inkreel:problem:refresh-token-replayed');
  });
});

describe('a refresh token that is two generations old', () => {
  it('ends its session with its access tokens and sockets, once in the record, and no other session', async () => {
    const reader = await signUp(stack);
    const elsewhere = must(201, await signIn(reader));
    const second = must(200, await refresh(reader.refreshToken));
    const third = must(200, await refresh(second.refreshToken, there));
    const sockets = {
      mine: await LiveClient.connect(there.url, third.accessToken),
      elsewhere: await LiveClient.connect(there.url, elsewhere.accessToken),
    };
    const replays = await Promise.all([here, there, here, there].map((web) => refresh(reader.refreshToken, web)));
    expect(replays.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(replays.map(({ body }) => body.type)).toContain('urn:inkreel:problem:refresh-token-replayed');
    expect((await refresh(third.refreshToken)).body.type).toBe('urn:inkreel:problem:session-over');
    expect(await sockets.mine.closed).toBe(4401);
    expect((await visitor.as(third.accessToken).get('/v1/me')).status).toBe(401);
    must(200, await visitor.as(elsewhere.accessToken).get('/v1/me'));
    expect(sockets.elsewhere.socket.readyState).toBe(sockets.elsewhere.socket.OPEN);
    await sockets.elsewhere.close();
    const told = await stack.sql<{ data: object }>(
      `SELECT data FROM events.event WHERE type = 'SessionEnded' AND subject_id = $1`,
      [reader.id],
    );
    expect(told).toEqual([{ data: { session: sessionOf(reader.refreshToken), because: 'token-replayed' } }]);
  });
});

describe('what was revoked is refused within a second by the other process, too', () => {
  describe.each(['with Redis', 'by polling alone, while Redis is away'])('%s', (how) => {
    let [admin, demoted, reader]: Person[] = [];
    let [cookie, elsewhere]: string[] = [];
    beforeAll(async () => {
      // nobody signs in while Redis is away
      [admin, demoted, reader] = [
        await signUp(stack, { role: 'admin' }),
        await signUp(stack, { role: 'admin' }),
        await signUp(stack),
      ];
      cookie = await adminCookie(demoted);
      elsewhere = must(201, await signIn(reader, there)).accessToken;
      if (how !== 'with Redis') await stack.redis.stop();
    });
    afterAll(async () => {
      if (how !== 'with Redis') await redisIsBack(admin);
    });

    it('the access token, the socket and the cookie of a demoted admin, whose refresh brings the new role', async () => {
      const socket = await LiveClient.connect(there.url, demoted.token);
      const api = demoted.api.at(there.url);
      must(200, await api.get('/v1/admin/events'));
      must(200, await visitor.at(there.url).get('/admin/queues', { cookie }));
      must(200, await admin.api.put<AccountResponse>(`/v1/accounts/${demoted.id}/role`, { role: 'reader' }));
      expect((await visitor.at(there.url).get('/admin/queues', { cookie })).status).toBe(401);
      expect((await demoted.api.get('/v1/me')).body.type).toBe('urn:inkreel:problem:token-revoked'); // here: at once
      await within(SOON_MS, async () => (await api.get('/v1/admin/events')).body.type === 'urn:inkreel:problem:token-revoked');
      expect(await socket.closed).toBe(4401);
      const fresh = api.as(must(200, await refresh(demoted.refreshToken, there)).accessToken);
      expect(must(200, await fresh.get<AccountResponse>('/v1/me')).role).toBe('reader');
      expect((await fresh.get('/v1/admin/events')).status).toBe(403);
    });

    it('the access token and the socket of somebody who signed out, and nothing of their other session', async () => {
      const [mine, other] = [await LiveClient.connect(there.url, reader.token), await LiveClient.connect(there.url, elsewhere)];
      must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: reader.refreshToken }));
      expect((await reader.api.get('/v1/me')).status).toBe(401);
      await within(SOON_MS, async () => (await reader.api.at(there.url).get('/v1/me')).status === 401);
      expect(await mine.closed).toBe(4401);
      expect((await refresh(reader.refreshToken, there)).status).toBe(401);
      must(200, await visitor.at(there.url).as(elsewhere).get('/v1/me'));
      expect(other.socket.readyState).toBe(other.socket.OPEN);
      await other.close();
    });
  });

  it('and a ticket for a stream that was made before', async () => {
    const [author, reader] = [await signUp(stack, { role: 'author' }), await signUp(stack)];
    const { chapterId } = await begunChapter(author, { markdown: 'A lamp.', publish: true });
    const [{ ticket }, { ticket: good }] = [
      must(201, await reader.api.post<{ ticket: string }>('/v1/live/tickets')),
      must(201, await author.api.post<{ ticket: string }>('/v1/live/tickets')),
    ];
    must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: reader.refreshToken }));
    const open = async (spent: string) => (await visitor.get(`/v1/live/chapter:${chapterId}/events?ticket=${spent}`)).status;
    expect([await open(ticket), await open(good)]).toEqual([401, 200]);
  });

  it('also when the revocation commits late, after many others', async () => {
    const [slow, ...others] = await Promise.all(Array.from({ length: 5 }, () => signUp(stack)));
    const source = await new DataSource(databaseOptions(stack.databaseUrl)).initialize();
    const runner = source.createQueryRunner();
    await runner.startTransaction();
    await runner.query(
      `INSERT INTO auth.revocation (xid, subject, kind, at) VALUES (pg_current_xact_id()::text::bigint, $1, 'session', now())`,
      [sessionOf(slow.refreshToken)],
    );
    for (const one of others) must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: one.refreshToken }));
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // polls go past it
    must(200, await slow.api.get('/v1/me'));
    await runner.commitTransaction();
    for (const web of [here, there]) await within(SOON_MS, async () => (await slow.api.at(web.url).get('/v1/me')).status === 401);
    await source.destroy();
  });

  it('and a process that was stopped for a while asks before it lets anybody in', async () => {
    const reader = await signUp(stack);
    const third = await stack.startWeb();
    must(200, await reader.api.at(third.url).get('/v1/me'));
    await third.kill('SIGSTOP');
    must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: reader.refreshToken }));
    const asked = reader.api.at(third.url).get('/v1/me');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await third.kill('SIGCONT');
    expect((await asked).status).toBe(401);
    await third.stop();
  });

  it('and what cannot be asked is not let in: 503 while Postgres is away or hangs, and 200 once it is back', async () => {
    const reader = await signUp(stack);
    const proxy = await proxyTo(stack.databaseUrl);
    const third = await stack.startWeb({ DATABASE_URL: proxy.url });
    const tickets = () => reader.api.at(third.url).post('/v1/live/tickets'); // needs no database itself
    must(201, await tickets());
    for (const fail of [proxy.cut, proxy.hang]) {
      fail();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const refused = await tickets();
      expect([refused.status, refused.body.type]).toEqual([503, 'urn:inkreel:problem:revocations-unavailable']);
      must(200, await visitor.at(third.url).get('/livez'));
      proxy.mend();
      await until(async () => (await tickets()).status === 201, 15_000, 'the process asks Postgres again');
    }
    await third.stop();
  }, 60_000);
});

it('nothing of it stays: revocations are deleted once the tokens they refuse have expired', async () => {
  await stack.sql(
    `INSERT INTO auth.revocation (xid, subject, kind, at) VALUES (1, gen_random_uuid(), 'session', now() - interval '1 hour')`,
  );
  await until(
    async () => !(await stack.sql(`SELECT FROM auth.revocation WHERE at < now() - interval '30 minutes'`)).length,
    70_000,
    'the hourly-old revocation is deleted',
  );
}, 80_000);

async function adminCookie({ email, password }: Person): Promise<string> {
  const form = new URLSearchParams({ email, password }).toString();
  const answer = await visitor.post('/admin/session', form, { 'content-type': 'application/x-www-form-urlencoded' });
  return answer.headers['set-cookie']![0].split(';')[0];
}

/** Nobody signs in while Redis is away, nor in the second after. */
async function redisIsBack(somebody: Person): Promise<void> {
  await stack.redis.start();
  for (const web of [here, there])
    await until(async () => (await signIn(somebody, web)).status === 201, 15_000, 'people sign in again');
}

async function within(ms: number, holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  await until(holds, 10_000);
  expect(performance.now() - began).toBeLessThan(ms);
}
