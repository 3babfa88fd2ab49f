/** Idempotency-Key when things go wrong: repeats at the same time, a process that dies, and what the stored rows tell. */
import { createHash, randomUUID } from 'node:crypto';
import type { WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { must, type Person } from '../support/people.js';
import { type Api, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let mira: Person;

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  mira = await signUp(stack, { role: 'author' });
}, 90_000);

const key = () => ({ 'idempotency-key': randomUUID() });
const create = (api: Api, title: string, header: { 'idempotency-key': string }) =>
  api.post<WorkResponse & { type: string }>('/v1/works', { title, language: 'en' }, header);
const count = async (sql: string, parameters: unknown[] = []) =>
  (await stack.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, parameters))[0].n;
const worksCalled = (title: string) => count('chapters.work WHERE title = $1', [title]);
const eventsOf = (id: string) => count('events.event WHERE subject_id = $1', [id]);

it('of equal requests at the same time, one acts; the others get its answer, or are told to repeat', async () => {
  const apis = stack.webs.map(({ url }) => mira.api.at(url));
  let inUse = 0;
  for (let round = 0; round < 25; round++) {
    const title = `Round ${randomUUID()}`;
    const header = key();
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => create(apis[i % 2], title, header)));
    const created = answers.filter(({ status }) => status === 201);
    for (const { status, body, headers } of answers.filter((answer) => !created.includes(answer))) {
      inUse++;
      expect([status, body.type]).toEqual([409, 'urn:inkreel:problem:idempotency-key-in-use']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(created.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(new Set(created.map(({ body }) => body.id)).size).toBe(1);
    expect(await worksCalled(title)).toBe(1);
    const { id } = created[0].body;
    expect(await eventsOf(id)).toBe(1);
    const later = await create(apis[round % 2], title, header);
    expect([later.status, later.headers['idempotent-replayed'], later.body.id]).toEqual([201, 'true', id]);
  }
  expect(inUse).toBeGreaterThan(0);
});

it('a process that dies between the effect and the answer leaves neither, and a repeat acts once its lease has ended', async () => {
  // the statement that stores the answer waits, and the effect with it
  await stack.sql(
    `CREATE FUNCTION http.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$`,
  );
  await stack.sql(
    `CREATE TRIGGER wait BEFORE UPDATE ON http.idempotency_record FOR EACH ROW WHEN (NEW.status = 201) EXECUTE FUNCTION http.wait()`,
  );
  const [title, header] = [`Killed ${randomUUID()}`, key()];
  const [survivor, victim] = [mira.api.at(stack.webs[0].url), mira.api.at(stack.webs[1].url)];
  const lost = create(victim, title, header).catch(() => 'no answer');
  const waiting = `pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
  await until(async () => (await count(waiting)) === 1);
  await stack.webs[1].kill('SIGKILL');
  expect(await lost).toBe('no answer');
  await stack.sql(`SELECT pg_terminate_backend(pid) FROM ${waiting}`);
  await until(async () => (await count(waiting)) === 0);
  await stack.sql('DROP TRIGGER wait ON http.idempotency_record');
  expect(await worksCalled(title)).toBe(0);

  const early = await create(survivor, title, header);
  expect([early.status, early.body.type]).toEqual([409, 'urn:inkreel:problem:idempotency-key-in-use']);
  await stack.sql(`UPDATE http.idempotency_record SET lease_until = now() - interval '1 s' WHERE status IS NULL`);
  const first = must(201, await create(survivor, title, header));
  const again = await create(survivor, title, header);
  expect([again.status, again.headers['idempotent-replayed'], again.body.id]).toEqual([201, 'true', first.id]);
  expect(await worksCalled(title)).toBe(1);
  expect(await eventsOf(first.id)).toBe(1);
});

it('a request whose key was taken over while it ran commits nothing', async () => {
  // as if the lease had ended: the row is taken by another attempt while the work is inserted
  await stack.sql(
    `CREATE FUNCTION http.raise_attempt() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN UPDATE http.idempotency_record SET attempt = attempt + 1 WHERE status IS NULL; RETURN NEW; END $$`,
  );
  await stack.sql(
    `CREATE TRIGGER raise_attempt AFTER INSERT ON chapters.work FOR EACH ROW EXECUTE FUNCTION http.raise_attempt()`,
  );
  const title = `Taken over ${randomUUID()}`;
  const refused = await create(mira.api, title, key());
  await stack.sql('DROP TRIGGER raise_attempt ON chapters.work');
  expect([refused.status, refused.body.type]).toEqual([409, 'urn:inkreel:problem:idempotency-key-in-use']);
  expect(await worksCalled(title)).toBe(0);
});

it('no transaction is open while passwords are hashed', async () => {
  let isDone = false;
  const signUps = Promise.all(
    Array.from({ length: 12 }, () =>
      stack.api.post(
        '/v1/accounts',
        { email: `${randomUUID()}@example.org`, name: 'N', password: 'a lantern left burning' },
        key(),
      ),
    ),
  ).finally(() => (isDone = true));
  let most = 0;
  while (!isDone)
    most = Math.max(
      most,
      // the statement it rests after: the taking of a key is a transaction of its own
      await count(
        `pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction' AND query ILIKE '%INTO http.idempotency_record%'`,
      ),
    );
  expect((await signUps).map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201));
  expect(most).toBe(0);
});

