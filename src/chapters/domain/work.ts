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

/** A serial: what chapters belong to. It shows to everyone from the first chapter published on. */
export class Work {
  private constructor(private readonly state: WorkState) {}

  static begin(by: Actor, details: { title: string; summary?: string; language: string }, now: Date): Work {
    if (!isAtLeast(by, 'author')) throw new OnlyAuthorsWrite();
    return new Work({
      id: newId(now.getTime()),
      ownerId: by.id,
      title: needTitle(details.title),
      summary: (details.summary ?? '').trim(),
      language: details.language,
      cover: null,
      createdAt: now,
      version: 1,
    });
  }

  static restore(state: WorkState): Work {
    return new Work({ ...state });
  }

  describe(by: Actor, expected: number | undefined, change: { title?: string; summary?: string; language?: string }): void {
    this.mustBeOwnedBy(by, expected);
    if (change.title !== undefined) this.state.title = needTitle(change.title);
    if (change.summary !== undefined) this.state.summary = change.summary.trim();
    if (change.language !== undefined) this.state.language = change.language;
    this.state.version++;
  }

  /** @returns the key of the cover it replaces. */
  changeCover(by: Actor, expected: number | undefined, key: string): string | null {
    this.mustBeOwnedBy(by, expected);
    const before = this.state.cover;
    this.state.cover = key;
    this.state.version++;
    return before;
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
}

export function needTitle(title: string): string {
  const trimmed = title.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (!trimmed) throw new TitleMissing();
  return trimmed;
}

export class TitleMissing extends DomainError {
  readonly code = 'title-missing';
  readonly kind = 'invalid';
  constructor() {
    super('Give it a title.');
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
export class WorkNotFound extends DomainError {
  readonly code = 'work-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such work, or nothing of it is published yet.');
  }
}
