import { Injectable } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Chapters } from '../../chapters/index.js';
import { reanchor, type AnchorChange, type CommentAnchor } from '../domain/comment-anchor.js';
import { CommentAnchorRepository } from '../domain/ports.js';

/** What is true before anything is computed, and must still be true when it is stored. */
interface Start {
  readonly position: number;
  readonly revisions: readonly number[];
  readonly anchors: readonly CommentAnchor[];
}

interface Moved {
  readonly anchors: readonly CommentAnchor[];
  readonly changes: readonly AnchorChange[];
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
    private readonly live: Live,
  ) {}

  /** @param markHandled called in the unit of work that stores the result; false when another run was faster */
  async catchUp(chapterId: string, markHandled: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const start = await this.unitOfWork.run(() => this.read(chapterId));
      const moved = await this.moved(chapterId, start);
      const isDone = await this.unitOfWork.run(async () => {
        if (!isSame(start, await this.read(chapterId))) return false;
        if (await markHandled()) await this.store(chapterId, start, moved);
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

  private async moved(chapterId: string, { position, revisions, anchors }: Start): Promise<Moved> {
    const now = new Map(anchors.map((anchor) => [anchor.commentId, anchor]));
    const changes = new Map<string, AnchorChange>();
    for (let publication = Math.max(position, 1) + 1; publication <= revisions.length; publication++) {
      const here = [...now.values()].filter((anchor) => anchor.publication < publication);
      const [from, to] = [revisions[publication - 2], revisions[publication - 1]];
      const targets = await this.chapters.transferAnchors(chapterId, from, to, here.map(targetOf));
      here.forEach((anchor, i) => {
        const moved = reanchor(anchor, publication, targets[i]);
        if (!moved) return;
        now.set(anchor.commentId, moved.anchor);
        changes.set(anchor.commentId, moved.change);
      });
    }
    return { anchors: [...changes.keys()].map((id) => now.get(id)!), changes: [...changes.values()] };
  }

  private async store(chapterId: string, { position, revisions }: Start, { anchors, changes }: Moved): Promise<void> {
    if (position >= revisions.length) return;
    if (anchors.length) await this.anchors.move([...anchors]);
    await this.anchors.setReanchoringPosition(chapterId, revisions.length);
    if (changes.length)
      await this.live.append(`chapter:${chapterId}`, {
        type: 'comments.reanchored',
        body: { revision: revisions[revisions.length - 1], anchors: [...changes] },
      });
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