it('a key makes nobody else wait: readers are served while many sign up, as without keys', async () => {
  /** What a request that needs the database waits meanwhile, sorted, in ms. */
  const waits = async (headers: () => object): Promise<number[]> => {
    let isDone = false;
    const body = () => ({ email: `${randomUUID()}@example.org`, name: 'N', password: 'a lantern left burning' });
    const signUp = async () => (await stack.api.post('/v1/accounts', body(), { ...headers() })).status;
    // forty at a time, until each of them has signed up three
    const signUps = Promise.all(Array.from({ length: 40 }, async () => [await signUp(), await signUp(), await signUp()])).finally(
      () => (isDone = true),
    );
    const times: number[] = [];
    while (!isDone) {
      const began = performance.now();
      must(200, await mira.api.get('/v1/works'));
      times.push(performance.now() - began);
    }
    expect((await signUps).flat()).toEqual(Array.from({ length: 120 }, () => 201));
    return times.sort((a, b) => a - b);
  };
  const [without, withKeys] = [await waits(() => ({})), await waits(key)];
  const median = (times: number[]): number => times[times.length >> 1];
  // with a connection held for each key while passwords are hashed, a reader got an eighth of the answers
  expect(median(withKeys)).toBeLessThan(2 * median(without) + 20);
  expect(withKeys.length).toBeGreaterThan(without.length / 4);
});

it('what is stored of a sign-up holds no secret and no hash of one that could be tried out', async () => {
  const body = { email: `${randomUUID()}@example.org`, name: 'Ada', password: 'a lantern left burning' };
  const header = key();
  must(201, await stack.api.post('/v1/accounts', body, header));
  const rows = await stack.sql<{ row: string; fingerprint: Buffer }>(
    'SELECT r::text AS row, fingerprint FROM http.idempotency_record r',
  );
  const tried = [body, body.password, { ...body, role: 'reader' }, { email: body.email, name: body.name }].map((guess) =>
    createHash('sha256').update(JSON.stringify(guess)).digest('hex'),
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { row, fingerprint } of rows) {
    expect(row).not.toMatch(/lantern|password|token/i);
    expect(tried).not.toContain(fingerprint.toString('hex'));
  }
  // the password is no part of the fingerprint
  const other = await stack.api.post('/v1/accounts', { ...body, password: 'another lantern, unlit' }, header);
  expect([other.status, other.headers['idempotent-replayed']]).toEqual([201, 'true']);
  const renamed = await stack.api.post('/v1/accounts', { ...body, name: 'Eve' }, header);
  expect([renamed.status, renamed.body.type]).toEqual([422, 'urn:inkreel:problem:idempotency-key-reused']);
});
