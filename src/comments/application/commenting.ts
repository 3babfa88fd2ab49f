import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import type { TakeDownState } from '#libs/kernel/take-down';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { type Anchor, ChapterNotFound, Chapters, type QuoteRequest } from '../../chapters/index.js';
import { Comment, CommentNotFound, type CommentState } from '../domain/comment.js';
import { authorize, can, type Facts } from '../domain/policy.js';
import { CommentRepository, CommentAnchorRepository } from '../domain/ports.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';

/** An anchor on its way from one revision to another. */
interface Transferred {
  readonly from: number;
  readonly to: number;
  readonly anchor: Anchor;
}

/** Use cases of readers: post, reply, withdraw; and of admins: take down, put back. */
@Injectable()
export class Commenting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly comments: CommentRepository,
    private readonly anchors: CommentAnchorRepository,
    private readonly chapters: Chapters,
  ) {}

  /** Starts a thread. An anchor on an older revision is transferred to the revision that was published meanwhile. */
  async post(by: Actor, chapterId: string, body: string, target?: QuoteRequest): Promise<string> {
    // computed outside of any unit of work, because it may wait for a thread
    let transferred: Transferred | undefined;
    for (;;) {
      const posted = await this.unitOfWork.run(async ({ now, record }) => {
        const { comment, posted } = Comment.post(by, chapterId, body, now);
        if (!target && !can(by, 'comment:create', await this.facts(by, comment))) throw new ChapterNotFound();
        const anchor = target && (await this.createAnchor(comment, target, transferred));
        if (anchor && 'from' in anchor) return anchor;
        await this.comments.save(comment);
        if (anchor) await this.anchors.add(anchor);
        await record(posted);
        return comment.id;
      });
      if (typeof posted === 'string') return posted;
      const [anchor] = await this.chapters.transferAnchors(chapterId, posted.from, posted.to, [posted.anchor]);
      transferred = { ...posted, anchor };
    }
  }

  reply(by: Actor, commentId: string, body: string): Promise<string> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const parent = await this.comments.get(commentId);
      if (!can(by, 'comment:create', await this.facts(by, parent))) throw new CommentNotFound();
      const { comment: answer, posted } = parent.reply(by, body, now);
      await this.comments.save(answer);
      await record(posted);
      return answer.id;
    });
  }

  withdraw(by: Actor, commentId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const comment = await this.comments.get(commentId);
      authorize(by, 'comment:delete', await this.facts(by, comment));
      const withdrawn = comment.withdraw(by);
      await this.comments.save(comment);
      await record(withdrawn);
    });
  }

  /** By an admin: nobody but its author and admins sees the words, until it is put back. */
  takeDown(by: Actor, commentId: string, reason: string): Promise<Readonly<TakeDownState>> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const comment = await this.comments.get(commentId);
      authorize(by, 'comment:take-down', await this.facts(by, comment));
      const takenDown = comment.takeDown(reason, now);
      await this.comments.save(comment);
      await record(takenDown);
      return comment.snapshot();
    });
  }

  putBack(by: Actor, commentId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const comment = await this.comments.get(commentId);
      authorize(by, 'comment:take-down', await this.facts(by, comment));
      const putBack = comment.putBack();
      await this.comments.save(comment);
      await record(putBack);
    });
  }

  /** @returns the anchor, or what has to be transferred from the revision that the reader saw to the newest one first */
  private async createAnchor(
    comment: Comment,
    request: QuoteRequest,
    transferred: Transferred | undefined,
  ): Promise<CommentAnchor | Transferred> {
    const { chapterId } = comment;
    await this.anchors.lockReanchoringPosition(chapterId, 'shared');
    // asked after the lock: the transaction that moved anchors has committed, so the newest publication is the one they are valid
    // for
    const quoted = await this.chapters.quote(chapterId, request);
    if (!quoted?.chapter.revision) throw new ChapterNotFound();
    const { chapter, revision, text, anchor } = quoted;
    const to = quoted.chapter.revision;
    const isThere = revision === to || (transferred?.from === revision && transferred.to === to);
    if (!isThere) return { from: revision, to, anchor };
    const now = revision === to ? anchor : transferred!.anchor;
    return toCommentAnchor(comment, now, chapter.publication, { revision, block: anchor.block, text });
  }

  private async facts(by: Actor, comment: Comment): Promise<Facts> {
    const isOwn = comment.isBy(by);
    const isOpen = Boolean((await this.chapters.summary(comment.chapterId, 'held'))?.revision);
    return { isOpen, isOwn, moderates: !isOwn && (await this.chapters.can(by, 'chapter:moderate', comment.chapterId)) };
  }
}

const toCommentAnchor = (
  comment: Comment,
  anchor: Anchor,
  publication: number,
  origin: CommentAnchor['origin'],
): CommentAnchor => ({
  commentId: comment.id,
  chapterId: comment.chapterId,
  publication,
  block: anchor.block,
  status: anchor.status,
  quote: anchor.quote ?? null,
  span: anchor.span ?? null,
  origin,
});

/**
 * A comment as it is shown, in the live event and in the REST answer.
 * @param author undefined when the account was erased
 * @param seesTakenDown whether it is for its author or an admin
 */
export function presentComment(
  { id, chapterId, parentId, rootId, depth, body, status, createdAt, takenDownAt, takenDownBecause }: CommentState,
  author: { id: string; name: string } | undefined,
  anchor: CommentAnchor | undefined,
  shownRevisions: readonly number[],
  seesTakenDown = false,
): PresentedComment {
  const isTakenDown = status === 'taken-down';
  const hasWords = status === 'shown' || (isTakenDown && seesTakenDown);
  const isShown = anchor !== undefined && shownRevisions.includes(anchor.origin.revision);
  return {
    id,
    chapterId,
    parentId,
    rootId,
    depth,
    author: (hasWords && author) || null,
    body: hasWords ? body : null,
    status: isTakenDown && !seesTakenDown ? 'hidden' : status,
    takenDown: isTakenDown && seesTakenDown ? { at: takenDownAt!.toISOString(), reason: takenDownBecause! } : null,
    createdAt: createdAt.toISOString(),
    anchor: anchor
      ? {
          block: anchor.block,
          status: anchor.status,
          quote: isShown ? (anchor.quote?.exact ?? null) : null,
          span: anchor.span,
          origin: isShown ? anchor.origin : { ...anchor.origin, text: null },
        }
      : null,
  };
}

export interface PresentedComment {
  id: string;
  chapterId: string;
  parentId: string | null;
  rootId: string;
  depth: number;
  author: { id: string; name: string } | null;
  body: string | null;
  status: CommentState['status'];
  takenDown: { at: string; reason: string } | null;
  createdAt: string;
  anchor: {
    block: string;
    status: CommentAnchor['status'];
    quote: string | null;
    span: CommentAnchor['span'];
    /** `text` is null once that revision was retracted. */
    origin: Omit<CommentAnchor['origin'], 'text'> & { text: string | null };
  } | null;
}
