/** What admins do with accounts, and people with their own sessions; on two web processes over one database. */
import { randomUUID } from 'node:crypto';
import type { AccountPage, AdminAccountResponse } from '../../src/auth/infrastructure/accounts-admin.contract.js';
import type { SessionPage } from '../../src/auth/infrastructure/sessions.contract.js';
import type { SessionResponse } from '../../src/auth/infrastructure/auth.contract.js';
import { must, type Person } from '../support/people.js';
import { type Api, LiveClient, signUp, type Stack, startStack, until, type Web } from '../support/stack.js';

let stack: Stack;
let there: Web;
let visitor: Api;
let admin: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  there = stack.webs[1];
  visitor = stack.api;
  admin = await signUp(stack, { role: 'admin', name: 'Ada' });
}, 90_000);

const signIn = ({ email, password }: Person, device = 'Test') =>
  visitor.post<SessionResponse & { type: string; reason?: string }>(
    '/v1/sessions',
    { email, password },
    { 'user-agent': device },
  );
const accounts = (query: string) => admin.api.get<AccountPage>(`/v1/admin/accounts?${query}`);
const suspend = (id: string, reason = 'Advertisements.') =>
  admin.api.put<AdminAccountResponse & { type: string }>(`/v1/admin/accounts/${id}/suspension`, { reason });
const restore = (id: string) => admin.api.delete<AdminAccountResponse>(`/v1/admin/accounts/${id}/suspension`);

describe('accounts, to an admin', () => {
  it('are listed newest first, page by page, and found by a part of name or e-mail in either case', async () => {
    const name = `Zoë ${randomUUID().slice(0, 8)}`;
    const people = [];
    for (let i = 0; i < 3; i++) people.push(await signUp(stack, { name: `${name} ${i}`, role: i === 1 ? 'author' : 'reader' }));
    const q = encodeURIComponent(name.toUpperCase());
    const first = must(200, await accounts(`q=${q}&limit=2`));
    expect(first.items.map(({ id }) => id)).toEqual([people[2].id, people[1].id]);
    const rest = must(200, await accounts(`q=${q}&limit=2&after=${first.next!}`));
    expect([rest.items.map(({ id }) => id), rest.next]).toEqual([[people[0].id], null]);
    expect(must(200, await accounts(`q=${q}&role=author`)).items).toHaveLength(1);
    expect(must(200, await accounts(`q=${encodeURIComponent(people[0].email.slice(0, -4))}`)).items).toHaveLength(1);
    expect(must(200, await accounts(`q=${encodeURIComponent('%')}`)).items).toEqual([]);
    const shown = must(200, await admin.api.get<AdminAccountResponse>(`/v1/admin/accounts/${people[0].id}`));
    expect(shown).toMatchObject({ id: people[0].id, email: people[0].email, role: 'reader', suspendedAt: null });
    expect(JSON.stringify(shown)).not.toContain('argon2');
  });

  it('are shown to nobody else', async () => {
    const [author, moderator] = [await signUp(stack, { role: 'author' }), await signUp(stack, { role: 'moderator' })];
    for (const { api } of [author, moderator])
      for (const path of ['', `/${admin.id}`, `/${admin.id}/sessions`])
        expect((await api.get(`/v1/admin/accounts${path}`)).status).toBe(403);
    expect((await author.api.put(`/v1/admin/accounts/${moderator.id}/suspension`, { reason: 'No.' })).status).toBe(403);
    expect((await visitor.get('/v1/admin/accounts')).status).toBe(401);
  });
});

