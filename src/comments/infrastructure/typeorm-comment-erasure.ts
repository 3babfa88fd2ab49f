import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { CommentErasure } from '../domain/ports.js';

@Injectable()
export class TypeormCommentErasure extends CommentErasure {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async removeSome(chapterId: string, limit: number): Promise<number> {
    // an answer has a later position than what it answers
    const [, removed] = await this.transaction.writing.query<[unknown[], number]>(
      `WITH these AS (SELECT id FROM comments.comment WHERE chapter_id = $1 ORDER BY position DESC LIMIT $2),
            anchors AS (DELETE FROM comments.comment_anchor a USING these WHERE a.comment_id = these.id)
       DELETE FROM comments.comment c USING these WHERE c.id = these.id`,
      [chapterId, limit],
    );
    return removed;
  }

  async removePositions(chapterId: string): Promise<void> {
    await this.transaction.writing.query(`DELETE FROM comments.reanchoring_position WHERE chapter_id = $1`, [chapterId]);
    await this.transaction.writing.query(`DELETE FROM comments.last_position WHERE chapter_id = $1`, [chapterId]);
  }
}
