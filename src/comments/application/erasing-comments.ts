import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { CommentErasure } from '../domain/ports.js';

/** Comments of one chapter can be many thousands. */
const BATCH = 1_000;

/** Removes every comment of a chapter that was erased. Nobody posts to it any more: there is no such chapter. */
@Injectable()
export class ErasingComments {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly comments: CommentErasure,
  ) {}

  /** In units of work of its own. @param markHandled called in the last of them */
  async ofChapter(chapterId: string, markHandled: () => Promise<boolean>): Promise<void> {
    for (let removed = BATCH; removed === BATCH;)
      removed = await this.unitOfWork.run(() => this.comments.removeSome(chapterId, BATCH));
    await this.unitOfWork.run(async () => {
      if (await markHandled()) await this.comments.removePositions(chapterId);
    });
  }
}
