import type { Actor } from '#libs/kernel/actor';
import { ChangedMeanwhile, DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import { NOT_TAKEN_DOWN, putBack, takenDown, type TakeDownState } from '#libs/kernel/take-down';
import { type BinState, mustBeDue, mustBeInBin, NOT_DELETED, putInBin } from './bin.js';
import type { ReadingOrder } from './reading-order.js';
import { needTitle, TakenDown } from './work.js';

export interface ChapterState extends BinState, TakeDownState {
  id: string;
  workId: string;
  authorId: string;
  /** Its position in the work: see rank.ts. */
  rank: string;
  title: string;
  status: 'draft' | 'published' | 'unpublished';
  /** Number of the newest revision; 1, 2, 3 … */
  headRevision: number;
  /** The revision that readers see. It stays when the chapter is unpublished. */
  publishedRevision: number | null;
  publishedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts every change. It is the ETag that authors send back as If-Match. */
  version: number;
}

/**
 * One chapter of a work. Its text is a row of immutable revisions. Publishing names **one** of them, so readers see later edits
 * only when those are published too. Unpublishing hides the chapter and deletes nothing; deleting puts it in the bin (bin.ts).
 */
export class Chapter {
  private constructor(private readonly state: ChapterState) {}

  /** Revision 1 is stored together with it. */
  static create(
    by: Actor,
    details: { workId: string; title: string; rank: string },
    now: Date,
  ): { chapter: Chapter; created: ChapterCreated } {
    const chapter = new Chapter({
      id: newId(now.getTime()),
      workId: details.workId,
      authorId: by.id,
      rank: details.rank,
      title: needTitle(details.title),
      status: 'draft',
      headRevision: 1,
      publishedRevision: null,
      publishedAt: null,
      createdAt: now,
      updatedAt: now,
      version: 1,
      ...NOT_DELETED,
      ...NOT_TAKEN_DOWN,
    });
    return { chapter, created: chapter.event('ChapterCreated', { workId: details.workId, authorId: by.id }) };
  }

  static restore(state: ChapterState): Chapter {
    return new Chapter({ ...state });
  }

  /** A new revision, whose blocks were aligned with those of `alignedWith`; the event holds its number. */
  save(by: Actor, expected: number | undefined, alignedWith: number, title: string, now: Date): ChapterSaved {
    this.mustBe(expected);
    if (alignedWith !== this.state.headRevision) throw new ChangedMeanwhile(`"${this.state.version}"`);
    this.state.title = needTitle(title);
    this.state.headRevision++;
    this.touch(now);
    return this.event('ChapterSaved', { workId: this.state.workId, by: by.id, revision: this.state.headRevision });
  }

  /** @param after the chapter of the same work that it should follow; null puts it first. */
  move(by: Actor, expected: number | undefined, order: ReadingOrder, after: string | null, now: Date): ChapterMoved {
    this.mustBe(expected);
    this.state.rank = order.move(this.state.id, after);
    this.touch(now);
    return this.event('ChapterMoved', { workId: this.state.workId, by: by.id });
  }

  /** @param hasText whether that revision has any text. */
  publish(by: Actor, expected: number | undefined, revision: number | undefined, hasText: boolean, now: Date): ChapterPublished {
    this.mustBe(expected);
    const chosen = revision ?? this.state.headRevision;
    if (chosen < 1 || chosen > this.state.headRevision) throw new RevisionNotFound();
    if (this.state.status === 'published' && this.state.publishedRevision === chosen) throw new AlreadyPublished(chosen);
    if (!hasText) throw new NothingToPublish();
    if (this.state.takenDownBecause !== null) throw new TakenDown(this.state.takenDownBecause);
    this.state.status = 'published';
    this.state.publishedRevision = chosen;
    this.state.publishedAt ??= now;
    this.touch(now);
    const published = this.event('ChapterPublished', {
      workId: this.state.workId,
      authorId: this.state.authorId,
      by: by.id,
      revision: chosen,
    });
    return { ...published, subject: { ...published.subject, version: chosen } };
  }

  unpublish(by: Actor, expected: number | undefined, now: Date): ChapterUnpublished {
    this.mustBe(expected);
    if (this.state.status !== 'published') throw new NotPublished();
    this.state.status = 'unpublished';
    this.touch(now);
    return this.event('ChapterUnpublished', { workId: this.state.workId, by: by.id });
  }

  /** Puts it in the bin, where it keeps its rank. */
  delete(by: Actor, expected: number | undefined, now: Date): ChapterDeleted {
    this.mustBe(expected);
    Object.assign(this.state, putInBin(now));
    this.touch(now);
    return this.event('ChapterDeleted', { workId: this.state.workId, by: by.id });
  }

  /** Takes it out of the bin, as it was before: one that was published is published again. @throws NotInBin */
  restore(by: Actor, now: Date): ChapterRestored {
    mustBeInBin(this.state, now);
    Object.assign(this.state, NOT_DELETED);
    this.touch(now);
    return this.event('ChapterRestored', { workId: this.state.workId, by: by.id });
  }

  /** Ends its time in the bin: nobody can restore it from now on, and a worker erases it. @throws NotInBin */
  expire(by: Actor, now: Date): ChapterExpired {
    mustBeInBin(this.state, now);
    this.state.erasedAfter = now;
    return this.event('ChapterExpired', { workId: this.state.workId, by: by.id });
  }

  /** Its rows are removed in the same unit of work. @param work is erased as a whole. @throws NotDue */
  erase(now: Date, work?: 'with its work'): ChapterErased {
    if (!work) mustBeDue(this.state, now);
    return { ...this.event('ChapterErased', { workId: this.state.workId }), erased: true };
  }

  /** By an admin: readers see it no more, and it cannot be published. @throws AlreadyTakenDown, TakeDownReasonNeeded */
  takeDown(by: Actor, reason: string, now: Date): ChapterTakenDown {
    Object.assign(this.state, takenDown(this.state, reason, now));
    this.touch(now);
    return this.event('ChapterTakenDown', { workId: this.state.workId, by: by.id, reason: this.state.takenDownBecause! });
  }

  /** By an admin. @throws NotTakenDown */
  putBack(by: Actor, now: Date): ChapterPutBack {
    Object.assign(this.state, putBack(this.state));
    this.touch(now);
    return this.event('ChapterPutBack', { workId: this.state.workId, by: by.id });
  }

  /** @throws ChangedMeanwhile when its version is another, ChapterNotFound when it was deleted meanwhile. */
  mustBe(expected: number | undefined): void {
    if (this.state.deletedAt) throw new ChapterNotFound();
    if (expected !== undefined && expected !== this.state.version) throw new ChangedMeanwhile(`"${this.state.version}"`);
  }

  get id(): string {
    return this.state.id;
  }

  snapshot(): Readonly<ChapterState> {
    return { ...this.state };
  }

  private touch(now: Date): void {
    this.state.version++;
    this.state.updatedAt = now;
  }

  private event<Type extends string, Data extends object>(type: Type, data: Data): ChapterEvent<Type, Data> {
    const { id, workId } = this.state;
    return { type, v: 1, subject: { kind: 'chapter', id }, about: [id, workId], data };
  }
}

interface ChapterEvent<Type extends string, Data extends object> {
  type: Type;
  v: 1;
  subject: { kind: 'chapter'; id: string };
  about: string[];
  data: Data;
}
export type ChapterCreated = ChapterEvent<'ChapterCreated', { workId: string; authorId: string }>;
/** The draft has a new revision. Readers see it only when it is published. */
export type ChapterSaved = ChapterEvent<'ChapterSaved', { workId: string; by: string; revision: number }>;
export type ChapterMoved = ChapterEvent<'ChapterMoved', { workId: string; by: string }>;

/** A revision was published. Read the chapter for its present state: it may have changed again. */
export type ChapterPublished = ChapterEvent<
  'ChapterPublished',
  { workId: string; authorId: string; by: string; revision: number }
> & {
  subject: { version: number };
};
export type ChapterUnpublished = ChapterEvent<'ChapterUnpublished', { workId: string; by: string }>;
export type ChapterDeleted = ChapterEvent<'ChapterDeleted', { workId: string; by: string }>;
export type ChapterRestored = ChapterEvent<'ChapterRestored', { workId: string; by: string }>;
/** Its owner did not wait for the end of the 30 days. */
export type ChapterExpired = ChapterEvent<'ChapterExpired', { workId: string; by: string }>;
/** Nothing of it is stored in chapters any more: other modules remove what they have of it. */
export type ChapterErased = ChapterEvent<'ChapterErased', { workId: string }> & { erased: true };
export type ChapterTakenDown = ChapterEvent<'ChapterTakenDown', { workId: string; by: string; reason: string }>;
export type ChapterPutBack = ChapterEvent<'ChapterPutBack', { workId: string; by: string }>;

export class ChapterNotFound extends DomainError {
  readonly code = 'chapter-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such chapter, or you may not see it.');
  }
}
export class RevisionNotFound extends DomainError {
  readonly code = 'revision-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('The chapter has no revision of that number: see /revisions for those it has.');
  }
}
export class RevisionNotPublished extends DomainError {
  readonly code = 'revision-not-published';
  readonly kind = 'conflict';
  constructor() {
    super('Readers cannot see that revision of the chapter: fetch the chapter again and name the revision it has now, or none.');
  }
}
export class NotYourChapter extends DomainError {
  readonly code = 'not-your-chapter';
  readonly kind = 'forbidden';
  constructor() {
    super('You may read this chapter, but not do this: ask the owner of its work to make you an editor.');
  }
}
export class AlreadyPublished extends DomainError {
  readonly code = 'already-published';
  readonly kind = 'conflict';
  constructor(revision: number) {
    super(`Revision ${revision} is published already. Save a change first, or name another revision.`, { revision });
  }
}
export class NotPublished extends DomainError {
  readonly code = 'not-published';
  readonly kind = 'conflict';
  constructor() {
    super('The chapter is not published, so it cannot be unpublished.');
  }
}
export class NothingToPublish extends DomainError {
  readonly code = 'nothing-to-publish';
  readonly kind = 'invalid';
  constructor() {
    super('The chapter has no text yet: write a paragraph, save it, then publish.');
  }
}
export class NothingToImport extends DomainError {
  readonly code = 'nothing-to-import';
  readonly kind = 'invalid';
  constructor() {
    super('The file has no text: check that it is the right one.');
  }
}
export class ChapterTooLong extends DomainError {
  readonly code = 'chapter-too-long';
  readonly kind = 'invalid';
  constructor(limit: string) {
    super(`A chapter holds at most ${limit}: split it into two.`);
  }
}
