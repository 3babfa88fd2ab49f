/** The purge of live events: what is left of a stream has no gap, so a reader gets every event after its number or is told to start anew. */
import { DataSource } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { SystemClock } from '#libs/kernel/clock';
import { EventLog } from '#libs/live/event-log';
import { EventPresenters, EventReader } from '#libs/live/event-presenters';
import { LiveController } from '#libs/live/live.controller';
import { LiveRetention } from '#libs/live/live-retention';
import { databaseOptions } from '../../src/database.js';
import { freshDatabase } from '../support/database.js';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let source: DataSource;
let retention: LiveRetention;
beforeAll(async () => {
  database = await freshDatabase();
  source = await new DataSource(databaseOptions(database.url)).initialize();
  retention = new LiveRetention(new Transaction(source, new SystemClock()));
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});
beforeEach(() => source.query('DELETE FROM live.event; DELETE FROM live.stream'));

const OLD = 900;
const HEAD = 1_000;
const STREAMS = ['chapter:a', 'chapter:b', 'chapter:c', 'chapter:d'];

/** Streams of 1,000 events, 900 of them old. They lie in the table in any order, as in one that was purged before, and many share their time. */
async function grow(): Promise<void> {
  for (const key of STREAMS) {
    await source.query(`INSERT INTO live.stream (key, head) VALUES ($1, ${HEAD})`, [key]);
    await source.query(
      `INSERT INTO live.event (key, seq, type, body, at)
       SELECT $1, i, 'lamp.lit', '{}', CASE WHEN i <= ${OLD} THEN now() - interval '100 days' + i / 50 * interval '1 hour' ELSE now() END
         FROM generate_series(1, ${HEAD}) AS i ORDER BY md5(i::text)`,
      [key],
    );
  }
}

const left = (): Promise<{ key: string; first: number; last: number; rows: number }[]> =>
  source.query(
    `SELECT key, min(seq)::int AS first, max(seq)::int AS last, count(*)::int AS rows FROM live.event GROUP BY key ORDER BY key`,
  );

const expectNoGap = async (): Promise<void> => {
  const streams = await left();
  expect(streams).toHaveLength(STREAMS.length);
  for (const { key, first, last, rows } of streams) expect([key, last, rows]).toEqual([key, HEAD, last - first + 1]);
};

/** One batch, as another process would see the table after it. */
const oneBatch = (): Promise<number> => retention.purge({ goOn: () => Promise.resolve(true), batches: (_, batch) => batch() });

it('leaves no gap in any stream after any batch, and ends where the retention says', async () => {
  await grow();
  let batches = 0;
  while ((await oneBatch()) > 0) {
    batches++;
    await expectNoGap();
  }
  expect(batches).toBeGreaterThanOrEqual(3);
  expect((await left()).map(({ rows }) => rows)).toEqual(STREAMS.map(() => HEAD - OLD));
});

it('leaves no gap when the clock of the database was turned back between two events', async () => {
  await grow();
  await source.query(`UPDATE live.event SET at = now() WHERE seq IN (300, 301)`);
  while ((await oneBatch()) > 0) await expectNoGap();
  await expectNoGap();
});

it('a page of history that is asked for meanwhile goes on without a gap, or says reset', async () => {
  await grow();
  const log = new EventLog(source);
  const presenters = new EventPresenters();
  presenters.register(['lamp.lit'], (events) => Promise.resolve(events.map(() => ({}))));
  const stored = new EventReader(log, presenters);
  let purges = 0;
  const purgedBefore = {
    read: async (...asked: Parameters<EventReader['read']>) => {
      if (purges++ === 0) await oneBatch();
      return stored.read(...asked);
    },
  };
  const kinds = { admit: () => Promise.resolve() };
  const history = new LiveController({} as never, {} as never, kinds as never, log, purgedBefore as never);
  const page = JSON.parse(await history.listPastEvents('chapter:a', { since: 10, limit: 20 }, undefined)) as {
    reset?: true;
    events: { seq: number }[];
  };
  const [{ first }] = await left();
  expect(first).toBeGreaterThan(11);
  expect(page.reset).toBe(true);
  expect(page.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => first + i));
});
