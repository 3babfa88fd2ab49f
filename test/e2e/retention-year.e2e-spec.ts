/** Each table that grows by itself, after a simulated year: the chores of a real worker leave what its retention says and no more. */
import { createHash } from 'node:crypto';
import { type Stack, startStack } from '../support/stack.js';
import { until } from '../support/until.js';

const ROWS = 3_650;
/** Ten rows a day for a year. */
const YEAR = `generate_series(1, ${ROWS}) AS i, LATERAL (SELECT now() - i * interval '144 minutes' AS at) AS age`;
const DAYS = (days: number): number => days * 10;

interface Growth {
  readonly table: string;
  /** Which rows are counted; without it all. */
  readonly where?: string;
  /** Adds rows of a whole year. */
  readonly grow: string;
  /** Rows that must be left: those of the last days, and what is needed for ever. */
  readonly left: number;
}

/** Two works deleted on each day of a year, one chapter with a comment in each. */
const DELETED = `${YEAR} WHERE i % 5 = 0`;
const ID = (what: string): string => `md5('${what} ' || i)::uuid`;

const GROWING: readonly Growth[] = [
  {
    table: 'chapters.work',
    grow: `INSERT INTO chapters.work (id, owner_id, title, summary, language, created_at, version, deleted_at, erased_after)
           SELECT ${ID('work')}, gen_random_uuid(), 'x', '', 'en', at, 1, at, at + interval '30 days' FROM ${DELETED}`,
    left: DAYS(30) / 5,
  },
  {
    table: 'chapters.chapter',
    grow: `INSERT INTO chapters.chapter (id, work_id, author_id, rank, title, status, head_revision, published_revision, created_at, updated_at, version)
           SELECT ${ID('chapter')}, ${ID('work')}, gen_random_uuid(), 'V', 'x', 'published', 1, 1, at, at, 1 FROM ${DELETED}`,
    left: DAYS(30) / 5,
  },
  {
    table: 'comments.comment',
    grow: `INSERT INTO comments.comment (id, chapter_id, author_id, root_id, depth, body, status, created_at)
           SELECT ${ID('comment')}, ${ID('chapter')}, gen_random_uuid(), ${ID('comment')}, 0, 'x', 'shown', at FROM ${DELETED}`,
    left: DAYS(30) / 5,
  },
  {
    table: 'http.idempotency_record',
    grow: `INSERT INTO http.idempotency_record (key, fingerprint, attempt, at) SELECT sha256(i::text::bytea), '', 1, at FROM ${YEAR}`,
    left: DAYS(1),
  },
  {
    table: 'events.event',
    where: `type = 'LampLit'`,
    grow: `INSERT INTO events.event (id, kind, type, v, subject_kind, subject_id, at, data)
           SELECT gen_random_uuid(), 'event', 'LampLit', 1, 'lamp', i::text, at, '{}' FROM ${YEAR}`,
    left: DAYS(90),
  },
  {
    table: 'events.delivery',
    where: `consumer = 'nobody'`,
    grow: `INSERT INTO events.delivery (event, consumer, queue, relayed_at, handled_at)
           SELECT id, 'nobody', 'events.nobody', at, at FROM events.event WHERE type = 'LampLit'`,
    left: DAYS(90),
  },
  {
    table: 'live.event',
    grow: `INSERT INTO live.event (key, seq, type, body, at) SELECT 'chapter:x', ${ROWS} - i + 1, 'lamp.lit', '{}', at FROM ${YEAR}`,
    left: DAYS(90),
  },
  {
    table: 'auth.session',
    grow: `WITH someone AS (
             INSERT INTO auth.account (id, email, name, password_hash, role, created_at, epoch)
             VALUES (gen_random_uuid(), 'lamplighter@example.org', 'L', '-', 'reader', now(), 1) RETURNING id)
           INSERT INTO auth.session (id, account_id, device, created_at, expires_at, generation, rotated_at, ended_at)
           SELECT gen_random_uuid(), someone.id, '', at, at + interval '1 day', 1, at, CASE WHEN i % 2 = 0 THEN at END FROM someone, ${YEAR}`,
    left: DAYS(30) + 5, // half of them expired a day after they began
  },
  {
    table: 'scheduling.chore_run',
    grow: `WITH lamps AS (INSERT INTO scheduling.chore (name, every, next_at) VALUES ('lamps', '1 h', 'infinity'))
           INSERT INTO scheduling.chore_run (chore, number, started_at, ended_at) SELECT 'lamps', i, at, at FROM ${YEAR}`,
    left: DAYS(30),
  },
  {
    table: 'rendering.artefact',
    grow: `INSERT INTO rendering.artefact (key, kind, fields, status, created_at) SELECT 'lamp ' || i, 'sound', '{}', 'wanted', at FROM ${YEAR}`,
    left: DAYS(90),
  },
  {
    table: 'rendering.fitted',
    grow: `INSERT INTO rendering.fitted (key, sha256, width, height, fitted_at)
           SELECT 'lamp ' || i, '', 1, 1, at - interval '182 days' FROM ${YEAR}`,
    left: DAYS(365 - 182),
  },
  {
    table: 'rendering.studio',
    grow: `INSERT INTO rendering.studio (fingerprint, seen_at) SELECT 'lamp ' || i, at FROM ${YEAR}`,
    left: DAYS(30),
  },
  {
    table: 'rendering.tools',
    grow: `INSERT INTO rendering.tools (studio, picture, fitting, sound, seen_at) SELECT 'lamp ' || i, '', '', '', at FROM ${YEAR}`,
    left: DAYS(30),
  },
];

