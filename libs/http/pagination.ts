/**
 * Keyset pages: "what follows this row", never "skip 40,000 rows". The cursor is the sort key of the last row, opaque to
 * clients; `Link: rel="next"` (RFC 8288) and `next` in the body say the same.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BadRequest } from './problems.js';
import { MAX_INT4 } from './whole-number.js';

type KeyKind = 'string' | 'int4' | 'uuid' | 'time';

/** Sort keys are strings and numbers; `shape` says which, so that a made-up cursor is a 400 and never reaches SQL. */
export function readCursor(after: string | undefined, ...shape: KeyKind[]): (string | number)[] | undefined {
  if (after === undefined) return undefined;
  try {
    const parts = JSON.parse(Buffer.from(after, 'base64url').toString('utf8')) as unknown;
    if (Array.isArray(parts) && parts.length === shape.length && parts.every((part, i) => fits(part, shape[i])))
      return parts as (string | number)[];
  } catch {
    // refused below
  }
  throw new BadRequest('bad-cursor', 'Take "after" from the "next" of a page as it is, or leave it out.');
}

function fits(part: unknown, kind: KeyKind): boolean {
  if (kind === 'int4') return Number.isInteger(part) && Math.abs(part as number) <= MAX_INT4;
  if (typeof part !== 'string' || part.includes('\0') || !part.isWellFormed()) return false;
  if (kind === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(part);
  return kind === 'time' ? isTime(part) : true;
}

/** Microseconds, as our SQL writes them: a Date would lose the last three digits and repeat rows. */
const TIME = /^(?!0000)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{6}Z$/;

/** Whether Postgres reads it as that very moment: `Date.parse` takes the year 0, and 30 February for 2 March. */
function isTime(text: string): boolean {
  const [, seconds] = TIME.exec(text) ?? [];
  const read = new Date(`${seconds}Z`);
  return seconds !== undefined && !Number.isNaN(read.getTime()) && read.toISOString().startsWith(seconds);
}

export interface Page<T> {
  items: T[];
  /** Send it as `after` for the next page; null on the last. */
  next: string | null;
}

/**
 * @param rows up to `limit + 1` rows: the additional one shows that there is a next page.
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
