/** An account is erased: what is gone, what stays without a name, and who may do it; on two web processes over one database. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { SessionResponse } from '../../src/auth/infrastructure/auth.contract.js';
import type { WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type { InvitationCreatedResponse, MembersResponse } from '../../src/chapters/infrastructure/members.contract.js';
import type { ThreadPage, ThreadResponse } from '../../src/comments/infrastructure/comments.contract.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let visitor: Api;
let admin: Person;
let mira: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 1 });
  visitor = stack.api;
  admin = await signUp(stack, { role: 'admin', name: 'Ada' });
  mira = await signUp(stack, { role: 'author', name: 'Mira' });
}, 90_000);

const erase = ({ api, password }: Person, choices: object = {}) =>
  api.delete<{ type: string; works?: object[] }>('/v1/me', {}, { password, ...choices });
const signIn = ({ email, password }: Person) => visitor.post<SessionResponse>('/v1/sessions', { email, password });
const comment = async ({ api }: Person, chapterId: string, body: string, key = randomUUID()) =>
  must(201, await api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, { body }, { 'idempotency-key': key })).id;
const read = async (id: string, api = visitor) => must(200, await api.get<ThreadResponse>(`/v1/comments/${id}`));
const history = async (chapterId: string) =>
  (await visitor.get(`/v1/live/chapter:${chapterId}/history?since=0`)).bytes.toString();
const name = () => `Zoë ${randomUUID().slice(0, 8)}`;

/** The reactions of other modules have run. */
const settled = (id: string) =>
  until(async () => {
    const open = await stack.sql(
      `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event WHERE e.subject_id = $1 AND d.handled_at IS NULL`,
      [id],
    );
    return open.length === 0;
  });

/** Tables with a row that holds one of these texts in any column. */
async function tablesWith(texts: string[]): Promise<string[]> {
  const tables = await stack.sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(25);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await stack.sql(`SELECT FROM ${name} AS t WHERE t::text ILIKE ANY ($1) LIMIT 1`, [
      texts.map((text) => `%${text}%`),
    ]);
    if (rows.length) found.push(name);
  }
  return found;
}

