import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { Comment, CommentNotFound } from '../domain/comment.js';
import { CommentRepository, RemarkRepository } from '../domain/ports.js';
import type { RemarkState } from '../domain/remark.js';
import { CommentRow, RemarkRow } from './comments.rows.js';

@Injectable()
export class TypeormCommentRepository extends CommentRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Comment> {
    const row = await this.transaction.writing.findOne(CommentRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new CommentNotFound();
    return Comment.restore(row);
  }

  async save(comment: Comment): Promise<void> {
    await this.transaction.writing.upsert(CommentRow, comment.snapshot(), ['id']);
  }
}

@Injectable()
export class TypeormRemarkRepository extends RemarkRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async add(remark: RemarkState): Promise<void> {
    await this.transaction.writing.insert(RemarkRow, remark);
  }

  async move(remarks: RemarkState[]): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE comments.remark r SET publication = m.publication, block = m.block, standing = m.standing, span = m.span
         FROM jsonb_to_recordset($1::jsonb) AS m("commentId" uuid, publication int, block uuid, standing text, span jsonb)
        WHERE r.comment_id = m."commentId"`,
      [
        JSON.stringify(
          remarks.map(({ commentId, publication, block, standing, span }) => ({ commentId, publication, block, standing, span })),
        ),
      ],
    );
  }

  before(chapterId: string, publication: number): Promise<RemarkState[]> {
    return this.transaction.writing.findBy(RemarkRow, { chapterId, publication: LessThan(publication) });
  }

  async reached(chapterId: string, as: 'mover' | 'poster'): Promise<number> {
    const lock = async (): Promise<number | undefined> => {
      const [row] = await this.transaction.writing.query<{ publication: number }[]>(
        `SELECT publication FROM comments.reached WHERE chapter_id = $1 ${as === 'mover' ? 'FOR UPDATE' : 'FOR SHARE'}`,
        [chapterId],
      );
      return row?.publication;
    };
    const there = await lock();
    if (there !== undefined) return there;
    await this.transaction.writing.query(
      `INSERT INTO comments.reached (chapter_id, publication) VALUES ($1, 0) ON CONFLICT DO NOTHING`,
      [chapterId],
    );
    return (await lock())!;
  }

  async setReached(chapterId: string, publication: number): Promise<void> {
    await this.transaction.writing.query(`UPDATE comments.reached SET publication = $2 WHERE chapter_id = $1`, [
      chapterId,
      publication,
    ]);
  }
}
