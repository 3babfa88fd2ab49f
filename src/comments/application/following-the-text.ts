import { Injectable } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { carry, Chapters } from '../../chapters/index.js';
import { RemarkRepository } from '../domain/ports.js';
import { moveOn, type RemarkMoved } from '../domain/remark.js';

/**
 * Moves remarks on when a chapter is published anew: through every publication in order, one after the other, up to the
 * newest. It looks at what is true now and at the number it has reached, so being told late, twice or out of order is all
 * the same; draft saves touch no remark.
 */
@Injectable()
export class FollowingTheText {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly remarks: RemarkRepository,
    private readonly chapters: Chapters,
    private readonly live: Live,
  ) {}

  catchUp(chapterId: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const reached = await this.remarks.reached(chapterId, 'mover');
      const revisions = await this.chapters.publications(chapterId);
      if (reached >= revisions.length) return;
      const told = new Map<string, RemarkMoved>();
      for (let publication = Math.max(reached, 1) + 1; publication <= revisions.length; publication++) {
        const here = await this.remarks.before(chapterId, publication);
        if (!here.length) continue;
        const step = await this.chapters.passage(chapterId, revisions[publication - 2], revisions[publication - 1]);
        const changed = here.flatMap((remark) => {
          const { quote, span, block, standing } = remark;
          return (
            moveOn(remark, publication, carry({ block, standing, ...(quote && { quote }), ...(span && { span }) }, step)) ?? []
          );
        });
        if (changed.length) await this.remarks.move(changed.map(({ remark }) => remark));
        for (const move of changed) told.set(move.told.comment, move.told);
      }
      await this.remarks.setReached(chapterId, revisions.length);
      if (told.size)
        await this.live.append(`chapter:${chapterId}`, {
          type: 'remarks.moved',
          body: { revision: revisions[revisions.length - 1], remarks: [...told.values()] },
        });
    });
  }
}
