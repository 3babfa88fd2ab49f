/**
 * Refusals. A rule that says no throws a named subclass of `DomainError`; the edge turns `kind` into a status
 * once (libs/http/problems.ts) and the domain never knows of HTTP.
 */
export type RefusalKind =
  | 'invalid' // the request makes no sense, whoever sends it
  | 'unauthenticated' // we do not know who asks
  | 'forbidden' // we know, and they may not
  | 'not-found'
  | 'gone'
  | 'conflict' // it clashes with what is stored now
  | 'stale' // it was prepared against an older version
  | 'too-many' // later, please
  | 'unavailable'; // a part we need is not there

export abstract class DomainError extends Error {
  abstract readonly kind: RefusalKind;

  /** Extra members for the problem document (RFC 9457 §3.2): plain JSON, never a secret. */
  readonly details: Readonly<Record<string, unknown>>;

  /** @param sentence one sentence that tells the caller what to do next. */
  constructor(sentence: string, details: Record<string, unknown> = {}) {
    super(sentence);
    this.details = details;
  }

  /** Stable and machine-readable, made of the class name: `NotYourChapter` → `not-your-chapter`. Renaming a class breaks clients. */
  get code(): string {
    return this.constructor.name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  }

  get title(): string {
    const words = this.code.replaceAll('-', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
  }
}

/** Someone else saved first. Every aggregate that takes `expected` throws this one, so clients handle it once. */
export class ChangedMeanwhile extends DomainError {
  readonly kind = 'stale';
  constructor(current: string) {
    super('It changed after you read it. Fetch it again, apply your change to that and send it with the new ETag.', { current });
  }
}
