import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import { Chapter, ChapterNotFound } from '../domain/chapter.js';
import { ChapterRepository, type OwnedWork, WorkRepository } from '../domain/ports.js';
import type { Facts } from '../domain/policy.js';
import { type RankedChapter, ReadingOrder } from '../domain/reading-order.js';
import { Work, WorkNotFound } from '../domain/work.js';
import { AccessFacts } from './access-facts.js';
import { ChapterRow, MembershipRow, WorkRow } from './chapters.rows.js';

@Injectable()
export class TypeormWorkRepository extends WorkRepository {
  constructor(
    private readonly transaction: Transaction,
    private readonly access: AccessFacts,
  ) {
    super();
  }

  async get(id: string): Promise<Work> {
    const row = await this.transaction.writing.findOne(WorkRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new WorkNotFound();
    return Work.restore({ ...row, members: await this.transaction.writing.findBy(MembershipRow, { workId: id }) });
  }

  async save(work: Work): Promise<void> {
    const { members, ...row } = work.snapshot();
    await this.transaction.writing.upsert(WorkRow, row, ['id']);
    // one statement that writes only what differs: most saves change no member
    await this.transaction.writing.query(
      `WITH given AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS m("accountId" uuid, role text, "joinedAt" timestamptz)),
            gone AS (DELETE FROM chapters.membership WHERE work_id = $1 AND account_id NOT IN (SELECT "accountId" FROM given))
       INSERT INTO chapters.membership AS old (work_id, account_id, role, joined_at) SELECT $1, "accountId", role, "joinedAt" FROM given
       ON CONFLICT (work_id, account_id) DO UPDATE SET role = EXCLUDED.role WHERE old.role <> EXCLUDED.role`,
      [row.id, JSON.stringify(members.map(({ accountId, role, joinedAt }) => ({ accountId, role, joinedAt })))],
    );
  }

  facts(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    return this.access.work(id, actor);
  }

  ownedBy(accountId: string): Promise<OwnedWork[]> {
    return this.transaction.query<OwnedWork>(
      `SELECT w.id, w.title, m.members, w.deleted_at IS NOT NULL AS "isDeleted",
              w.deleted_at IS NULL AND (m.members > 0 OR EXISTS (
                SELECT FROM chapters.chapter c WHERE c.work_id = w.id AND c.status = 'published' AND c.deleted_at IS NULL)) AS "isShared"
         FROM chapters.work w
        CROSS JOIN LATERAL (SELECT count(*)::int AS members FROM chapters.membership WHERE work_id = w.id) m
        WHERE w.owner_id = $1 ORDER BY w.id DESC`,
      [accountId],
    );
  }

  async withMember(accountId: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT work_id AS id FROM chapters.membership WHERE account_id = $1 ORDER BY work_id`,
      [accountId],
    );
    return rows.map(({ id }) => id);
  }

  async order(workId: string): Promise<ReadingOrder> {
    const [work] = await this.transaction.writing.query<unknown[]>(`SELECT FROM chapters.work WHERE id = $1 FOR UPDATE`, [
      workId,
    ]);
    if (!work) throw new WorkNotFound();
    // a statement of its own: it has to see what was committed while the one above waited for the lock
    return new ReadingOrder(
      await this.transaction.writing.query(
        `SELECT id, rank, deleted_at IS NOT NULL AS "isDeleted" FROM chapters.chapter WHERE work_id = $1 ORDER BY rank`,
        [workId],
      ),
    );
  }
}

@Injectable()
export class TypeormChapterRepository extends ChapterRepository {
  constructor(
    private readonly transaction: Transaction,
    private readonly access: AccessFacts,
  ) {
    super();
  }

  async get(id: string): Promise<Chapter> {
    // not FOR UPDATE: comments hold the row as a foreign key does (`summary`, `quote`), and must not keep an author from publishing
    const row = await this.transaction.writing.findOne(ChapterRow, { where: { id }, lock: { mode: 'for_no_key_update' } });
    if (!row) throw new ChapterNotFound();
    return Chapter.restore(row);
  }

  async save(chapter: Chapter): Promise<void> {
    await this.transaction.writing.upsert(ChapterRow, chapter.snapshot(), ['id']);
  }

  facts(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    return this.access.chapter(id, actor);
  }

  async workOf(id: string): Promise<string> {
    const [row] = await this.transaction.query<{ workId: string }>(
      `SELECT work_id AS "workId" FROM chapters.chapter WHERE id = $1`,
      [id],
    );
    if (!row) throw new ChapterNotFound();
    return row.workId;
  }

  async publishedOf(workId: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT id FROM chapters.chapter
        WHERE work_id = $1 AND status = 'published' AND deleted_at IS NULL AND taken_down_at IS NULL ORDER BY rank`,
      [workId],
    );
    return rows.map(({ id }) => id);
  }

  async saveRanks(chapters: readonly RankedChapter[]): Promise<void> {
    if (!chapters.length) return;
    await this.transaction.writing.query(
      `UPDATE chapters.chapter c SET rank = r.rank FROM unnest($1::uuid[], $2::text[]) AS r(id, rank) WHERE c.id = r.id`,
      [chapters.map(({ id }) => id), chapters.map(({ rank }) => rank)],
    );
  }

  async recordPublication(chapterId: string, revision: number, at: Date): Promise<void> {
    // max()+1 is safe here: the chapter's row is locked by whoever publishes
    await this.transaction.writing.query(
      `INSERT INTO chapters.publication (chapter_id, number, revision, at)
       SELECT $1, coalesce(max(number), 0) + 1, $2, $3 FROM chapters.publication WHERE chapter_id = $1`,
      [chapterId, revision, at],
    );
  }

  async recordRetraction(chapterId: string, at: Date): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE chapters.publication SET retracted_at = $2 WHERE chapter_id = $1 AND retracted_at IS NULL`,
      [chapterId, at],
    );
  }
}