it('No table holds the e-mail or the name any more, tokens are refused and sockets closed within a second', async () => {
  const called = name();
  const key = randomUUID();
  const credentials = { email: `${randomUUID()}@example.org`, password: 'a lantern left burning' };
  const signingUp = { ...credentials, name: called };
  const { id } = must(201, await visitor.post('/v1/accounts', signingUp, { 'idempotency-key': key }));
  const { accessToken: token, refreshToken } = must(201, await visitor.post<SessionResponse>('/v1/sessions', credentials));
  const zoe: Person = { ...signingUp, id, token, refreshToken, api: visitor.as(token) };
  const { chapterId, workId } = await begunChapter(mira, { markdown: 'One lamp was lit.', publish: true });
  const { id: invitation } = must(
    201,
    await mira.api.post<InvitationCreatedResponse>(`/v1/works/${workId}/invitations`, { role: 'editor', email: zoe.email }),
  );
  must(200, await zoe.api.post(`/v1/invitations/${invitation}/accept`, {}));
  const mine = await comment(zoe, chapterId, 'Which lamp?');
  const open = must(201, await mira.api.post<WorkResponse>('/v1/works', { title: 'Another', language: 'en' }));
  must(201, await mira.api.post(`/v1/works/${open.id}/invitations`, { role: 'editor', email: zoe.email }));
  const sockets = await Promise.all(stack.webs.map(({ url }) => LiveClient.connect(url, token)));
  expect((await tablesWith([zoe.email, called])).sort()).toEqual(['auth.account', 'http.idempotency_record']);
  expect((await history(chapterId)).includes(called)).toBe(true);

  must(204, await erase(zoe));
  const began = performance.now();
  for (const { url } of stack.webs) await until(async () => (await zoe.api.at(url).get('/v1/me')).status === 401);
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4401, 4401]);
  expect(performance.now() - began).toBeLessThan(1_500);
  expect((await visitor.post('/v1/sessions/refresh', { refreshToken })).status).toBe(401);
  expect((await signIn(zoe)).status).toBe(401);
  expect((await admin.api.get(`/v1/admin/accounts/${id}`)).status).toBe(404);

  await settled(id);
  expect(await tablesWith([zoe.email, called])).toEqual([]);
  expect(await stack.sql(`SELECT FROM auth.session WHERE account_id = $1`, [id])).toEqual([]);
  const replayed = await history(chapterId);
  expect([replayed.includes(called), replayed.includes('Which lamp?')]).toEqual([false, true]);
  expect(await read(mine)).toMatchObject({ status: 'shown', body: 'Which lamp?', author: null });
  const { items } = must(200, await visitor.get<ThreadPage>(`/v1/chapters/${chapterId}/comments`));
  expect(items.map(({ author }) => author)).toEqual([null]);
  const members = must(200, await mira.api.get<MembersResponse>(`/v1/works/${workId}/members`)).items;
  expect(members.map(({ role }) => role)).toEqual(['owner']);
  expect(must(200, await mira.api.get<{ items: object[] }>(`/v1/works/${open.id}/invitations`)).items).toEqual([]);
  expect(await stack.sql(`SELECT FROM chapters.membership WHERE account_id = $1`, [id])).toEqual([]);
  const recorded = await stack.sql(`SELECT actor, data FROM events.event WHERE subject_id = $1 AND type = 'AccountDeleted'`, [
    id,
  ]);
  expect(recorded).toEqual([{ actor: id, data: { works: null, comments: 'keep', reason: null } }]);

  // the same e-mail signs up at once, also with the same key, as a stranger
  const again = must(201, await visitor.post('/v1/accounts', signingUp, { 'idempotency-key': key }));
  expect(again.id).not.toBe(id);
  const stranger = visitor.as(must(201, await signIn(zoe)).accessToken);
  expect((await stranger.delete(`/v1/comments/${mine}`)).status).toBe(403);
  expect((await read(mine, stranger)).author).toBeNull();
});

it('The password is asked for again, and a wrong one is refused', async () => {
  const reader = await signUp(stack);
  const refused = await erase({ ...reader, password: 'a lantern gone out' });
  expect([refused.status, refused.body.type]).toEqual([403, 'urn:inkreel:problem:wrong-password']);
  expect((await reader.api.delete('/v1/me', {}, {})).status).toBe(400);
  expect((await reader.api.delete('/v1/me')).status).toBe(400);
  must(200, await reader.api.get('/v1/me'));
});

it('Comments go with their words when it is chosen, and the replies to them stay', async () => {
  const [zoe, reader] = [await signUp(stack, { name: name() }), await signUp(stack)];
  const { chapterId } = await begunChapter(mira, { markdown: 'One lamp was lit.', publish: true });
  const [one, other] = [await comment(zoe, chapterId, 'Words of mine.'), await comment(zoe, chapterId, 'More words of mine.')];
  must(204, await zoe.api.delete(`/v1/comments/${other}`));
  const reply = must(201, await reader.api.post<ThreadResponse>(`/v1/comments/${one}/replies`, { body: 'Indeed.' })).id;
  must(204, await erase(zoe, { comments: 'erase' }));
  await settled(zoe.id);
  expect(await read(one)).toMatchObject({ status: 'withdrawn', body: null, author: null, replyCount: 1 });
  expect(await read(reply)).toMatchObject({ body: 'Indeed.' });
  expect(await history(chapterId)).not.toContain('of mine');
  expect(await tablesWith(['words of mine'])).toEqual([]);
});

