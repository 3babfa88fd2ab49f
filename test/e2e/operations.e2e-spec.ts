import { Client } from 'pg';
import { must, type Person } from '../support/people.js';
import { type Proxy, proxyTo } from '../support/proxy.js';
import { Api, begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let database: Proxy;
let web: Api;
let mira: Person;

beforeAll(async () => {
  stack = await startStack({ webs: 0, workers: 0, ownRedis: true });
  database = await proxyTo(stack.databaseUrl);
  web = new Api((await stack.startWeb({ DATABASE_URL: database.url })).url);
  mira = await signUp({ api: web }, { role: 'author' });
}, 90_000);

interface Readiness {
  status: 'ready' | 'degraded' | 'unready' | 'draining';
  database: string;
  redis: string;
}
const ready = () => web.get<Readiness>('/readyz');
const becomes = (status: Readiness['status']) =>
  until(async () => (await ready()).body.status === status, 10_000, `/readyz says ${status}`);
const lives = async () => {
  const began = performance.now();
  expect(must(200, await web.get('/livez'))).toEqual({ status: 'alive' });
  return performance.now() - began;
};

describe('/readyz', () => {
  it('reports ready, to everyone and never from a cache', async () => {
    const { status, body, headers } = await ready();
    expect([status, body]).toEqual([200, { status: 'ready', database: 'ready', redis: 'ready' }]);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('is 200 but degraded without Redis, and writing goes on', async () => {
    await stack.redis.stop();
    await becomes('degraded');
    expect((await ready()).status).toBe(200);
    await lives();
    const { chapterId, blocks } = await begunChapter(mira, { markdown: 'Written without Redis.', publish: true });
    must(201, await mira.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Said without Redis.', block: blocks[0].id }));
    must(200, await web.get(`/v1/chapters/${chapterId}`));
    await stack.redis.start();
    await becomes('ready');
  });

  it('is 503 without Postgres, until it is back; routes that need it answer 503 with Retry-After', async () => {
    database.cut();
    const away = await ready();
    expect([away.status, away.body]).toEqual([503, { status: 'unready', database: 'away', redis: 'ready' }]);
    const refused = await web.get('/v1/works');
    expect([refused.status, refused.body.type]).toEqual([503, 'urn:inkreel:problem:database-unavailable']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await lives();
    database.mend();
    await becomes('ready');
    must(200, await web.get('/v1/works'));
  });

  it('is 503 within three seconds when Postgres takes connections and does not answer', async () => {
    database.hang();
    const began = performance.now();
    expect((await ready()).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(3_000);
    await lives();
    database.mend();
    await becomes('ready');
  });

  it('is 503 on an older schema and names the command that helps', async () => {
    const [newest] = await stack.sql<{ id: number; timestamp: string; name: string }>(
      'DELETE FROM public.migration WHERE id = (SELECT id FROM public.migration ORDER BY timestamp DESC LIMIT 1) RETURNING *',
    );
    const older = await ready();
    expect([older.status, older.body.status]).toEqual([503, 'unready']);
    expect(older.body.database).toMatch(/older schema.*npm run migrate/);
    expect(older.body.database).toContain(newest.name);
    await stack.sql('INSERT INTO public.migration VALUES ($1, $2, $3)', [newest.id, newest.timestamp, newest.name]);
    expect((await ready()).status).toBe(200);
    await stack.sql('ALTER TABLE public.migration RENAME TO elsewhere');
    expect((await ready()).body.database).toMatch(/no schema.*npm run migrate/);
    await stack.sql('ALTER TABLE public.elsewhere RENAME TO migration');
  });
});

describe('/livez', () => {
  it('uses neither Postgres nor Redis: it answers as fast without them', async () => {
    database.hang();
    await stack.redis.stop();
    const waits = [];
    for (let n = 0; n < 21; n++) waits.push(await lives());
    expect(waits.sort((a, b) => a - b)[10]).toBeLessThan(100);
    await stack.redis.start();
    database.mend();
    await becomes('ready');
  });
});

describe('a web process', () => {
  it('that finds Redis away starts all the same', async () => {
    await stack.redis.stop();
    const late = await stack.startWeb();
    expect((await new Api(late.url).get<Readiness>('/readyz')).body.status).toBe('degraded');
    await stack.redis.start();
    await until(async () => (await new Api(late.url).get<Readiness>('/readyz')).body.status === 'ready', 10_000);
    await late.stop();
  });

  it('that finds no database says so in one sentence and ends', async () => {
    const gone = new URL(stack.databaseUrl);
    gone.port = '1';
    await expect(stack.startWeb({ DATABASE_URL: gone.href })).rejects.toThrow(/database/i);
  });

  it('that is asked to stop finishes its requests, and ends', async () => {
    const leaving = await stack.startWeb();
    const { workId } = await begunChapter(mira, { markdown: 'One.' });
    const holder = new Client({ connectionString: stack.databaseUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM chapters.work WHERE id = $1 FOR UPDATE', [workId]);
    const begun = mira.api.at(leaving.url).patch(`/v1/works/${workId}`, { title: 'The last word' }, { 'if-match': '*' });
    await until(
      async () =>
        (await stack.sql(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)).length,
    );
    const ended = leaving.kill('SIGTERM');
    await until(() =>
      new Api(leaving.url).get('/livez').then(
        ({ status }) => status === 503,
        () => true,
      ),
    );
    await holder.query('COMMIT');
    await holder.end();
    expect(must(200, await begun)).toMatchObject({ title: 'The last word' });
    await ended;
  });
});