let stack: Stack;
beforeAll(async () => (stack = await startStack({ webs: 0, workers: 1 })), 90_000);

const count = async (table: string, where = 'true'): Promise<number> =>
  (await stack.sql<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${table} WHERE ${where}`))[0].rows;

it('leaves no table larger than its retention says', async () => {
  await until(async () => (await count('scheduling.chore')) >= 8, 60_000);
  const before = new Map<string, number>();
  for (const { table, where, grow } of GROWING) {
    before.set(table, await count(table, where));
    await stack.sql(grow);
  }
  await stack.sql(`UPDATE scheduling.chore SET next_at = now() WHERE name <> 'lamps'`);
  await until(
    async () => !(await stack.sql('SELECT FROM scheduling.chore WHERE next_at <= now() OR lease_until IS NOT NULL')).length,
    100_000,
  );
  // comments and films go when their modules hear that a chapter was erased
  await until(
    async () =>
      !(
        await stack.sql(
          `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event WHERE e.type IN ('ChapterErased', 'WorkErased') AND d.handled_at IS NULL`,
        )
      ).length,
    60_000,
  );
  expect(await stack.sql('SELECT chore, error FROM scheduling.chore_run WHERE error IS NOT NULL')).toEqual([]);
  for (const { table, where, left } of GROWING) {
    const rows = (await count(table, where)) - before.get(table)!;
    // a few of this very day come and go
    expect([table, rows, Math.abs(rows - left) <= 25]).toEqual([table, rows, true]);
  }
});

it('keeps an event that a consumer has still to handle', async () => {
  const id = createHash('md5').update('waiting').digest('hex');
  await stack.sql(
    `INSERT INTO events.event (id, kind, type, v, subject_kind, subject_id, at, data)
     VALUES ($1, 'event', 'LampOut', 1, 'lamp', 'x', now() - interval '100 days', '{}')`,
    [id],
  );
  await stack.sql(`INSERT INTO events.delivery (event, consumer, queue) VALUES ($1, 'nobody', 'events.nobody')`, [id]);
  const purged = async (): Promise<void> => {
    const [{ run }] = await stack.sql<{ run: number }>(
      `UPDATE scheduling.chore SET next_at = now() WHERE name = 'purge-events' RETURNING run`,
    );
    await until(
      async () =>
        (
          await stack.sql(
            `SELECT FROM scheduling.chore_run WHERE chore = 'purge-events' AND number > $1 AND ended_at IS NOT NULL`,
            [run],
          )
        ).length,
      60_000,
    );
  };
  await purged();
  expect(await stack.sql('SELECT id FROM events.event WHERE id = $1', [id])).toHaveLength(1);
  await stack.sql('UPDATE events.delivery SET handled_at = now() WHERE event = $1', [id]);
  await purged();
  expect(await stack.sql('SELECT id FROM events.event WHERE id = $1', [id])).toHaveLength(0);
});
