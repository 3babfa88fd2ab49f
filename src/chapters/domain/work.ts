import type { Actor } from '#libs/kernel/actor';
import { ChangedMeanwhile, DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import { NOT_TAKEN_DOWN, putBack, takenDown, type TakeDownState } from '#libs/kernel/take-down';
import { type BinState, mustBeDue, mustBeInBin, NOT_DELETED, putInBin, WorkInBin } from './bin.js';

export interface WorkState extends BinState, TakeDownState {
  id: string;
  ownerId: string;
  title: string;
  summary: string;
  /** BCP 47: `en`, `zh`, `pt-BR` … Decides alignment, captions and the default voice. */
  language: string;
  /** Object key of the cover picture. */
  cover: string | null;
  createdAt: Date;
  version: number;
  /** Everybody with a role on it but its owner. */
  members: readonly MemberState[];
}

/** Roles that a member can be invited to. The owner becomes one by creating the work, or when it is transferred. */
export const MEMBER_ROLES = ['editor', 'moderator', 'beta-reader'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

export interface MemberState {
  accountId: string;
  role: MemberRole;
  joinedAt: Date;
}

/** Members of one work, its owner not counted. */
export const MAX_MEMBERS = 100;

/**
 * A serial, which has chapters. Everyone sees it once a chapter of it is published, unless it is in the bin or an admin took it
 * down: then nobody sees its chapters either.
 */
export class Work {
  private constructor(private readonly state: WorkState) {}

  static create(
    by: Actor,
    details: { title: string; summary?: string; language: string },
    now: Date,
  ): { work: Work; created: WorkCreated } {
    const work = new Work({
      id: newId(now.getTime()),
      ownerId: by.id,
      title: needTitle(details.title),
      summary: needSummary(details.summary ?? ''),
      language: needLanguage(details.language),
      cover: null,
      createdAt: now,
      version: 1,
      members: [],
      ...NOT_DELETED,
      ...NOT_TAKEN_DOWN,
    });
    return { work, created: work.event('WorkCreated', { ownerId: by.id }) };
  }

  static restore(state: WorkState): Work {
    return new Work({ ...state, members: [...state.members] });
  }

  update(by: Actor, expected: number | undefined, change: { title?: string; summary?: string; language?: string }): WorkUpdated {
    this.mustBe(expected);
    if (change.title !== undefined) this.state.title = needTitle(change.title);
    if (change.summary !== undefined) this.state.summary = needSummary(change.summary);
    if (change.language !== undefined) this.state.language = needLanguage(change.language);
    this.state.version++;
    const changed = (['title', 'summary', 'language'] as const).filter((member) => change[member] !== undefined);
    return this.event('WorkUpdated', { by: by.id, changed });
  }

  /** The event names the cover that was replaced: once nothing refers to that object, it can be deleted. */
  changeCover(by: Actor, expected: number | undefined, key: string): WorkCoverChanged {
    this.mustBe(expected);
    const replaced = this.state.cover;
    this.state.cover = key;
    this.state.version++;
    return this.event('WorkCoverChanged', { by: by.id, replaced });
  }

  /** @returns undefined when it has none. */
  removeCover(by: Actor, expected: number | undefined): WorkCoverChanged | undefined {
    this.mustBe(expected);
    const replaced = this.state.cover;
    if (replaced === null) return undefined;
    this.state.cover = null;
    this.state.version++;
    return this.event('WorkCoverChanged', { by: by.id, replaced });
  }

  /** Somebody whose invitation was accepted. */
  admit(accountId: string, role: MemberRole, now: Date): MemberJoined {
    if (accountId === this.state.ownerId || this.member(accountId)) throw new AlreadyMember();
    if (this.state.members.length >= MAX_MEMBERS) throw new TooManyMembers();
    this.state.members = [...this.state.members, { accountId, role, joinedAt: now }];
    return this.event('MemberJoined', { accountId, role });
  }

  changeMemberRole(by: Actor, accountId: string, role: MemberRole): MemberRoleChanged {
    if (accountId === this.state.ownerId) throw new LastOwnerStays();
    if (!this.member(accountId)) throw new MemberNotFound();
    this.state.members = this.state.members.map((one) => (one.accountId === accountId ? { ...one, role } : one));
    return this.event('MemberRoleChanged', { by: by.id, accountId, role });
  }

  /** By the owner, or by the member who leaves. */
  removeMember(by: Actor, accountId: string): MemberRemoved {
    if (accountId === this.state.ownerId) throw new LastOwnerStays();
    if (!this.member(accountId)) throw new MemberNotFound();
    this.state.members = this.state.members.filter((one) => one.accountId !== accountId);
    return this.event('MemberRemoved', { by: by.id, accountId });
  }

  /** A member becomes the owner; who was it before becomes an editor. */
  transfer(accountId: string, now: Date): WorkTransferred {
    if (!this.member(accountId)) throw new MemberNotFound();
    const from = this.state.ownerId;
    const others = this.state.members.filter((one) => one.accountId !== accountId);
    this.state.members = [...others, { accountId: from, role: 'editor', joinedAt: now }];
    this.state.ownerId = accountId;
    this.state.version++;
    return this.event('WorkTransferred', { from, to: accountId });
  }

  /** Puts it in the bin. @param chapters its published ones: the event names them, because readers see them no more. */
  delete(by: Actor, expected: number | undefined, chapters: readonly string[], now: Date): WorkDeleted {
    this.mustBe(expected);
    Object.assign(this.state, putInBin(now));
    this.state.version++;
    return this.event('WorkDeleted', { by: by.id, chapters });
  }

  /** Takes it out of the bin, as it was before. @throws NotInBin */
  restore(by: Actor, chapters: readonly string[], now: Date): WorkRestored {
    mustBeInBin(this.state, now);
    Object.assign(this.state, NOT_DELETED);
    this.state.version++;
    return this.event('WorkRestored', { by: by.id, chapters });
  }

  /** Ends its time in the bin: nobody can restore it from now on, and a worker erases it. @throws NotInBin */
  expire(by: Actor, now: Date): WorkExpired {
    mustBeInBin(this.state, now);
    this.state.erasedAfter = now;
    return this.event('WorkExpired', { by: by.id });
  }

  /** Its rows are removed in the same unit of work. @throws NotDue */
  erase(now: Date): WorkErased {
    mustBeDue(this.state, now);
    return { ...this.event('WorkErased', {}), erased: true };
  }

  /** By an admin. @throws AlreadyTakenDown, TakeDownReasonNeeded */
  takeDown(by: Actor, reason: string, chapters: readonly string[], now: Date): WorkTakenDown {
    Object.assign(this.state, takenDown(this.state, reason, now));
    this.state.version++;
    return this.event('WorkTakenDown', { by: by.id, reason: this.state.takenDownBecause!, chapters });
  }

  /** By an admin. @throws NotTakenDown */
  putBack(by: Actor, chapters: readonly string[]): WorkPutBack {
    Object.assign(this.state, putBack(this.state));
    this.state.version++;
    return this.event('WorkPutBack', { by: by.id, chapters });
  }

  get isDeleted(): boolean {
    return this.state.deletedAt !== null;
  }

  /** Its time in the bin is over. */
  isDue(now: Date): boolean {
    return this.state.erasedAfter !== null && this.state.erasedAfter <= now;
  }

  /** @throws WorkInBin */
  mustNotBeDeleted(): void {
    if (this.isDeleted) throw new WorkInBin();
  }

  /** @throws TakenDown when readers may see nothing of it. */
  mustBeShown(): void {
    if (this.state.takenDownBecause !== null) throw new TakenDown(this.state.takenDownBecause);
  }

  private member(accountId: string): MemberState | undefined {
    return this.state.members.find((one) => one.accountId === accountId);
  }

  /** @throws ChangedMeanwhile when its version is another, WorkNotFound when it was deleted meanwhile. */
  mustBe(expected: number | undefined): void {
    if (this.isDeleted) throw new WorkNotFound();
    if (expected !== undefined && expected !== this.state.version) throw new ChangedMeanwhile(`"${this.state.version}"`);
  }

  get id(): string {
    return this.state.id;
  }

  snapshot(): Readonly<WorkState> {
    return { ...this.state };
  }

  private event<Type extends string, Data extends object>(type: Type, data: Data): WorkEvent<Type, Data> {
    return { type, v: 1, subject: { kind: 'work', id: this.state.id }, about: [this.state.id], data };
  }
}

interface WorkEvent<Type extends string, Data extends object> {
  type: Type;
  v: 1;
  subject: { kind: 'work'; id: string };
  about: string[];
  data: Data;
}
export type WorkCreated = WorkEvent<'WorkCreated', { ownerId: string }>;
export type WorkUpdated = WorkEvent<'WorkUpdated', { by: string; changed: ('title' | 'summary' | 'language')[] }>;
export type MemberJoined = WorkEvent<'MemberJoined', { accountId: string; role: MemberRole }>;
export type MemberRoleChanged = WorkEvent<'MemberRoleChanged', { by: string; accountId: string; role: MemberRole }>;
/** `by` is the member itself when it left. */
export type MemberRemoved = WorkEvent<'MemberRemoved', { by: string; accountId: string }>;
export type WorkTransferred = WorkEvent<'WorkTransferred', { from: string; to: string }>;
export type WorkCoverChanged = WorkEvent<'WorkCoverChanged', { by: string; replaced: string | null }>;

export type WorkDeleted = WorkEvent<'WorkDeleted', { by: string; chapters: readonly string[] }>;
export type WorkRestored = WorkEvent<'WorkRestored', { by: string; chapters: readonly string[] }>;
/** Its owner did not wait for the end of the 30 days. */
export type WorkExpired = WorkEvent<'WorkExpired', { by: string }>;
/** Nothing of it is stored any more. Its chapters were erased before it, each with an event of its own. */
export type WorkErased = WorkEvent<'WorkErased', object> & { erased: true };
export type WorkTakenDown = WorkEvent<'WorkTakenDown', { by: string; reason: string; chapters: readonly string[] }>;
export type WorkPutBack = WorkEvent<'WorkPutBack', { by: string; chapters: readonly string[] }>;

/** UTF-16 units of the title of a work or a chapter. */
export const MAX_TITLE = 200;
/** UTF-16 units. */
export const MAX_SUMMARY = 4_000;
/** A BCP 47 tag: `en`, `zh`, `pt-BR`. */
export const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/;

/** The title as it is stored: one line. @throws TitleMissing, TitleTooLong */
export function needTitle(title: string): string {
  const trimmed = title.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (!trimmed) throw new TitleMissing();
  if (trimmed.length > MAX_TITLE) throw new TitleTooLong();
  return trimmed;
}

function needSummary(summary: string): string {
  const trimmed = summary.trim();
  if (trimmed.length > MAX_SUMMARY) throw new SummaryTooLong();
  return trimmed;
}

function needLanguage(language: string): string {
  if (!LANGUAGE_TAG.test(language)) throw new LanguageUnknown();
  return language;
}

export class TitleMissing extends DomainError {
  readonly code = 'title-missing';
  readonly kind = 'invalid';
  constructor() {
    super('Give it a title.');
  }
}
export class TitleTooLong extends DomainError {
  readonly code = 'title-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A title has at most ${MAX_TITLE} characters: shorten it.`);
  }
}
export class SummaryTooLong extends DomainError {
  readonly code = 'summary-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A summary has at most ${MAX_SUMMARY} characters: shorten it.`);
  }
}
export class LanguageUnknown extends DomainError {
  readonly code = 'language-unknown';
  readonly kind = 'invalid';
  constructor() {
    super('Give the language as a BCP 47 tag like en, zh or pt-BR.');
  }
}
export class OnlyAuthorsWrite extends DomainError {
  readonly code = 'only-authors-write';
  readonly kind = 'forbidden';
  constructor() {
    super('Only authors write works: sign up as an author, or ask an admin to make you one.');
  }
}
export class NotYourWork extends DomainError {
  readonly code = 'not-your-work';
  readonly kind = 'forbidden';
  constructor() {
    super('You may read this work, but not do this: its owner and, for texts, its editors may.');
  }
}
export class StorageQuotaExceeded extends DomainError {
  readonly code = 'storage-quota-exceeded';
  readonly kind = 'forbidden';
  constructor(usedBytes: number, neededBytes: number, quotaBytes: number) {
    super(
      `The works of one owner may store ${quotaBytes / 1e6} MB and store ${(usedBytes / 1e6).toFixed(1)} MB already: ` +
        'send a smaller file, delete covers and pictures that are not needed, or ask an admin for a larger quota.',
      { usedBytes, neededBytes, quotaBytes },
    );
  }
}
export class WorkNotFound extends DomainError {
  readonly code = 'work-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such work, or you may not see it.');
  }
}
export class TakenDown extends DomainError {
  readonly code = 'taken-down';
  readonly kind = 'conflict';
  constructor(reason: string) {
    super('An admin took this down, so it cannot be published: edit it, then write to the people who run this site.', { reason });
  }
}
export class MemberNotFound extends DomainError {
  readonly code = 'member-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('This account is no member of the work: see /members for those who are.');
  }
}
export class AlreadyMember extends DomainError {
  readonly code = 'already-member';
  readonly kind = 'conflict';
  constructor() {
    super('You have a role on this work already: ask its owner to change it.');
  }
}
export class TooManyMembers extends DomainError {
  readonly code = 'too-many-members';
  readonly kind = 'conflict';
  constructor() {
    super(`A work has at most ${MAX_MEMBERS} members: its owner has to remove one first.`);
  }
}
export class LastOwnerStays extends DomainError {
  readonly code = 'last-owner-stays';
  readonly kind = 'conflict';
  constructor() {
    super('A work always has an owner: transfer it to another member first.');
  }
}
export class WorksUndecided extends DomainError {
  readonly code = 'works-undecided';
  readonly kind = 'conflict';
  constructor(works: readonly { id: string; title: string; members: number }[]) {
    super(
      'The account owns works: say in `works` whether to erase them or to keep them without an author. One that a member shall go on with has to be transferred first (PUT /v1/works/{id}/owner).',
      { works },
    );
  }
}
