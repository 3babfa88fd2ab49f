import type { Comment } from './comment.js';
import type { CommentAnchor } from './comment-anchor.js';

export abstract class CommentRepository {
  /** Locks it until the unit of work ends. @throws CommentNotFound */
  abstract get(id: string): Promise<Comment>;
  abstract save(comment: Comment): Promise<void>;
  /**
   * Some comments of an account that still have words, locked until the unit of work ends.
   * @param which `deleted`: only those that nobody sees and nobody can put back.
   */
  abstract withWordsBy(authorId: string, which: 'all' | 'deleted', limit: number): Promise<Comment[]>;
}

export abstract class CommentAnchorRepository {
  abstract add(anchor: CommentAnchor): Promise<void>;
  abstract move(anchors: CommentAnchor[]): Promise<void>;
  /** Anchors of a chapter that were made, or moved last, before this publication. */
  abstract before(chapterId: string, publication: number): Promise<CommentAnchor[]>;
  /**
   * The publication that the anchors of the chapter have reached. Locks the number: exclusively for the transaction that moves
   * anchors, shared for those that post, so that nobody posts to a publication that is being left.
   */
  abstract lockReanchoringPosition(chapterId: string, as: 'exclusive' | 'shared'): Promise<number>;
  abstract setReanchoringPosition(chapterId: string, publication: number): Promise<void>;
}

/** Removes what a chapter that was erased leaves here, in small steps. */
export abstract class CommentErasure {
  /** Removes comments of a chapter that was erased, at most `limit`, answers before what they answer. @returns how many */
  abstract removeSome(chapterId: string, limit: number): Promise<number>;
  /** Removes what else is stored about such a chapter, once it has no comments. */
  abstract removePositions(chapterId: string): Promise<void>;
}
