/**
 * The rule for object keys, the same for both stores, so that what works on a laptop works on S3. A key can become a path or a
 * URL: it must not leave the store, clash with another key or be too long for a file name.
 */
import { DomainError } from '#libs/kernel/domain-error';

export class BadObjectKey extends DomainError {
  readonly code = 'bad-object-key';
  readonly kind = 'invalid';
  constructor(why: string) {
    super(`This is not an object key: ${why}.`);
  }
}

/** Bytes of UTF-8. A segment is written in up to three characters a byte, and file systems end at 255. */
const LONGEST_SEGMENT = 80;
const LONGEST_KEY = 512;

/** Control characters, the backslash (a separator on some systems) and lone surrogates (they have no UTF-8). */
const FORBIDDEN = /[\p{Cc}\p{Cs}\\]/u;

/** @returns the key itself. @throws BadObjectKey */
export function checkKey(key: string): string {
  if (key === '') throw new BadObjectKey('it is empty');
  checkText(key);
  key.split('/').forEach(checkSegment);
  return key;
}

/** A prefix to list by: the beginning of a key, cut anywhere; the empty one lists all. @throws BadObjectKey */
export function checkPrefix(prefix: string): string {
  checkText(prefix);
  prefix.split('/').slice(0, -1).forEach(checkSegment);
  return prefix;
}

function checkText(text: string): void {
  if (FORBIDDEN.test(text)) throw new BadObjectKey('it holds a control character, a backslash or half a character');
  if (Buffer.byteLength(text) > LONGEST_KEY) throw new BadObjectKey(`it is longer than ${LONGEST_KEY} bytes`);
}

function checkSegment(segment: string): void {
  if (segment === '') throw new BadObjectKey('it starts or ends with a slash or has two in a row');
  if (segment === '.' || segment === '..') throw new BadObjectKey('"." and ".." are not names');
  if (Buffer.byteLength(segment) > LONGEST_SEGMENT)
    throw new BadObjectKey(`a part between slashes is longer than ${LONGEST_SEGMENT} bytes`);
}

/** The order of lists on every store: by UTF-8 bytes, as S3 does, and not by UTF-16 as JavaScript does. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
