/**
 * Texts that are exactly two or more consecutive other texts put together, white space aside: a paragraph that was cut with Enter, or
 * several joined with Backspace. This is proof, not likeness, so it holds for texts far too short to compare ("“Yes.”").
 */
export interface Join {
  readonly whole: number;
  /** Consecutive pieces, end exclusive. */
  readonly from: number;
  readonly to: number;
}

export function joinsAmong(wholes: readonly (string | undefined)[], pieces: readonly (string | undefined)[]): Join[] {
  const squeezed = (text: string | undefined) => text?.replace(/\s+/g, '');
  const parts = pieces.map(squeezed);
  const starting = new Map<string, number[]>(); // by first character
  parts.forEach((part, k) => {
    if (part) starting.set(part[0], [...(starting.get(part[0]) ?? []), k]);
  });
  const joins: Join[] = [];
  wholes.map(squeezed).forEach((text, whole) => {
    if (!text) return;
    for (const from of starting.get(text[0]) ?? []) {
      let at = 0;
      let to = from;
      for (let part = parts[to]; part && text.startsWith(part, at); part = parts[++to]) at += part.length;
      if (at === text.length && to - from > 1) {
        joins.push({ whole, from, to });
        return;
      }
    }
  });
  return joins;
}
