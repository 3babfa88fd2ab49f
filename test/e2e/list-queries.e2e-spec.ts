/**
 * Every list and every chore at 100,000 rows a table (support/hundred-thousand.sql): what they send to PostgreSQL is explained as it
 * is sent. No statement reads a large table from end to end, and a page costs rows for a page, however large the tables are.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { Client } from 'pg';
import { type App, startApp } from '../support/app.js';
import { type Plan, plansOf, watchQueries } from '../support/query-plans.js';

/** As hundred-thousand.sql makes them. */
const bigId = (kind: number, i: number): string => {
  const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
  const digits = `${hex(1767225600000 + i * 60000, 12)}70008${hex(kind, 3)}${hex(i, 12)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};
const [WORK, SMALL_WORK] = [bigId(3, 50_000), bigId(3, 50_001)];
const CHAPTER = bigId(5, 50_001);

type Person = 'visitor' | 'owner' | 'reader' | 'admin';
interface Query {
  as?: Person;
  path: string;
  /** Rows that the largest statement may read, where a page's 20 x 20 do not do. */
  rows?: number;
}

/** Each row of a page may cost this many rows of tables. */
const ROWS_FOR_A_ROW = 20;
const PAGE = 20;
/** A purge of this many rows at once; each may cost as many rows as one of a list. */
const BATCH = 1_000;

/**
 * A count of all that belongs to one thread, chapter, work or account reads all of it, by an index; a filter finds its page by trying
 * rows that are close to it.
 */
const ALL_REPLIES = 5_000;
const ALL_CHAPTERS = 6_000;
const ALL_COMMENTS = 65_000;
const ALL_SESSIONS = 2_500;
const FILTERED = 5_000;

const LISTS: Record<string, Query[]> = {
  'GET /v1/works': [
    { path: '/v1/works' },
    { as: 'owner', path: '/v1/works' },
    { as: 'owner', path: '/v1/works?mine=true', rows: 1_000 },
    { as: 'reader', path: '/v1/works?mine=true', rows: 1_000 },
  ],
  'GET /v1/works/{id}/chapters': [
    { path: `/v1/works/${WORK}/chapters`, rows: ALL_CHAPTERS },
    { as: 'owner', path: `/v1/works/${WORK}/chapters`, rows: ALL_CHAPTERS },
  ],
  'GET /v1/works/{id}/members': [{ as: 'owner', path: `/v1/works/${WORK}/members` }],
  'GET /v1/works/{id}/invitations': [{ as: 'owner', path: `/v1/works/${WORK}/invitations` }],
  'GET /v1/me/invitations': [{ as: 'reader', path: '/v1/me/invitations' }],
  'GET /v1/bin': [{ as: 'owner', path: '/v1/bin', rows: 3_000 }],
  'GET /v1/chapters/{id}/revisions': [{ as: 'owner', path: `/v1/chapters/${CHAPTER}/revisions` }],
  'GET /v1/chapters/{id}/comments': [
    { path: `/v1/chapters/${CHAPTER}/comments`, rows: ALL_REPLIES },
    { path: `/v1/chapters/${CHAPTER}/comments?block=${bigId(7, 1)}`, rows: ALL_REPLIES },
    { path: `/v1/chapters/${CHAPTER}/comments?block=${bigId(7, 9_999)}` },
  ],
  'GET /v1/chapters/{id}/comment-counts': [{ path: `/v1/chapters/${CHAPTER}/comment-counts`, rows: ALL_COMMENTS }],
  'GET /v1/comments/{id}/replies': [{ path: `/v1/comments/${bigId(6, 1)}/replies`, rows: ALL_REPLIES }],
  'GET /v1/me/sessions': [{ as: 'owner', path: '/v1/me/sessions' }],
  'GET /v1/admin/accounts': [
    ...[
      '',
      'q=lund',
      'q=Mira%20L',
      'q=%E5%B0%8F%E6%98%8E',
      'q=to',
      'q=son-7777',
      'role=admin',
      'suspended=true',
      'q=ada&role=author',
    ],
  ].map((query) => ({ as: 'admin' as const, path: `/v1/admin/accounts?${query}`, rows: FILTERED })),
  'GET /v1/admin/accounts/{id}/sessions': [{ as: 'admin', path: `/v1/admin/accounts/OWNER/sessions`, rows: ALL_SESSIONS }],
  'GET /v1/admin/events': [
    ...[
      '',
      `about=${CHAPTER}`,
      `about=${bigId(5, 77)}`,
      `cause=${bigId(8, 77)}`,
      'actor=OWNER',
      'type=CommentPosted',
      'kind=job',
    ],
    ...['open=true', 'failed=true', `failed=true&type=CommentPosted`],
  ].map((query) => ({ as: 'admin' as const, path: `/v1/admin/events?${query}`, rows: FILTERED })),
  'GET /v1/admin/chores': [{ as: 'admin', path: '/v1/admin/chores' }],
  'GET /v1/chapters/{id}/renditions': [
    { path: `/v1/chapters/${CHAPTER}/renditions` },
    { as: 'owner', path: `/v1/chapters/${CHAPTER}/renditions` },
  ],
  'GET /v1/works/{id}/renditions': [
    { path: `/v1/works/${SMALL_WORK}/renditions` },
    { as: 'owner', path: `/v1/works/${WORK}/renditions`, rows: 2 * ALL_CHAPTERS },
  ],
  'GET /v1/renditions/{id}/scenes': [{ as: 'owner', path: `/v1/renditions/${bigId(10, 50_000)}/scenes` }],
  'GET /v1/renditions/{id}/attempts': [{ as: 'admin', path: `/v1/renditions/${bigId(10, 50_000)}/attempts` }],
  'GET /v1/voices': [],
  'GET /v1/live/{stream}/history': [
    { path: `/v1/live/chapter:${CHAPTER}/history?since=0`, rows: 600 },
    { path: `/v1/live/chapter:${CHAPTER}/history?since=19500`, rows: 600 },
  ],
};

let app: App;
let sql: Client;
let stop: () => void;
let large: Set<string>;
const tokens: Partial<Record<Person, string>> = {};
const accounts: Partial<Record<Person, string>> = {};

beforeAll(async () => {
  stop = watchQueries();
  app = await startApp();
  sql = new Client({ connectionString: process.env.DATABASE_URL });
  sql.on('error', () => undefined); // the database is dropped before this connection ends
  await sql.connect();
  for (const person of ['owner', 'reader', 'admin'] as const) await signUp(person);
  const made = readFileSync(join(import.meta.dirname, '../support/hundred-thousand.sql'), 'utf8');
  await sql.query(`SET big.owner = '${accounts.owner!}'; SET big.reader = '${accounts.reader!}'`);
  await sql.query(made);
  const { rows } = await sql.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND reltuples >= 5000`,
  );
  large = new Set(rows.map(({ name }) => name));
}, 180_000);
afterAll(async () => {
  stop();
  await sql.end();
});