it('Words of comments that were deleted before go in any case', async () => {
  const zoe = await signUp(stack, { name: name() });
  const { chapterId } = await begunChapter(mira, { markdown: 'One lamp was lit.', publish: true });
  const [kept, deleted] = [await comment(zoe, chapterId, 'A kept word.'), await comment(zoe, chapterId, 'A regretted word.')];
  must(204, await zoe.api.delete(`/v1/comments/${deleted}`));
  must(204, await erase(zoe));
  await settled(zoe.id);
  expect((await read(kept)).body).toBe('A kept word.');
  expect(await tablesWith(['A regretted word.'])).toEqual([]);
});

describe('An account that owns works', () => {
  const published = async (author: Person) =>
    begunChapter(author, { markdown: `One lamp was lit by ${author.id}.`, publish: true });

  it('says what becomes of them; the refusal names them, and those that could be transferred', async () => {
    const author = await signUp(stack, { role: 'author', name: name() });
    const { workId } = await published(author);
    const refused = await erase(author);
    expect([refused.status, refused.body.type, refused.body.works]).toEqual([
      409,
      'urn:inkreel:problem:works-undecided',
      [{ id: workId, title: 'The Lamplighter of Quay Street', members: 0 }],
    ]);
    must(200, await author.api.get('/v1/me'));
    expect((await erase(author, { works: 'burn' })).status).toBe(400);
  });

  it('leaves what others read as it is, without an author; what only it could read goes', async () => {
    const author = await signUp(stack, { role: 'author', name: name() });
    const shown = await published(author);
    const draft = await begunChapter(author, { markdown: `Nobody read the words of ${author.id}.` });
    const shared = await begunChapter(author, { markdown: 'A secret.' });
    const invited = await author.api.post<InvitationCreatedResponse>(`/v1/works/${shared.workId}/invitations`, {
      role: 'editor',
    });
    must(200, await mira.api.post(`/v1/invitations/${must(201, invited).id}/accept`, { token: invited.body.token }));
    must(204, await erase(author, { works: 'keep' }));
    await settled(author.id);
    const work = must(200, await visitor.get<WorkResponse>(`/v1/works/${shown.workId}`));
    expect(work).toMatchObject({ author: null, chapters: 1 });
    must(200, await visitor.get(`/v1/chapters/${shown.chapterId}`));
    expect(await tablesWith([`the words of ${author.id}`, draft.workId])).toEqual(['events.event']);
    // an editor goes on with it
    must(200, await mira.api.put(`/v1/chapters/${shared.chapterId}/draft`, { markdown: 'No secret.' }, { 'if-match': '*' }));
    expect(must(200, await mira.api.get<MembersResponse>(`/v1/works/${shared.workId}/members`)).items).toEqual([
      { id: mira.id, name: 'Mira', role: 'editor' },
    ]);
    expect(must(200, await admin.api.get('/v1/admin/events?limit=50')).items.length).toBeGreaterThan(0);
  });

  it('takes them along with their chapters, comments and films when it is chosen, also those in the bin', async () => {
    const author = await signUp(stack, { role: 'author', name: name() });
    const [shown, binned] = [await published(author), await published(author)];
    const words = await comment(mira, shown.chapterId, `A word about ${author.id}.`);
    must(201, await author.api.post(`/v1/chapters/${shown.chapterId}/renditions`, {}));
    must(204, await author.api.delete(`/v1/works/${binned.workId}`, { 'if-match': '*' }));
    must(204, await erase(author, { works: 'erase' }));
    await settled(author.id);
    expect((await visitor.get(`/v1/works/${shown.workId}`)).status).toBe(404);
    expect((await visitor.get(`/v1/comments/${words}`)).status).toBe(404);
    await until(async () => (await tablesWith([`by ${author.id}`, `about ${author.id}`])).length === 0);
    const left = await tablesWith([shown.chapterId, binned.chapterId]);
    expect(left.filter((table) => /^(chapters|comments)/.test(table))).toEqual([]);
  });
});

