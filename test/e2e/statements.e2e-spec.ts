/**
 * How many statements one comment costs. Counted is every SELECT, INSERT, UPDATE and DELETE that its request sends on any connection;
 * the two that begin and commit the transaction are not, nor what a trigger runs inside of PostgreSQL. An Idempotency-Key adds its own.
 */
import { type App, startApp } from '../support/app.js';
import { plansOf, watchQueries } from '../support/query-plans.js';

const MOST = 8;
let app: App;
let token: string | undefined;
let stop: () => void;

/** On a busy machine sign-up may be refused for some seconds, as requests cannot be counted. */
async function post<Body>(url: string, payload: object, tries = 5): Promise<Body> {
  const headers = { 'if-match': '*', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await app.fastify.inject({ method: 'POST', url, payload, headers });
  if (answer.statusCode === 503 && tries > 1) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    return post(url, payload, tries - 1);
  }
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
}

let comment: () => Promise<{ id: string; anchor: unknown }>;
let reply: (id: string) => Promise<unknown>;
beforeAll(async () => {
  stop = watchQueries();
  app = await startApp();
  const [email, password] = ['mira@statements.example', 'a lantern left burning'];
  await post('/v1/accounts', { email, password, name: 'Mira', role: 'author' });
  ({ accessToken: token } = await post<{ accessToken: string }>('/v1/sessions', { email, password }));
  const work = await post<{ id: string }>('/v1/works', { title: 'The Lamp', language: 'en' });
  const chapter = await post<{ id: string; blocks: { id: string }[] }>(`/v1/works/${work.id}/chapters`, {
    title: 'I.',
    markdown: 'One lamp was lit.',
  });
  await post(`/v1/chapters/${chapter.id}/publication`, {});
  const body = { body: 'Which lamp?', block: chapter.blocks[0].id, quote: { exact: 'lamp' } };
  comment = () => post(`/v1/chapters/${chapter.id}/comments`, body);
  reply = (id) => post(`/v1/comments/${id}/replies`, { body: 'This one.' });
  await comment(); // the first of a chapter also makes the row that the others lock
}, 60_000);
afterAll(() => stop());

it(`a comment with a quote takes ${MOST} statements at most`, async () => {
  let posted: { anchor: unknown } | undefined;
  const plans = await plansOf(async () => (posted = await comment()));
  expect(posted!.anchor).toMatchObject({ status: 'anchored' });
  expect(plans.length).toBeGreaterThan(3);
  expect(plans.length <= MOST ? [] : plans.map(({ sql }) => sql)).toEqual([]);
});

it(`and so does a reply`, async () => {
  const { id } = await comment();
  const plans = await plansOf(() => reply(id));
  expect(plans.length <= MOST ? [] : plans.map(({ sql }) => sql)).toEqual([]);
});

it('a query more before each would be noticed', async () => {
  const { Transaction } = await import('#libs/database/transaction');
  const { query } = Transaction.prototype;
  Transaction.prototype.query = async function (this: InstanceType<typeof Transaction>, ...args: [string, unknown[]?]) {
    await query.call(this, 'SELECT 1');
    return query.apply(this, args);
  } as typeof query;
  try {
    expect((await plansOf(comment)).length).toBeGreaterThan(MOST);
  } finally {
    Transaction.prototype.query = query;
  }
});
