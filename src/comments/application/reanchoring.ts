import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Chapters } from '../../chapters/index.js';
import { reanchor, reanchored, type CommentAnchor } from '../domain/comment-anchor.js';
import { CommentAnchorRepository } from '../domain/ports.js';

/** What is true before anything is computed, and must still be true when it is stored. */
interface Start {
  readonly position: number;
  readonly revisions: readonly number[];
  readonly anchors: readonly CommentAnchor[];
}

/**
 * Moves the anchors of a chapter to its newest publication, through every publication in order. It reads the stored position and
 * the present publications, so an event that comes late, twice or out of order changes nothing. Saving a draft moves no anchor.
 *
 * Thousands of anchors take seconds of CPU: that is done in threads between two short units of work. The second one stores the result
 * only if the first one's reading still holds, else all is done again.
 */
@Injectable()
export class Reanchoring {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly anchors: CommentAnchorRepository,
    private readonly chapters: Chapters,
  ) {}

  /** @param markHandled called in the unit of work that stores the result; false when another run was faster */
  async catchUp(chapterId: string, markHandled: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const start = await this.unitOfWork.run(() => this.read(chapterId));
      const moved = await this.moved(chapterId, start);
      const isDone = await this.unitOfWork.run(async ({ record }) => {
        if (!isSame(start, await this.read(chapterId))) return false;
        if (!(await markHandled())) return true;
        await this.store(chapterId, start, moved);
        const ids = moved.map(({ commentId }) => commentId);
        await record(...reanchored(chapterId, start.revisions[start.revisions.length - 1], ids));
        return true;
      });
      if (isDone) return;
    }
  }

  private async read(chapterId: string): Promise<Start> {
    const position = await this.anchors.lockReanchoringPosition(chapterId, 'exclusive');
    const revisions = await this.chapters.publications(chapterId);
    const isBehind = position < revisions.length;
    return { position, revisions, anchors: isBehind ? await this.anchors.before(chapterId, revisions.length) : [] };
  }

  /** @returns the anchors that stand elsewhere, or stand differently. */
  private async moved(chapterId: string, { position, revisions, anchors }: Start): Promise<CommentAnchor[]> {
    const now = new Map(anchors.map((anchor) => [anchor.commentId, anchor]));
    const moved = new Set<string>();
    for (let publication = Math.max(position, 1) + 1; publication <= revisions.length; publication++) {
      const here = [...now.values()].filter((anchor) => anchor.publication < publication);
      const [from, to] = [revisions[publication - 2], revisions[publication - 1]];
      const targets = await this.chapters.transferAnchors(chapterId, from, to, here.map(targetOf));
      here.forEach((anchor, i) => {
        const changed = reanchor(anchor, publication, targets[i]);
        if (!changed) return;
        now.set(anchor.commentId, changed);
        moved.add(anchor.commentId);
      });
    }
    return [...moved].map((id) => now.get(id)!);
  }

  private async store(chapterId: string, { position, revisions }: Start, moved: CommentAnchor[]): Promise<void> {
    if (position >= revisions.length) return;
    if (moved.length) await this.anchors.move(moved);
    await this.anchors.setReanchoringPosition(chapterId, revisions.length);
  }
}

const targetOf = ({ block, status, quote, span }: CommentAnchor) => ({
  block,
  status,
  ...(quote && { quote }),
  ...(span && { span }),
});

/** Anchors only appear, as comments are posted, or move, which raises the position. */
function isSame(one: Start, other: Start): boolean {
  return (
    one.position === other.position &&
    one.revisions.length === other.revisions.length &&
    one.anchors.length === other.anchors.length
  );
}
