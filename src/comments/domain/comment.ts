import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';

/** The state of a comment. Its anchor is separate, because that moves with the text (comment-anchor.ts). */
export interface CommentState {
  id: string;
  chapterId: string;
  authorId: string;
  /** The comment it replies to; null for a root. */
  parentId: string | null;
  /** The root of the thread: the comment itself, for a root. */
  rootId: string;
  /** 0 for a root. */
  depth: number;
  body: string;
  status: 'shown' | 'withdrawn' | 'hidden';
  createdAt: Date;
}

/** UTF-16 units. */
export const MAX_BODY = 10_000;
/** Replies at this depth get the same parent as the comment they reply to. */
const MAX_DEPTH = 20;

/**
 * A comment of a reader on a published chapter, on a paragraph of it, or in reply to another comment. Its author may withdraw it
 * and a moderator may hide it: its words are removed and its place in the thread stays, so that the replies stay.
 */
export class Comment {
  private constructor(private readonly state: CommentState) {}

  static post(by: Actor, chapterId: string, body: string, now: Date): { comment: Comment; posted: CommentPosted } {
    const id = newId(now.getTime());
    const comment = new Comment({
      id,
      chapterId,
      authorId: by.id,
      parentId: null,
      rootId: id,
      depth: 0,
      body: normalizeBody(body),
      status: 'shown',
      createdAt: now,
    });
    return { comment, posted: comment.posted() };
  }

  reply(by: Actor, body: string, now: Date): { comment: Comment; posted: CommentPosted } {
    if (this.state.status !== 'shown') throw new ReplyToDeleted();
    const deep = this.state.depth >= MAX_DEPTH;
    const comment = new Comment({
      id: newId(now.getTime()),
      chapterId: this.state.chapterId,
      authorId: by.id,
      parentId: deep ? this.state.parentId : this.state.id,
      rootId: this.state.rootId,
      depth: deep ? this.state.depth : this.state.depth + 1,
      body: normalizeBody(body),
      status: 'shown',
      createdAt: now,
    });
    return { comment, posted: comment.posted() };
  }

  static restore(state: CommentState): Comment {
    return new Comment({ ...state });
  }

  isBy(actor: Actor): boolean {
    return this.state.authorId === actor.id;
  }

  /** Withdrawn by its author, hidden by anybody else. */
  withdraw(by: Actor): CommentWithdrawn {
    const own = this.isBy(by);
    if (this.state.status !== 'shown') throw new CommentNotFound();
    this.state.status = own ? 'withdrawn' : 'hidden';
    return {
      type: 'CommentWithdrawn',
      v: 1,
      subject: { kind: 'comment', id: this.state.id },
      about: [this.state.chapterId],
      data: { chapterId: this.state.chapterId, by: own ? 'author' : 'moderator' },
    };
  }

  private posted(): CommentPosted {
    const { id, chapterId, authorId, parentId } = this.state;
    return {
      type: 'CommentPosted',
      v: 1,
      subject: { kind: 'comment', id },
      about: [chapterId],
      data: { chapterId, authorId, parentId },
    };
  }

  get id(): string {
    return this.state.id;
  }
  get chapterId(): string {
    return this.state.chapterId;
  }

  snapshot(): Readonly<CommentState> {
    return { ...this.state };
  }
}

function normalizeBody(body: string): string {
  const text = body.normalize('NFC').replace(/\r\n?/g, '\n').trim();
  if (!text) throw new EmptyComment();
  if (text.length > MAX_BODY) throw new CommentTooLong();
  return text;
}

export type CommentPosted = {
  type: 'CommentPosted';
  v: 1;
  subject: { kind: 'comment'; id: string };
  about: string[];
  data: { chapterId: string; authorId: string; parentId: string | null };
};
export type CommentWithdrawn = {
  type: 'CommentWithdrawn';
  v: 1;
  subject: { kind: 'comment'; id: string };
  about: string[];
  data: { chapterId: string; by: 'author' | 'moderator' };
};

export class EmptyComment extends DomainError {
  readonly code = 'empty-comment';
  readonly kind = 'invalid';
  constructor() {
    super('Write something: the comment is empty.');
  }
}
export class CommentTooLong extends DomainError {
  readonly code = 'comment-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A comment has at most ${MAX_BODY} characters: shorten it, or continue in a reply.`);
  }
}
export class CommentNotFound extends DomainError {
  readonly code = 'comment-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such comment, or you may not see it.');
  }
}
export class ReplyToDeleted extends DomainError {
  readonly code = 'reply-to-deleted';
  readonly kind = 'conflict';
  constructor() {
    super('That comment was withdrawn, so nobody can reply to it. Reply to the comment above it.');
  }
}
export class NotYourComment extends DomainError {
  readonly code = 'not-your-comment';
  readonly kind = 'forbidden';
  constructor() {
    super('Only the author of a comment or a moderator can delete it.');
  }
}
