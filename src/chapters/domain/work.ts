import { type Actor, isAtLeast } from '#libs/kernel/actor';
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
}

/** A serial, which has chapters. Everyone sees it once a chapter of it is published. */
export class Work {
  private constructor(private readonly state: WorkState) {}

  static create(
    by: Actor,
    details: { title: string; summary?: string; language: string },
    now: Date,
  ): { work: Work; created: WorkCreated } {
    if (!isAtLeast(by, 'author')) throw new OnlyAuthorsWrite();
    const work = new Work({
      id: newId(now.getTime()),
      ownerId: by.id,
      title: needTitle(details.title),
      summary: needSummary(details.summary ?? ''),
      language: needLanguage(details.language),
      cover: null,
      createdAt: now,
      version: 1,
    });
    return { work, created: work.event('WorkCreated', { ownerId: by.id }) };
  }

  static restore(state: WorkState): Work {
    return new Work({ ...state });
  }

  update(by: Actor, expected: number | undefined, change: { title?: string; summary?: string; language?: string }): WorkUpdated {
    this.mustBeOwnedBy(by, expected);
    if (change.title !== undefined) this.state.title = needTitle(change.title);
    if (change.summary !== undefined) this.state.summary = needSummary(change.summary);
    if (change.language !== undefined) this.state.language = needLanguage(change.language);
    this.state.version++;
    const changed = (['title', 'summary', 'language'] as const).filter((member) => change[member] !== undefined);
    return this.event('WorkUpdated', { by: by.id, changed });
  }

  /** The event names the cover that was replaced: once nothing refers to that object, it can be deleted. */
  changeCover(by: Actor, expected: number | undefined, key: string): WorkCoverChanged {
    this.mustBeOwnedBy(by, expected);
    const replaced = this.state.cover;
    this.state.cover = key;
    this.state.version++;
    return this.event('WorkCoverChanged', { by: by.id, replaced });
  }

  mustBeOwnedBy(by: Actor, expected?: number): void {
    if (this.state.ownerId !== by.id) throw new NotYourWork();
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
    super('This work belongs to someone else: only its owner may change it.');
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
    super('There is no such work, or none of its chapters is published.');
  }
}
