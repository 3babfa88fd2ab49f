/**
 * The position of a chapter in its work, as a key that sorts: moving a chapter writes one row, however long the work is. A rank
 * is a fraction in base 62 (`0-9A-Za-z`, in the order of their bytes) without its `0.` and without trailing zeros, so there is
 * always a rank between two others. Compare by bytes: the Postgres column is `COLLATE "C"`.
 *
 * Adding at either end keeps ranks at four digits for millions of chapters; placing into the same gap again and again makes them
 * longer by one digit every six times.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = DIGITS.length;
/** Digits of a rank at the ends. */
const WIDTH = 4;

/** At ranks longer than this, give the chapters of the work new ones (`spread`). Everything still works without. */
export const LONG_RANK = 48;

/**
 * A rank that sorts after `before` and ahead of `after`; null stands for the start and the end.
 *
 * @throws RangeError when `before` does not sort ahead of `after`, or either is no rank
 */
export function between(before: string | null, after: string | null): string {
  for (const rank of [before, after])
    if (rank !== null && !/^[0-9A-Za-z]*[1-9A-Za-z]$/.test(rank)) throw new RangeError(`${rank} is no rank`);
  if (before !== null && after !== null && before >= after) throw new RangeError(`${before} does not sort ahead of ${after}`);
  if (before === null && after === null) return DIGITS[BASE >> 1];
  if (after === null) return stepped(before ?? '', 1) ?? middle(before ?? '', null);
  if (before === null) return stepped(after, -1) ?? middle('', after);
  return middle(before, after);
}

/** Ranks for `count` chapters, evenly spread, with room between them and at both ends. */
export function spread(count: number): string[] {
  let width = 2;
  while (BASE ** width < (count + 1) * BASE) width++;
  return Array.from({ length: count }, (_, i) => written(Math.floor(((i + 1) * BASE ** width) / (count + 1)), width));
}

export function isLong(rank: string): boolean {
  return rank.length > LONG_RANK;
}

/** The next rank of `WIDTH` digits up or down; undefined at the end of their range. */
function stepped(rank: string, by: 1 | -1): string | undefined {
  const head = rank.slice(0, WIDTH).padEnd(WIDTH, '0');
  const value = [...head].reduce((sum, digit) => sum * BASE + DIGITS.indexOf(digit), 0);
  const next = by > 0 || rank.length <= WIDTH ? value + by : value; // what was cut off leaves room below already
  return next > 0 && next < BASE ** WIDTH ? written(next, WIDTH) : undefined;
}

function written(value: number, width: number): string {
  let digits = '';
  for (let left = value; digits.length < width; left = Math.floor(left / BASE)) digits = DIGITS[left % BASE] + digits;
  return digits.replace(/0+$/, '');
}

/** Halfway between, in as few digits as possible. `after` null is 1. */
function middle(before: string, after: string | null): string {
  let shared = '';
  for (let at = 0; ; at++) {
    const low = at < before.length ? DIGITS.indexOf(before[at]) : 0;
    const high = after === null ? BASE : at < after.length ? DIGITS.indexOf(after[at]) : 0;
    if (high - low > 1) return shared + DIGITS[(low + high) >> 1];
    shared += DIGITS[low];
    if (high - low === 1) after = null; // now below `after` whatever follows
  }
}
