import { Injectable } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { transferAnchor, Chapters } from '../../chapters/index.js';
import { CommentAnchorRepository } from '../domain/ports.js';
import { reanchor, type AnchorChange } from '../domain/comment-anchor.js';

/**
 * Moves the anchors of a chapter to its newest publication, through every publication in order. It reads the stored position and
 * the present publications, so an event that comes late, twice or out of order changes nothing. Saving a draft moves no anchor.
 */
@Injectable()
export class Reanchoring {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly anchors: CommentAnchorRepository,
    private readonly chapters: Chapters,
    private readonly live: Live,
  ) {}

  catchUp(chapterId: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const position = await this.anchors.lockReanchoringPosition(chapterId, 'exclusive');
      const revisions = await this.chapters.publications(chapterId);
      if (position >= revisions.length) return;
      const changes = new Map<string, AnchorChange>();
      for (let publication = Math.max(position, 1) + 1; publication <= revisions.length; publication++) {
        const here = await this.anchors.before(chapterId, publication);
        if (!here.length) continue;
        const diff = await this.chapters.diff(chapterId, revisions[publication - 2], revisions[publication - 1]);
        const changed = here.flatMap((anchor) => {
          const { quote, span, block, status } = anchor;
          return (
            reanchor(
              anchor,
              publication,
              transferAnchor({ block, status, ...(quote && { quote }), ...(span && { span }) }, diff),
            ) ?? []
          );
        });
        if (changed.length) await this.anchors.move(changed.map(({ anchor }) => anchor));
        for (const move of changed) changes.set(move.change.comment, move.change);
      }
      await this.anchors.setReanchoringPosition(chapterId, revisions.length);
      if (changes.size)
        await this.live.append(`chapter:${chapterId}`, {
          type: 'comments.reanchored',
          body: { revision: revisions[revisions.length - 1], anchors: [...changes.values()] },
        });
    });
  }
}
