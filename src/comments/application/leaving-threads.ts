import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { AccountDeleted } from '../../auth/index.js';
import { CommentRepository } from '../domain/ports.js';

/** Comments of one unit of work: each one that was shown takes a lock on the live stream of its chapter. */
const BATCH = 100;

/** What becomes of the comments of an account that was erased. Their author's name is gone with the account. */
@Injectable()
export class LeavingThreads {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly comments: CommentRepository,
  ) {}

  /** Words that nobody sees any more go in any case, those that readers see by choice. Can be repeated. */
  async leave(authorId: string, { comments }: AccountDeleted['data']): Promise<void> {
    while (await this.eraseSome(authorId, comments === 'erase' ? 'all' : 'deleted'));
  }

  private eraseSome(authorId: string, which: 'all' | 'deleted'): Promise<boolean> {
    return this.unitOfWork.run(async ({ record }) => {
      const some = await this.comments.withWordsBy(authorId, which, BATCH);
      for (const comment of some) {
        const withdrawn = comment.eraseWords();
        await this.comments.save(comment);
        await record(...withdrawn);
      }
      return some.length === BATCH;
    });
  }
}
