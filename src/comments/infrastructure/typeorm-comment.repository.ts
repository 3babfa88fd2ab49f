import { Injectable } from '@nestjs/common';
import { In, LessThan, Not } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { Comment, CommentNotFound } from '../domain/comment.js';
import { CommentRepository, CommentAnchorRepository } from '../domain/ports.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';
import { CommentRow, CommentAnchorRow } from './comments.rows.js';

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

  async withWordsBy(authorId: string, which: 'all' | 'deleted', limit: number): Promise<Comment[]> {
    const rows = await this.transaction.writing.find(CommentRow, {
      where: { authorId, body: Not(''), ...(which === 'deleted' && { status: In(['withdrawn', 'hidden']) }) },
      order: { id: 'ASC' },
      take: limit,
      lock: { mode: 'pessimistic_write' },
    });
    return rows.map((row) => Comment.restore(row));
  }
}

@Injectable()
export class TypeormCommentAnchorRepository extends CommentAnchorRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async add(anchor: CommentAnchor): Promise<void> {
    await this.transaction.writing.insert(CommentAnchorRow, anchor);
  }

  async move(anchors: CommentAnchor[]): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE comments.comment_anchor r SET publication = m.publication, block = m.block, status = m.status, span = m.span
         FROM jsonb_to_recordset($1::jsonb) AS m("commentId" uuid, publication int, block uuid, status text, span jsonb)
        WHERE r.comment_id = m."commentId"`,
      [
        JSON.stringify(
          anchors.map(({ commentId, publication, block, status, span }) => ({
            commentId,
            publication,
            block,
            status: status,
            span,
          })),
        ),
      ],
    );
  }

  before(chapterId: string, publication: number): Promise<CommentAnchor[]> {
    return this.transaction.writing.findBy(CommentAnchorRow, { chapterId, publication: LessThan(publication) });
  }

  async lockReanchoringPosition(chapterId: string, as: 'exclusive' | 'shared'): Promise<number> {
    const lock = async (): Promise<number | undefined> => {
      const [row] = await this.transaction.writing.query<{ publication: number }[]>(
        `SELECT publication FROM comments.reanchoring_position WHERE chapter_id = $1 ${as === 'exclusive' ? 'FOR UPDATE' : 'FOR SHARE'}`,
        [chapterId],
      );
      return row?.publication;
    };
    const there = await lock();
    if (there !== undefined) return there;
    await this.transaction.writing.query(
      `INSERT INTO comments.reanchoring_position (chapter_id, publication) VALUES ($1, 0) ON CONFLICT DO NOTHING`,
      [chapterId],
    );
    return (await lock())!;
  }

  async setReanchoringPosition(chapterId: string, publication: number): Promise<void> {
    await this.transaction.writing.query(`UPDATE comments.reanchoring_position SET publication = $2 WHERE chapter_id = $1`, [
      chapterId,
      publication,
    ]);
  }
}
