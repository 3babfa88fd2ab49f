/**
 * Every route × every kind of person, against the table in test/support/access-table.ts. A route without a row fails. At the
 * end each access mark is taken away and weakened in turn, and at least one answer has to differ from the table then.
 */
import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import jwt from 'jsonwebtoken';
import { Client } from 'pg';
import { ACCESS } from '#libs/http/access';
import { newId } from '#libs/kernel/id';
import { EXPECTED, PEOPLE, type Things } from '../support/access-table.js';
import { type App, startApp } from '../support/app.js';

type Person = (typeof PEOPLE)[number];

/** A hook asks for the cookie of an admin before any mark is read. */
const COOKIE_ONLY = 'GET /admin/events/:id';

let app: App;
let sql: Client;
let tokens: Record<Person, string | undefined>;
let hidden: Things;
let shown: Things;

/** Problem types by the sign of the table. Anything else means that the request was let in. */
const SIGNS: Record<string, RegExp> = {
  '1': /^(access-token-refused|token-revoked|not-signed-in)$/,
  '3': /^(scope-missing|route-without-mark|not-your-.*|only-.*)$/,
  '4': /^(work|chapter|comment|rendition|invitation)-not-found$|^no-such-stream$/,
};

beforeAll(async () => {
  app = await startApp();
  sql = new Client({ connectionString: process.env.DATABASE_URL });
  sql.on('error', () => undefined); // the database is dropped before this connection ends
  await sql.connect();
  await preparePeople();
}, 120_000);
afterAll(() => sql.end());

it('every route has a row in the table, and every row a route', () => {
  expect([...app.handlers.keys()].sort()).toEqual(Object.keys(EXPECTED).sort());
});

it.each(Object.keys(EXPECTED))('%s', async (route) => {
  const expected = EXPECTED[route];
  expect({ hidden: await answers(route, hidden, expected.hidden), shown: await answers(route, shown, expected.shown) }).toEqual({
    hidden: expected.hidden,
    shown: expected.shown,
  });
});

it('what is hidden and what does not exist get the same answer, byte for byte', async () => {
  const differing: string[] = [];
  for (const [route, expected] of Object.entries(EXPECTED)) {
    if (!expected.path || signs(expected.hidden)[PEOPLE.indexOf('author')] !== '4') continue;
    const nothing: Things = { ...hidden, ...nowhere(), comment: () => Promise.resolve(newId()) };
    const [there, missing] = [await send(route, 'author', hidden), await send(route, 'author', nothing)];
    const same = (answer: typeof there) =>
      answer.body.replace(/"(request|instance)":"[^"]*"/g, '').replace(/[0-9a-f-]{36}/g, '<id>');
    if (there.statusCode !== missing.statusCode || same(there) !== same(missing))
      differing.push(`${route}: ${there.body} and ${missing.body}`);
  }
  expect(differing).toEqual([]);
});

it('each access mark that is taken away or weakened turns a row red', async () => {
  const green: string[] = [];
  let changed = 0;
  for (const [route, { method }] of app.handlers) {
    if (route === COOKIE_ONLY) continue;
    const mark = Reflect.getMetadata(ACCESS, method) as string;
    // the streams of what is published do not end, so they are not asked
    const [things, expected] = EXPECTED[route].shown ? [shown, EXPECTED[route].shown] : [hidden, EXPECTED[route].hidden];
    const weaker =
      mark === 'public' ? [undefined] : [undefined, 'public', ...(mark === 'authenticated' ? [] : ['authenticated'])];
    // which refusal it is: without the mark's scope the policy refuses many of these people, too
    const refused = await problemOf(route, 'bareApp', things);
    for (const other of weaker) {
      Reflect.defineMetadata(ACCESS, other, method);
      changed++;
      // a handler that is reached without the actor it counts on breaks, which is another answer, too
      const seen = await answers(route, things, expected, ['visitor', 'reader', 'bareApp']).catch(() => 'broken');
      const differs = seen !== expected || (await problemOf(route, 'bareApp', things)) !== refused;
      if (!differs) green.push(`${route} ${other ?? 'none'}`);
      Reflect.defineMetadata(ACCESS, mark, method);
    }
  }
  expect(changed).toBeGreaterThan(150);
  expect(green).toEqual([]);
}, 120_000);

const signs = (expected: string): string => expected.replaceAll(' ', '');

/** The answers as a text like that of the table; people who are not asked keep what the table has. */
async function answers(route: string, things: Things, expected: string, asked: readonly Person[] = PEOPLE): Promise<string> {
  const seen: string[] = [];
  for (const [i, sign] of [...signs(expected)].entries())
    seen.push(asked.includes(PEOPLE[i]) ? await answer(route, PEOPLE[i], things) : sign);
  return [...expected].map((char) => (char === ' ' ? ' ' : seen.shift())).join('');
}

/** The code of the problem that somebody gets, or an empty text. */
async function problemOf(route: string, person: Person, things: Things): Promise<string> {
  return codeOf(await send(route, person, things));
}

