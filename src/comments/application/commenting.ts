import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { Live } from '#libs/kernel/live';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Accounts } from '../../auth/index.js';
import { type Anchor, carry, Chapters, type QuoteRequest } from '../../chapters/index.js';
import { Comment, type CommentState, NotOpenForComments } from '../domain/comment.js';
import { CommentRepository, RemarkRepository } from '../domain/ports.js';
import type { RemarkState } from '../domain/remark.js';

/** What readers do: post, answer, take back. */
@Injectable()
export class Commenting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly comments: CommentRepository,
    private readonly remarks: RemarkRepository,
    private readonly chapters: Chapters,
    private readonly accounts: Accounts,
    private readonly live: Live,
  ) {}

  /** Begins a thread. Posted to the text on the reader's screen, it is carried to the text published meanwhile. */
  post(by: Actor, chapterId: string, body: string, pointing?: QuoteRequest): Promise<string> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const { comment, posted } = Comment.post(by, chapterId, body, now);
      if (!pointing) await this.mustBeOpen(chapterId);
      const remark = pointing && (await this.pin(comment, pointing));
      await this.comments.save(comment);
      if (remark) await this.remarks.add(remark);
      await record(posted);
      await this.tell(comment, remark);
      return comment.id;
    });
  }

  reply(by: Actor, commentId: string, body: string): Promise<string> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const parent = await this.comments.get(commentId);
      await this.mustBeOpen(parent.chapterId);
      const { comment: answer, posted } = parent.reply(by, body, now);
      await this.comments.save(answer);
      await record(posted);
      await this.tell(answer, undefined);
      return answer.id;
    });
  }

  withdraw(by: Actor, commentId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const comment = await this.comments.get(commentId);
      const withdrawn = comment.withdraw(by);
      await this.comments.save(comment);
      await record(withdrawn);
      await this.live.append(`chapter:${comment.chapterId}`, { type: 'comment.withdrawn', body: { id: comment.id } });
    });
  }

  private async pin(comment: Comment, request: QuoteRequest): Promise<RemarkState> {
    const { chapterId } = comment;
    await this.remarks.reached(chapterId, 'poster');
    // asked after the lock: whoever moves remarks on has committed, so the newest publication is the one they worked up to
    const quoted = await this.chapters.quote(chapterId, request);
    if (!quoted?.chapter.revision) throw new NotOpenForComments();
    const { chapter, revision, text, anchor } = quoted;
    const now =
      revision === chapter.revision
        ? anchor
        : carry(anchor, await this.chapters.passage(chapterId, revision, quoted.chapter.revision));
    return remarkOf(comment, now, chapter.publication, { revision, block: anchor.block, text });
  }

  private async tell(comment: Comment, remark: RemarkState | undefined): Promise<void> {
    const state = comment.snapshot();
    const author = (await this.accounts.cards([state.authorId])).get(state.authorId) ?? { id: state.authorId, name: '' };
    await this.live.append(`chapter:${state.chapterId}`, {
      type: 'comment.posted',
      body: shown(state, author, remark, remark ? [remark.madeAt.revision] : []),
    });
  }

  private async mustBeOpen(chapterId: string): Promise<void> {
    if (!(await this.chapters.card(chapterId))?.revision) throw new NotOpenForComments();
  }
}

const remarkOf = (comment: Comment, anchor: Anchor, publication: number, madeAt: RemarkState['madeAt']): RemarkState => ({
  commentId: comment.id,
  chapterId: comment.chapterId,
  publication,
  block: anchor.block,
  standing: anchor.standing,
  quote: anchor.quote ?? null,
  span: anchor.span ?? null,
  madeAt,
});

/** A comment as listeners and readers get it; one shape for the live event and the REST answer. */
export function shown(
  { id, chapterId, parentId, rootId, depth, body, status, createdAt }: CommentState,
  author: { id: string; name: string },
  remark: RemarkState | undefined,
  shownRevisions: readonly number[],
): ShownComment {
  const isShown = remark !== undefined && shownRevisions.includes(remark.madeAt.revision);
  return {
    id,
    chapterId,
    parentId,
    rootId,
    depth,
    author: status === 'shown' ? author : null,
    body: status === 'shown' ? body : null,
    status,
    createdAt: createdAt.toISOString(),
    place: remark
      ? {
          block: remark.block,
          standing: remark.standing,
          quote: isShown ? (remark.quote?.exact ?? null) : null,
          span: remark.span,
          madeAt: isShown ? remark.madeAt : { ...remark.madeAt, text: null },
        }
      : null,
  };
}

export interface ShownComment {
  id: string;
  chapterId: string;
  parentId: string | null;
  rootId: string;
  depth: number;
  author: { id: string; name: string } | null;
  body: string | null;
  status: CommentState['status'];
  createdAt: string;
  place: {
    block: string;
    standing: RemarkState['standing'];
    quote: string | null;
    span: RemarkState['span'];
    /** `text` is null once that revision was taken back. */
    madeAt: Omit<RemarkState['madeAt'], 'text'> & { text: string | null };
  } | null;
}
