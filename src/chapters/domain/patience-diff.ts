/**
 * Finds the entries that two lists have in common and in order: patience diff (Bram Cohen). It starts from entries that occur
 * once on both sides, so a repeated short line is never paired with a distant equal one; where nothing is unique, it uses a plain
 * longest common subsequence. Entries are numbers that stand for texts.
 *
 * O(n log n) for n entries; the inner subsequence is quadratic, bounded by `MAX_CELLS`.
 */
export type Pair = readonly [older: number, newer: number];

const MAX_CELLS = 250_000;

export function patienceDiff(a: readonly number[], b: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  const open: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let next = open.pop(); next; next = open.pop()) {
    let [aFrom, aTo, bFrom, bTo] = next;
    while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) pairs.push([aFrom++, bFrom++]);
    while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) pairs.push([--aTo, --bTo]);
    if (aFrom === aTo || bFrom === bTo) continue;
    const anchors = longestIncreasingSubsequence(uniqueIn(a, aFrom, aTo, b, bFrom, bTo));
    if (anchors.length === 0) {
      if ((aTo - aFrom) * (bTo - bFrom) <= MAX_CELLS) pairs.push(...longestCommonSubsequence(a, aFrom, aTo, b, bFrom, bTo));
      continue;
    }
    let [aLast, bLast] = [aFrom, bFrom];
    for (const [i, j] of anchors) {
      pairs.push([i, j]);
      open.push([aLast, i, bLast, j]);
      [aLast, bLast] = [i + 1, j + 1];
    }
    open.push([aLast, aTo, bLast, bTo]);
  }
  return pairs.sort((x, y) => x[0] - y[0]);
}

/** Pairs of entries that occur exactly once in each range, in the order of `a`. */
function uniqueIn(a: readonly number[], aFrom: number, aTo: number, b: readonly number[], bFrom: number, bTo: number): Pair[] {
  const inB = new Map<number, number>();
  for (let j = bFrom; j < bTo; j++) inB.set(b[j], inB.has(b[j]) ? -1 : j);
  const inA = new Map<number, number>();
  for (let i = aFrom; i < aTo; i++) inA.set(a[i], inA.has(a[i]) ? -1 : i);
  const pairs: Pair[] = [];
  for (const [entry, i] of inA) {
    const j = inB.get(entry) ?? -1;
    if (i >= 0 && j >= 0) pairs.push([i, j]);
  }
  return pairs;
}

/** The longest sequence of pairs, given in the order of their first member, whose second members rise too (patience sorting). */
export function longestIncreasingSubsequence(pairs: readonly Pair[]): Pair[] {
  const tops: number[] = []; // index into pairs: the smallest end of a run of each length
  const before = new Int32Array(pairs.length).fill(-1);
  for (let k = 0; k < pairs.length; k++) {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]][1] < pairs[k][1]) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[k] = tops[low - 1];
    tops[low] = k;
  }
  const run: Pair[] = [];
  for (let k = tops.at(-1) ?? -1; k >= 0; k = before[k]) run.push(pairs[k]);
  return run.reverse();
}

function longestCommonSubsequence(
  a: readonly number[],
  aFrom: number,
  aTo: number,
  b: readonly number[],
  bFrom: number,
  bTo: number,
): Pair[] {
  const width = bTo - bFrom + 1;
  const best = new Uint16Array((aTo - aFrom + 1) * width);
  for (let i = aTo - 1; i >= aFrom; i--) {
    for (let j = bTo - 1; j >= bFrom; j--) {
      const at = (i - aFrom) * width + (j - bFrom);
      best[at] = a[i] === b[j] ? best[at + width + 1] + 1 : Math.max(best[at + width], best[at + 1]);
    }
  }
  const pairs: Pair[] = [];
  for (let i = aFrom, j = bFrom; i < aTo && j < bTo;) {
    const at = (i - aFrom) * width + (j - bFrom);
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (best[at + width] >= best[at + 1]) i++;
    else j++;
  }
  return pairs;
}