async function answer(route: string, person: Person, things: Things): Promise<string> {
  const response = await send(route, person, things);
  const { statusCode, body } = response;
  if (statusCode >= 500 && statusCode !== 503) throw new Error(`${route} as ${person}: ${statusCode} ${body}`);
  const code = codeOf(response);
  return Object.keys(SIGNS).find((sign) => SIGNS[sign].test(code)) ?? '.';
}

function codeOf({ headers, body }: Awaited<ReturnType<typeof send>>): string {
  const type = /problem\+json/.test(String(headers['content-type'])) ? (JSON.parse(body) as { type: string }).type : '';
  return type.replace('urn:inkreel:problem:', '');
}

async function send(route: string, person: Person, things: Things) {
  const { path, body, headers } = EXPECTED[route];
  const [method, pattern] = route.split(' ');
  const parameters = (await path?.(things)) ?? {};
  const url = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(parameters[name])).replace('*', 'nothing');
  const token = tokens[person];
  return app.fastify.inject({
    method: method as InjectOptions['method'],
    url,
    ...(body !== undefined && { payload: body }),
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
}

async function preparePeople(): Promise<void> {
  const accounts: Partial<Record<Person, { id: string; token: string }>> = {};
  const password = 'a lantern left burning';
  const as = async <Body>(token: string | undefined, method: string, url: string, payload?: object): Promise<Body> => {
    const headers = { 'if-match': '*', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await app.fastify.inject({ method: method as InjectOptions['method'], url, payload, headers });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return (answer.body ? answer.json() : undefined) as Body;
  };
  const roles: Partial<Record<Person, string>> = {
    author: 'author',
    owner: 'author',
    siteModerator: 'moderator',
    admin: 'admin',
  };
  for (const person of PEOPLE.filter((one) => !['visitor', 'app', 'bareApp'].includes(one))) {
    const email = `${person}@example.org`;
    const { id } = await as<{ id: string }>(undefined, 'POST', '/v1/accounts', { email, name: person, password, role: 'reader' });
    await sql.query(`UPDATE auth.account SET role = $2 WHERE id = $1`, [id, roles[person] ?? 'reader']);
    const { accessToken: token } = await as<{ accessToken: string }>(undefined, 'POST', '/v1/sessions', { email, password });
    accounts[person] = { id, token };
  }
  const owner = accounts.owner!;
  const client = (scope: string) =>
    jwt.sign({ ...(jwt.decode(owner.token) as object), client_id: 'app', scope }, process.env.SIGNING_KEY!, {
      algorithm: 'ES256',
    });
  const everything = 'account:write chapters:write members:write comments:write films:write live:listen admin';
  tokens = {
    ...(Object.fromEntries(PEOPLE.map((person) => [person, accounts[person]?.token])) as typeof tokens),
    app: client(everything),
    bareApp: client('openid'),
  };
  const begin = async (publish: boolean): Promise<Things> => {
    const { id: work } = await as<{ id: string }>(owner.token, 'POST', '/v1/works', { title: 'The Lamp', language: 'en' });
    const { id: chapter, blocks } = await as<{ id: string; blocks: { id: string }[] }>(
      owner.token,
      'POST',
      `/v1/works/${work}/chapters`,
      {
        title: 'I.',
        markdown: 'One lamp was lit.',
      },
    );
    for (const [person, role] of [
      ['editor', 'editor'],
      ['moderator', 'moderator'],
      ['betaReader', 'beta-reader'],
    ] as const)
      await sql.query(`INSERT INTO chapters.membership VALUES ($1, $2, $3, now())`, [work, accounts[person]!.id, role]);
    await as(owner.token, 'POST', `/v1/chapters/${chapter}/publication`, {});
    const { id: rendition } = await as<{ id: string }>(owner.token, 'POST', `/v1/chapters/${chapter}/renditions`, {});
    const film = Object.fromEntries(['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((file) => [file, 'a'.repeat(64)]));
    await sql.query(`UPDATE rendering.rendition SET state = 'ready', film = $2 WHERE id = $1`, [rendition, film]);
    await sql.query(`UPDATE chapters.work SET cover = 'covers/aa/nothing' WHERE id = $1`, [work]);
    if (!publish) await as(owner.token, 'DELETE', `/v1/chapters/${chapter}/publication`);
    const { id: invitation } = await as<{ id: string }>(owner.token, 'POST', `/v1/works/${work}/invitations`, { role: 'editor' });
    const comment = async (): Promise<string> => {
      const id = newId();
      await sql.query(
        `INSERT INTO comments.comment (id, chapter_id, author_id, root_id, depth, body, status, created_at)
         VALUES ($1, $2, $3, $1, 0, 'Which?', 'shown', now())`,
        [id, chapter, randomUUID()],
      );
      return id;
    };
    return { work, chapter, block: blocks[0].id, rendition, invitation, comment, account: owner.id, stranger: randomUUID() };
  };
  [hidden, shown] = [await begin(false), await begin(true)];
  await as(accounts.admin!.token, 'PUT', `/v1/admin/accounts/${accounts.suspended!.id}/suspension`, { reason: 'Spam.' });
}

/** Ids of nothing. */
function nowhere(): Omit<Things, 'comment'> {
  const [work, chapter, block, rendition, invitation, account, stranger] = Array.from({ length: 7 }, () => newId());
  return { work, chapter, block, rendition, invitation, account, stranger };
}