describe('Erased by an admin', () => {
  const eraseBy = ({ api }: Person, id: string, body: object) =>
    api.delete<{ type: string }>(`/v1/admin/accounts/${id}`, {}, body);

  it('an account is gone, and who did it and why is recorded', async () => {
    const reader = await signUp(stack, { name: name() });
    expect((await eraseBy(admin, reader.id, { reason: ' ' })).body.type).toBe('urn:inkreel:problem:reason-needed');
    must(204, await eraseBy(admin, reader.id, { reason: 'Asked by letter.' }));
    await until(async () => (await reader.api.get('/v1/me')).status === 401);
    const recorded = await stack.sql(`SELECT actor, data FROM events.event WHERE subject_id = $1 AND type = 'AccountDeleted'`, [
      reader.id,
    ]);
    expect(recorded).toEqual([{ actor: admin.id, data: { works: null, comments: 'keep', reason: 'Asked by letter.' } }]);
    expect((await eraseBy(admin, reader.id, { reason: 'Again.' })).status).toBe(404);
    expect((await eraseBy(admin, admin.id, { reason: 'Mine.' })).body.type).toBe('urn:inkreel:problem:password-needed');
  });

  it('somebody who is signing in at that moment is let in by no token', async () => {
    const reader = await signUp(stack);
    const signedIn = Array.from({ length: 6 }, () => signIn(reader));
    must(204, await eraseBy(admin, reader.id, { reason: 'Asked by letter.' }));
    for (const { status, body } of await Promise.all(signedIn)) {
      expect([201, 401]).toContain(status);
      if (status === 201) await until(async () => (await visitor.as(body.accessToken).get('/v1/me')).status === 401);
    }
    expect(await stack.sql(`SELECT FROM auth.session WHERE account_id = $1`, [reader.id])).toEqual([]);
  });
});

describe('The last admin', () => {
  const admins = async () => (await stack.sql(`SELECT FROM auth.account WHERE role = 'admin' AND suspended_at IS NULL`)).length;
  /** The admins of the other tests are readers meanwhile. */
  const alone = async (count: number): Promise<Person[]> => {
    await stack.sql(`UPDATE auth.account SET role = 'reader' WHERE role = 'admin'`);
    return Promise.all(Array.from({ length: count }, () => signUp(stack, { role: 'admin' })));
  };
  afterAll(() => stack.sql(`UPDATE auth.account SET role = 'admin' WHERE id = $1`, [admin.id]));

  it('stays: it cannot erase its account before there is another', async () => {
    const [only] = await alone(1);
    expect((await erase(only)).body.type).toBe('urn:inkreel:problem:last-admin-stays');
    const other = await signUp(stack);
    must(200, await only.api.put(`/v1/accounts/${other.id}/role`, { role: 'admin' }));
    must(204, await erase(only));
    expect(await admins()).toBe(1);
  });

  it.each([
    ['demote', (by: Person, of: Person) => by.api.put(`/v1/accounts/${of.id}/role`, { role: 'reader' })],
    ['suspend', (by: Person, of: Person) => by.api.put(`/v1/admin/accounts/${of.id}/suspension`, { reason: 'Spam.' })],
    ['erase', (by: Person, of: Person) => by.api.delete(`/v1/admin/accounts/${of.id}`, {}, { reason: 'Spam.' })],
  ])('stays when two admins %s each other at the same moment', async (_, act) => {
    const [one, other] = await alone(2);
    // their rows are held until both requests wait for them, so that both are decided at the same moment
    const holder = new Client({ connectionString: stack.databaseUrl });
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM auth.account WHERE role = 'admin' FOR UPDATE`);
    const answers = Promise.all([act(one, other), act({ ...other, api: other.api.at(stack.webs[1].url) }, one)]);
    await until(async () => {
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await stack.sql(waiting)).length === 2;
    });
    await holder.query('COMMIT');
    expect((await answers).map(({ status }) => status < 300).sort()).toEqual([false, true]);
    expect(await admins()).toBe(1);
    await holder.end();
  });
});