describe('suspending an account', () => {
  it('refuses its next request on every process, ends its sessions and closes its sockets, until it is restored', async () => {
    const author = await signUp(stack, { role: 'author' });
    const socket = await LiveClient.connect(there.url, author.token);
    const api = author.api.at(there.url);
    must(200, await api.get('/v1/me'));
    expect(must(200, await suspend(author.id, ' Advertisements. '))).toMatchObject({ suspendedBecause: 'Advertisements.' });
    expect((await author.api.get('/v1/me')).body.type).toBe('urn:inkreel:problem:token-revoked');
    const began = performance.now();
    await until(async () => (await api.get('/v1/me')).status === 401);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(await socket.closed).toBe(4401);
    expect((await visitor.post('/v1/sessions/refresh', { refreshToken: author.refreshToken })).status).toBe(401);
    const refused = await signIn(author);
    expect([refused.status, refused.body.type, refused.body.reason]).toEqual([
      403,
      'urn:inkreel:problem:account-suspended',
      'Advertisements.',
    ]);
    expect((await signIn({ ...author, password: 'a lantern gone out' })).status).toBe(401); // tells a stranger nothing
    expect(must(200, await accounts('suspended=true')).items.map(({ id }) => id)).toContain(author.id);

    expect(must(200, await restore(author.id)).suspendedAt).toBeNull();
    must(200, await visitor.as(must(201, await signIn(author)).accessToken).get('/v1/me'));
    expect((await author.api.get('/v1/me')).status).toBe(401); // what was revoked stays so
  });

  it('is recorded with who did it and why, once', async () => {
    const reader = await signUp(stack);
    for (let i = 0; i < 2; i++) must(200, await suspend(reader.id, 'Threats.'));
    for (let i = 0; i < 2; i++) must(200, await restore(reader.id));
    const told = await stack.sql<{ type: string; actor: string; data: object }>(
      `SELECT type, actor, data FROM events.event WHERE subject_id = $1 AND type LIKE 'Account%ed' AND actor IS NOT NULL ORDER BY id`,
      [reader.id],
    );
    expect(told).toEqual([
      { type: 'AccountSuspended', actor: admin.id, data: { reason: 'Threats.' } },
      { type: 'AccountRestored', actor: admin.id, data: {} },
    ]);
  });

  it('needs a reason and another account than one’s own', async () => {
    const reader = await signUp(stack);
    expect((await suspend(reader.id, ' ')).body.type).toBe('urn:inkreel:problem:reason-needed');
    expect((await suspend(reader.id, 'x'.repeat(501))).status).toBe(400);
    expect((await suspend(admin.id)).body.type).toBe('urn:inkreel:problem:not-your-own-account');
    expect((await suspend(randomUUID())).status).toBe(404);
  });

  it('lets nobody in who is signing in at that moment', async () => {
    const reader = await signUp(stack);
    const signedIn = Array.from({ length: 6 }, () => signIn(reader));
    must(200, await suspend(reader.id));
    for (const { status, body } of await Promise.all(signedIn))
      if (status === 201) expect((await visitor.as(body.accessToken).get('/v1/me')).status).toBe(401);
    const open = await stack.sql(`SELECT FROM auth.session WHERE account_id = $1 AND ended_at IS NULL`, [reader.id]);
    expect(open).toEqual([]);
  });
});

describe('sessions', () => {
  const mine = (api: Api) => api.get<SessionPage>('/v1/me/sessions');

  it('are listed to their owner, who ends one of them and keeps the others', async () => {
    const reader = await signUp(stack);
    const lost = must(201, await signIn(reader, 'Lost Phone'));
    const { items } = must(200, await mine(reader.api));
    expect(items.map(({ device, current }) => [device, current])).toEqual([
      ['Lost Phone', false],
      ['', true],
    ]);
    must(204, await reader.api.delete(`/v1/me/sessions/${items[0].id}`));
    expect((await visitor.as(lost.accessToken).get('/v1/me')).status).toBe(401);
    expect((await visitor.post('/v1/sessions/refresh', { refreshToken: lost.refreshToken })).status).toBe(401);
    expect(must(200, await mine(reader.api)).items).toHaveLength(1);
  });

  it('of somebody else cannot be ended, nor told from ones that never were', async () => {
    const [reader, other] = [await signUp(stack), await signUp(stack)];
    const [{ id }] = must(200, await mine(other.api)).items;
    for (const one of [id, randomUUID()]) {
      const refused = await reader.api.delete(`/v1/me/sessions/${one}`);
      expect([refused.status, refused.body.type]).toEqual([404, 'urn:inkreel:problem:session-not-found']);
    }
    must(200, await other.api.get('/v1/me'));
  });

  it('of anybody are shown to admins, with how they ended', async () => {
    const reader = await signUp(stack);
    must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: reader.refreshToken }));
    must(201, await signIn(reader, 'Second'));
    const { items } = must(200, await admin.api.get<SessionPage>(`/v1/admin/accounts/${reader.id}/sessions`));
    expect(items.map(({ device, endedBecause }) => [device, endedBecause])).toEqual([
      ['Second', null],
      ['', 'signed-out'],
    ]);
  });
});
