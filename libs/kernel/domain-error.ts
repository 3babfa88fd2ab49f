/**
 * Refusals. A rule that refuses throws a named subclass of `DomainError`; libs/http/problems.ts turns `kind` into an HTTP
 * status and `code` into the type of the problem document, so `domain/` knows nothing of HTTP.
 *
 *     class TitleMissing extends DomainError {
 *       readonly code = 'title-missing';
 *       readonly kind = 'invalid';
 *       constructor() {
 *         super('Give the work a title.');
 *       }
 *     }
 */
export type RefusalKind =
  | 'invalid' // wrong for everyone, whoever sends it
  | 'unauthenticated' // no valid account
  | 'forbidden' // a valid account without the right
  | 'not-found'
  | 'gone'
  | 'conflict' // contradicts what is stored now
  | 'stale' // was prepared against an older version
  | 'too-many' // try again later
  | 'unavailable'; // a part of the system does not answer

export abstract class DomainError extends Error {
  /** What programs compare: kebab-case, unique in the product, and fixed, because clients break when it changes. */
  abstract readonly code: string;
  abstract readonly kind: RefusalKind;

  /** Extra members for the problem document (RFC 9457 §3.2): plain JSON, never a secret. */
  readonly details: Readonly<Record<string, unknown>>;

  /** @param sentence one sentence that tells the caller what to do next. */
  constructor(sentence: string, details: Record<string, unknown> = {}) {
    super(sentence);
    this.details = details;
  }
}

/** Someone else saved first. Every aggregate that takes `expected` throws this one, so clients handle it once. */
export class ChangedMeanwhile extends DomainError {
  readonly code = 'changed-meanwhile';
  readonly kind = 'stale';
  constructor(current: string) {
    super('It changed after you read it. Fetch it again, apply your change to that and send it with the new ETag.', { current });
  }
}
