/**
 * Keyset pages: "what follows this row", never "skip 40,000 rows". The cursor is the sort key of the last row, opaque to
 * clients; `Link: rel="next"` (RFC 8288) and `next` in the body say the same.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BadRequest } from './problems.js';

/** Sort keys are strings and numbers; `shape` says which, so that a made-up cursor is a 400 and never reaches SQL. */
export function readCursor(
  after: string | undefined,
  ...shape: ('string' | 'number' | 'uuid' | 'time')[]
): (string | number)[] | undefined {
  if (after === undefined) return undefined;
  try {
    const parts = JSON.parse(Buffer.from(after, 'base64url').toString('utf8')) as unknown;
    if (Array.isArray(parts) && parts.length === shape.length && parts.every((part, i) => fits(part, shape[i])))
      return parts as (string | number)[];
  } catch {
    // told below
  }
  throw new BadRequest('bad-cursor', 'Take "after" from the "next" of a page as it is, or leave it out.');
}

function fits(part: unknown, shape: 'string' | 'number' | 'uuid' | 'time'): boolean {
  if (shape === 'number') return Number.isSafeInteger(part);
  if (typeof part !== 'string' || part.includes('\0') || !part.isWellFormed()) return false;
  if (shape === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(part);
  // microseconds, as Postgres writes them: a Date would lose the last three digits and repeat rows
  if (shape === 'time')
    return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00(:00)?)?$/.test(part) && !Number.isNaN(Date.parse(part));
  return true;
}

export interface Page<T> {
  items: T[];
  /** Give it as `after` for the page behind this one; null on the last. */
  next: string | null;
}

/**
 * @param rows up to `limit + 1` rows: the one too many tells that there is more.
 * @param key the sort key of a row, as `readCursor` will get it back.
 */
export function page<Row, Item>(
  rows: Row[],
  limit: number,
  key: (row: Row) => (string | number)[],
  item: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? Buffer.from(JSON.stringify(key(shown[shown.length - 1]))).toString('base64url') : null;
  return { items: shown.map(item), next };
}

export function linkPages(request: FastifyRequest, reply: FastifyReply, next: string | null): void {
  const url = new URL(request.url, 'http://x');
  url.searchParams.delete('after');
  const links = [`<${url.pathname}${url.search}>; rel="first"`];
  if (next) {
    url.searchParams.set('after', next);
    links.push(`<${url.pathname}${url.search}>; rel="next"`);
  }
  void reply.header('link', links.join(', '));
}
