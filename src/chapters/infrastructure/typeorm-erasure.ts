import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { Erasure } from '../domain/ports.js';

/** In the order of the foreign keys. */
const OF_A_CHAPTER = [
  `DELETE FROM chapters.publication WHERE chapter_id = $1`,
  `DELETE FROM chapters.revision WHERE chapter_id = $1`,
  `DELETE FROM chapters.block_text WHERE chapter_id = $1`,
  `DELETE FROM chapters.chapter WHERE id = $1`,
];
/** The objects are deleted by `sweep-images`, as no row names them any more. */
const OF_A_WORK = [
  `DELETE FROM chapters.stored_object WHERE work_id = $1`,
  `DELETE FROM chapters.invitation WHERE work_id = $1`,
  `DELETE FROM chapters.membership WHERE work_id = $1`,
  `DELETE FROM chapters.work WHERE id = $1`,
];

@Injectable()
export class TypeormErasure extends Erasure {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  dueChapters(now: Date, limit: number): Promise<string[]> {
    return this.ids(`SELECT id FROM chapters.chapter WHERE erased_after <= $1 ORDER BY erased_after LIMIT $2`, [now, limit]);
  }

  dueWorks(now: Date, limit: number): Promise<string[]> {
    return this.ids(`SELECT id FROM chapters.work WHERE erased_after <= $1 ORDER BY erased_after LIMIT $2`, [now, limit]);
  }

  chaptersOf(workId: string, limit: number): Promise<string[]> {
    return this.ids(`SELECT id FROM chapters.chapter WHERE work_id = $1 LIMIT $2`, [workId, limit]);
  }

  worksOf(accountId: string): Promise<string[]> {
    return this.ids(`SELECT id FROM chapters.work WHERE owner_id = $1 ORDER BY id`, [accountId]);
  }

  async removeChapter(id: string): Promise<void> {
    // the trigger of insert-only tables lets only such a transaction through
    await this.transaction.writing.query(`SET LOCAL inkreel.erasing = 'on'`);
    for (const sql of OF_A_CHAPTER) await this.transaction.writing.query(sql, [id]);
    await this.transaction.writing.query(`SET LOCAL inkreel.erasing = 'off'`);
  }

  async removeWork(id: string): Promise<void> {
    for (const sql of OF_A_WORK) await this.transaction.writing.query(sql, [id]);
  }

  private async ids(sql: string, parameters: unknown[]): Promise<string[]> {
    return (await this.transaction.query<{ id: string }>(sql, parameters)).map(({ id }) => id);
  }
}
