import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { Chapter, ChapterNotFound } from '../domain/chapter.js';
import { ChapterRepository, WorkRepository } from '../domain/ports.js';
import { Work, WorkNotFound } from '../domain/work.js';
import { ChapterRow, WorkRow } from './chapters.rows.js';

@Injectable()
export class TypeormWorkRepository extends WorkRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Work> {
    const row = await this.transaction.writing.findOne(WorkRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new WorkNotFound();
    return Work.restore(row);
  }

  async save(work: Work): Promise<void> {
    await this.transaction.writing.upsert(WorkRow, work.snapshot(), ['id']);
  }
}

@Injectable()
export class TypeormChapterRepository extends ChapterRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Chapter> {
    const row = await this.transaction.writing.findOne(ChapterRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new ChapterNotFound();
    return Chapter.restore(row);
  }

  async save(chapter: Chapter): Promise<void> {
    await this.transaction.writing.upsert(ChapterRow, chapter.snapshot(), ['id']);
  }

  ranks(workId: string): Promise<{ id: string; rank: string }[]> {
    return this.transaction.query(`SELECT id, rank FROM chapters.chapter WHERE work_id = $1 ORDER BY rank, id`, [workId]);
  }

  async notePublication(chapterId: string, revision: number, at: Date): Promise<void> {
    // max()+1 is safe here: the chapter's row is locked by whoever publishes
    await this.transaction.writing.query(
      `INSERT INTO chapters.publication (chapter_id, number, revision, at)
       SELECT $1, coalesce(max(number), 0) + 1, $2, $3 FROM chapters.publication WHERE chapter_id = $1`,
      [chapterId, revision, at],
    );
  }

  async noteTakenBack(chapterId: string, at: Date): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE chapters.publication SET taken_back_at = $2 WHERE chapter_id = $1 AND taken_back_at IS NULL`,
      [chapterId, at],
    );
  }
}
