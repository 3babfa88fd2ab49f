import type { Comment } from './comment.js';
import type { RemarkState } from './remark.js';

export abstract class CommentRepository {
  /** Locks it until the unit of work ends. @throws CommentNotFound */
  abstract get(id: string): Promise<Comment>;
  abstract save(comment: Comment): Promise<void>;
}

export abstract class RemarkRepository {
  abstract add(remark: RemarkState): Promise<void>;
  abstract move(remarks: RemarkState[]): Promise<void>;
  /** Remarks of a chapter that were made, or moved last, before this publication. */
  abstract before(chapterId: string, publication: number): Promise<RemarkState[]>;
  /**
   * Up to which publication the chapter's remarks were moved. Locks the number: alone for who moves them, together for
   * those who post, so that nobody posts into a publication that is being left.
   */
  abstract reached(chapterId: string, as: 'mover' | 'poster'): Promise<number>;
  abstract setReached(chapterId: string, publication: number): Promise<void>;
}
