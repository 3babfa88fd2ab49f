import type { InMemoryTable, InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import type { CommentAnchor } from './comment-anchor.js';
import { Comment, CommentNotFound, type CommentState } from './comment.js';
import { CommentAnchorRepository, CommentRepository } from './ports.js';

export class InMemoryCommentRepository extends CommentRepository {
  readonly rows: InMemoryTable<CommentState>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
  }

  async get(id: string): Promise<Comment> {
    await this.rows.lock(id);
    const row = this.rows.get(id);
    if (!row) throw new CommentNotFound();
    return Comment.restore(row);
  }

  save(comment: Comment): Promise<void> {
    return this.rows.put(comment.id, comment.snapshot());
  }

  async withWordsBy(authorId: string, which: 'all' | 'deleted', limit: number): Promise<Comment[]> {
    const found = this.rows
      .all()
      .filter((row) => row.authorId === authorId && row.body !== '')
      .filter(({ status }) => which === 'all' || status === 'withdrawn' || status === 'hidden')
      .slice(0, limit);
    for (const { id } of found) await this.rows.lock(id);
    return found.map((row) => Comment.restore(row));
  }
}

export class InMemoryCommentAnchorRepository extends CommentAnchorRepository {
  readonly rows: InMemoryTable<CommentAnchor>;
  private readonly positions: InMemoryTable<{ publication: number }>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
    this.positions = unitOfWork.table();
  }

  add(anchor: CommentAnchor): Promise<void> {
    return this.rows.put(anchor.commentId, anchor);
  }

  async move(anchors: CommentAnchor[]): Promise<void> {
    for (const { commentId, publication, block, status, span } of anchors) {
      await this.rows.lock(commentId);
      const row = this.rows.get(commentId);
      if (row) await this.rows.put(commentId, { ...row, publication, block, status, span });
    }
  }

  async before(chapterId: string, publication: number): Promise<CommentAnchor[]> {
    return this.rows.all().filter((anchor) => anchor.chapterId === chapterId && anchor.publication < publication);
  }

  async lockReanchoringPosition(chapterId: string, as: 'exclusive' | 'shared'): Promise<number> {
    await this.positions.lock(chapterId, as);
    return this.positions.get(chapterId)?.publication ?? 0;
  }

  setReanchoringPosition(chapterId: string, publication: number): Promise<void> {
    return this.positions.put(chapterId, { publication });
  }
}