/** On a busy machine sign-up may be refused for some seconds, as requests cannot be counted. */
const retried = async <T>(work: () => Promise<T>, tries = 5): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (tries === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    return retried(work, tries - 1);
  }
};

async function signUp(person: Person): Promise<void> {
  const [email, password] = [`${person}@lists.example`, 'a lantern left burning'];
  const asked = { email, password, name: person, role: 'reader' };
  const { id } = (await retried(() => send('POST', '/v1/accounts', asked))) as { id: string };
  await sql.query(`UPDATE auth.account SET role = $2 WHERE id = $1`, [id, person === 'admin' ? 'admin' : 'author']);
  accounts[person] = id;
  tokens[person] = (
    (await retried(() => send('POST', '/v1/sessions', { email, password }))) as { accessToken: string }
  ).accessToken;
}

async function send(
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
  as: Person = 'visitor',
): Promise<{ next?: string | null }> {
  const headers = tokens[as] ? { authorization: `Bearer ${tokens[as]}` } : {};
  const answer = await app.fastify.inject({ method, url, payload, headers });
  if (answer.statusCode >= 300) throw new Error(`${method} ${url} as ${as}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
}

/** The first page, and the one after it. */
async function plansOfList({ as, path }: Query): Promise<Plan[]> {
  const url = path.replace('OWNER', accounts.owner!);
  let next: string | null | undefined;
  const first = await plansOf(async () => ({ next } = await send('GET', url, undefined, as)));
  if (!next) return first;
  const after = `${url}${url.includes('?') ? '&' : '?'}after=${encodeURIComponent(next)}`;
  return [...first, ...(await plansOf(() => send('GET', after, undefined, as)))];
}

/** What is wrong with some plans, in one line for each. */
const faults = (plans: Plan[], rows: number): string[] =>
  plans.flatMap(({ sql: text, rowsRead, scanned }) => {
    const whole = scanned.filter((table) => large.has(table));
    return [
      ...whole.map((table) => `reads all of ${table}: ${text.slice(0, 300)}`),
      ...(rowsRead > rows && !whole.length ? [`reads ${rowsRead} rows, and ${rows} must do: ${text.slice(0, 300)}`] : []),
    ];
  });

it('every list of the API is in the table', async () => {
  const { paths } = (await send('GET', '/openapi.json')) as unknown as {
    paths: Record<string, { get?: { operationId: string } }>;
  };
  const lists = Object.keys(paths).filter((path) =>
    /^(list|search)|^(count|get)Comment(s|Counts)/.test(paths[path].get?.operationId ?? ''),
  );
  expect(lists.map((path) => `GET ${path}`).sort()).toEqual(
    Object.keys(LISTS)
      .filter((route) => !route.endsWith('/voices') || lists.includes('/v1/voices'))
      .sort(),
  );
});

it('the tables are as large as they have to be', () => {
  expect(large.size).toBeGreaterThanOrEqual(24);
});

it.each(
  Object.values(LISTS)
    .flat()
    .map((query) => [`${query.as ?? 'visitor'} ${query.path}`, query] as const),
)('%s', async (_, query) => {
  const plans = await plansOfList(query);
  expect(plans.length).toBeGreaterThan(0);
  expect(faults(plans, query.rows ?? (PAGE + 1) * ROWS_FOR_A_ROW)).toEqual([]);
});

describe('chores', () => {
  interface Found {
    name: string;
    work(run: {
      goOn(): Promise<boolean>;
      batches(size: number, batch: () => Promise<number>): Promise<number>;
    }): Promise<number>;
  }
  let chores: Found[];
  let module: TestingModule;
  beforeAll(async () => {
    const { WorkerModule } = await import('../../src/worker.module.js');
    const { Scheduler } = await import('#libs/scheduling/scheduler');
    module = await Test.createTestingModule({ imports: [WorkerModule] }).compile();
    const scheduler: unknown = module.get(Scheduler, { strict: false });
    chores = [...(scheduler as { find(): Iterable<Found> }).find()];
  });
  afterAll(() => module.close());

  it('read what they remove, and a few rows more', async () => {
    expect(chores.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['purge-films', 'sweep-film-objects', 'purge-events', 'purge-sessions', 'purge-live-events']),
    );
    const wrong: string[] = [];
    for (const { name, work } of chores) {
      let calls = 0;
      // three pages of each walk, and one batch of each purge
      const run = {
        goOn: () => Promise.resolve(++calls % 4 !== 0),
        batches: (_: number, batch: () => Promise<number>) => batch(),
      };
      const plans = await plansOf(() => work(run));
      wrong.push(...faults(plans, BATCH * ROWS_FOR_A_ROW).map((fault) => `${name} ${fault}`));
    }
    expect(wrong).toEqual([]);
  });
});

it.each([
  ['chapters.work_newest', '/v1/works', 'visitor'],
  ['comments.comment_anchor_block', `/v1/chapters/${CHAPTER}/comments?block=${bigId(7, 9_999)}`, 'visitor'],
  ['auth.account_search', '/v1/admin/accounts?q=son-7777', 'admin'],
  ['rendering.rendition_chapter', `/v1/chapters/${CHAPTER}/renditions`, 'owner'],
] as const)('without the index %s this test would be red', async (index, path, as) => {
  await sql.query('BEGIN');
  const { rows } = await sql.query<{ definition: string }>(`SELECT pg_get_indexdef('${index}'::regclass) AS definition`);
  await sql.query('ROLLBACK');
  await sql.query(`DROP INDEX ${index}`);
  try {
    expect(faults(await plansOfList({ as, path }), (PAGE + 1) * ROWS_FOR_A_ROW)).not.toEqual([]);
  } finally {
    await sql.query(rows[0].definition);
  }
});
