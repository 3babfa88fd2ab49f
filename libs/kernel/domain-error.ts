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
