import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import { NOT_TAKEN_DOWN, putBack, takenDown, type TakeDownState } from '#libs/kernel/take-down';

/** The state of a comment. Its anchor is separate, because that moves with the text (comment-anchor.ts). */
export interface CommentState extends TakeDownState {
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
  /** `withdrawn`: deleted by its author. `hidden`: deleted by a moderator. `taken-down`: hidden by an admin, who can put it back. */
  status: 'shown' | 'withdrawn' | 'hidden' | 'taken-down';
  createdAt: Date;
}

/** UTF-16 units. */
export const MAX_BODY = 10_000;
/** Replies at this depth get the same parent as the comment they reply to. */
const MAX_DEPTH = 20;

/**
 * A comment of a reader on a published chapter, on a paragraph of it, or in reply to another comment. Its author may withdraw it
 * and a moderator may hide it: its words are removed and its place in the thread stays, so that the replies stay. An admin may take
 * it down: then only its author and admins see the words, until it is put back.
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
      ...NOT_TAKEN_DOWN,
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
      ...NOT_TAKEN_DOWN,
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
    if (this.state.status !== 'shown' && !(own && this.isTakenDown)) throw new CommentNotFound();
    Object.assign(this.state, { status: own ? 'withdrawn' : 'hidden', ...NOT_TAKEN_DOWN });
    return this.event('CommentWithdrawn', { by: own ? 'author' : 'moderator' });
  }

  /** Its author's account was erased, and the words with it. @returns nothing when readers saw none. */
  eraseWords(): CommentWithdrawn[] {
    const wasShown = this.state.status === 'shown';
    if (wasShown || this.isTakenDown) Object.assign(this.state, { status: 'withdrawn', ...NOT_TAKEN_DOWN });
    this.state.body = '';
    return wasShown ? [this.event('CommentWithdrawn', { by: 'author' })] : [];
  }

  /** By an admin. @throws AlreadyTakenDown, TakeDownReasonNeeded, CommentNotFound when it was deleted */
  takeDown(reason: string, now: Date): CommentTakenDown {
    const down = takenDown(this.state, reason, now);
    if (this.state.status !== 'shown') throw new CommentNotFound();
    Object.assign(this.state, { status: 'taken-down', ...down });
    return this.event('CommentTakenDown', { reason: down.takenDownBecause! });
  }

  /** By an admin. @throws NotTakenDown */
  putBack(): CommentPutBack {
    Object.assign(this.state, { ...putBack(this.state), status: 'shown' });
    return this.event('CommentPutBack', {});
  }

  private get isTakenDown(): boolean {
    return this.state.status === 'taken-down';
  }

  private posted(): CommentPosted {
    const { authorId, parentId } = this.state;
    return this.event('CommentPosted', { authorId, parentId });
  }

  private event<Type extends string, Data extends object>(type: Type, data: Data): CommentEvent<Type, Data> {
    const { id, chapterId } = this.state;
    return { type, v: 1, subject: { kind: 'comment', id }, about: [chapterId], data: { chapterId, ...data } };
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

interface CommentEvent<Type extends string, Data extends object> {
  type: Type;
  v: 1;
  subject: { kind: 'comment'; id: string };
  about: string[];
  data: Data & { chapterId: string };
}
export type CommentPosted = CommentEvent<'CommentPosted', { authorId: string; parentId: string | null }>;
export type CommentWithdrawn = CommentEvent<'CommentWithdrawn', { by: 'author' | 'moderator' }>;
export type CommentTakenDown = CommentEvent<'CommentTakenDown', { reason: string }>;
export type CommentPutBack = CommentEvent<'CommentPutBack', object>;

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
