import { type Actor, isAtLeast } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';

/** Everything a comment remembers, but for where it stands in the text: that moves with the text (comment-anchor.ts). */
export interface CommentState {
  id: string;
  chapterId: string;
  authorId: string;
  /** The comment it answers; null for one that begins a thread. */
  parentId: string | null;
  /** The comment that began the thread: itself, for the first. */
  rootId: string;
  /** 0 for a root. */
  depth: number;
  body: string;
  status: 'shown' | 'withdrawn' | 'hidden';
  createdAt: Date;
}

/** UTF-16 units. */
export const MAX_BODY = 10_000;
/** Deep enough for a quarrel; deeper answers hang on the same parent. */
const MAX_DEPTH = 20;

/**
 * What a reader says about a published chapter, to a paragraph of it or in answer to another comment. Its author may
 * withdraw it and a moderator may hide it; either way its words go and its place in the thread stays, for those who answered.
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

  withdraw(by: Actor): CommentWithdrawn {
    const own = this.state.authorId === by.id;
    if (!own && !isAtLeast(by, 'moderator')) throw new NotYourComment();
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
    super('Say something: the comment is empty.');
  }
}
export class CommentTooLong extends DomainError {
  readonly code = 'comment-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A comment has at most ${MAX_BODY} characters: shorten it, or answer yourself.`);
  }
}
export class CommentNotFound extends DomainError {
  readonly code = 'comment-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such comment, or its chapter is not published.');
  }
}
export class ReplyToDeleted extends DomainError {
  readonly code = 'reply-to-deleted';
  readonly kind = 'conflict';
  constructor() {
    super('That comment was withdrawn, so it cannot be answered. Answer the one above it.');
  }
}
export class NotYourComment extends DomainError {
  readonly code = 'not-your-comment';
  readonly kind = 'forbidden';
  constructor() {
    super('Only who wrote a comment, or a moderator, may take it away.');
  }
}
export class NotOpenForComments extends DomainError {
  readonly code = 'not-open-for-comments';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such chapter, or it is not published: only published chapters take comments.');
  }
}
