/**
 * Finds texts that are exactly two or more consecutive other texts put together, apart from white space: a paragraph that was
 * split with Enter, or several that were joined with Backspace. Equal characters prove it, so it also works for texts
 * that are too short for a measure of similarity ("“Yes.”").
 *
 * Parts are looked up by their first `KEY` characters. The comparisons that remain are linear for prose; for texts of one
 * repeated character they would be cubic, so at most `MAX_COMPARED` characters are compared, and later joins are not found.
 */
export interface Join {
  readonly whole: number;
  /** Consecutive pieces, end exclusive. */
  readonly from: number;
  readonly to: number;
}

const KEY = 8;
/** Characters: about 50 ms. */
const MAX_COMPARED = 20_000_000;
/** Added to the count for each comparison, whatever its length. */
const EACH = 10;

export function joinsAmong(wholes: readonly (string | undefined)[], pieces: readonly (string | undefined)[]): Join[] {
  const squeezed = (text: string | undefined) => text?.replace(/\s+/g, '');
  const parts = pieces.map(squeezed);
  const starting = new Map<string, number[]>(); // by their first characters: by all, when there are fewer than KEY
  parts.forEach((part, k) => {
    if (!part) return;
    const known = starting.get(part.slice(0, KEY));
    if (known) known.push(k);
    else starting.set(part.slice(0, KEY), [k]);
  });
  let left = MAX_COMPARED;
  const joins: Join[] = [];
  wholes.map(squeezed).forEach((text, whole) => {
    if (!text) return;
    for (const from of piecesAtStart(text, starting)) {
      let at = 0;
      let to = from;
      for (let part = parts[to]; part && left > 0 && text.startsWith(part, at); part = parts[++to]) {
        at += part.length;
        left -= part.length + EACH;
      }
      left -= EACH;
      if (left <= 0) return;
      if (at === text.length && to - from > 1) {
        joins.push({ whole, from, to });
        return;
      }
    }
  });
  return joins;
}

/** @returns pieces that the text may begin with, in their order. */
function piecesAtStart(text: string, starting: ReadonlyMap<string, readonly number[]>): readonly number[] {
  const found: number[] = [];
  for (let length = 1; length <= KEY && length <= text.length; length++)
    for (const k of starting.get(text.slice(0, length)) ?? []) found.push(k);
  return found.sort((a, b) => a - b);
}
