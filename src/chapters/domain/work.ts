import type { Actor } from '#libs/kernel/actor';
import { ChangedMeanwhile, DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';

export interface WorkState {
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

/** A serial, which has chapters. Everyone sees it once a chapter of it is published. */
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

  private member(accountId: string): MemberState | undefined {
    return this.state.members.find((one) => one.accountId === accountId);
  }

  /** @throws ChangedMeanwhile when its version is another. */
  mustBe(expected: number | undefined): void {
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
        'send a smaller file, remove covers and pictures that are not needed, or ask an admin for a larger quota.',
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
