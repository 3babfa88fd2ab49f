import { digest } from './blocks.js';
import { patienceDiff } from './patience-diff.js';
import type { Block, Draft } from './blocks.js';

/**
 * Pairs each new block with its old block. The steps go from proof to evidence, and a later step never changes a pair of an
 * earlier one:
 *
 * 1. claims of the author's editor (checked by the caller), and equal texts in the same order (`patienceDiff`);
 * 2. equal texts elsewhere, when the text occurs once on both sides: a move;
 * 3. a text that the chapter once had: it gets its old id back;
 * 4. word by word inside the stretches between: edits, rewritings, splits and merges;
 * 5. similar texts elsewhere, only when each is the clear best of the other: moved and edited.
 *
 * A block without a partner is new, or gone. No step guesses: position alone never pairs two texts.
 *
 * Cost: O(n log n) for the equal part of n blocks; step 4 at most `MAX_LCS_CELLS` cells a stretch; step 5 linear in the remaining
 * characters.
 */
export class Matching {
  /** The old index of each new block, or -1; and the reverse. One to one. */
  readonly oldOf: Int32Array;
  readonly newOf: Int32Array;
  /** Other old blocks of which some text is in this new block: it was split off one, or merged with one. */
  readonly also = new Map<number, number[]>();
  /** 0…1 for each new block: how much of the text is that of the old block. */
  readonly similarity: Float64Array;
  /** Earlier ids that new blocks get back. */
  readonly restored = new Map<number, string>();
  /** Old blocks that went into another block, whole or in part. */
  readonly #spent = new Set<number>();

  constructor(
    readonly older: readonly Block[],
    readonly newer: readonly Draft[],
  ) {
    this.newOf = new Int32Array(older.length).fill(-1);
    this.oldOf = new Int32Array(newer.length).fill(-1);
    this.similarity = new Float64Array(newer.length);
  }

  pair(i: number, j: number, similarity = 1): void {
    this.newOf[i] = j;
    this.oldOf[j] = i;
    this.similarity[j] = similarity;
  }

  /** New block j holds a piece of old block i: split off it, or merged with it. */
  piece(i: number, j: number): void {
    const pieces = this.also.get(j);
    if (pieces) pieces.push(i);
    else this.also.set(j, [i]);
    this.#spent.add(i);
  }

  free(i: number, j: number): boolean {
    return this.freeOld(i) && this.freeNew(j);
  }

  freeOld(i: number): boolean {
    return this.newOf[i] < 0 && !this.#spent.has(i);
  }

  freeNew(j: number): boolean {
    return this.oldOf[j] < 0 && !this.also.has(j) && !this.restored.has(j);
  }

  /** Whether both sides still have blocks without a partner. */
  get open(): boolean {
    return this.newOf.some((_, i) => this.freeOld(i)) && this.oldOf.some((_, j) => this.freeNew(j));
  }

  /** Step 1. `claims[j]` is the index of the old block that new block j says it is, or -1. */
  exactInOrder(claims: Int32Array): void {
    const { older, newer } = this;
    claims.forEach((i, j) => {
      if (i >= 0) this.pair(i, j);
    });
    // most saves change little: equal blocks at both ends are paired first
    let [from, oldEnd, newEnd] = [0, older.length, newer.length];
    const equal = (i: number, j: number) => this.oldOf[j] === i || (this.free(i, j) && same(older[i], newer[j]));
    for (; from < oldEnd && from < newEnd && equal(from, from); from++) this.pair(from, from);
    for (; oldEnd > from && newEnd > from && equal(oldEnd - 1, newEnd - 1); oldEnd--, newEnd--) this.pair(oldEnd - 1, newEnd - 1);

    const codes = new Map<string, number>();
    const code = (block: Draft) => {
      const known = codes.get(keyOf(block)) ?? codes.size;
      codes.set(keyOf(block), known);
      return known;
    };
    const a = older.slice(from, oldEnd).map(code);
    const b = newer.slice(from, newEnd).map(code);
    b.forEach((_, k) => {
      const i = this.oldOf[from + k];
      if (i >= from && i < oldEnd)
        a[i - from] = b[k] = -1 - i; // a claim is equal to itself only
      else if (i >= 0) b[k] = -1 - older.length - k;
    });
    for (const [i, j] of patienceDiff(a, b)) this.pair(from + i, from + j);
  }

  /** Step 2. */
  exactElsewhere(): void {
    const wanted = new Map<string, { i: number; j: number }>();
    this.older.forEach((block, i) => {
      if (this.freeOld(i)) wanted.set(keyOf(block), { i, j: -1 });
    });
    if (wanted.size === 0) return;
    let found = false;
    this.newer.forEach((block, j) => {
      const pair = this.freeNew(j) ? wanted.get(keyOf(block)) : undefined;
      if (pair) [pair.j, found] = [j, true];
    });
    if (!found) return;
    const once = (list: readonly Draft[]) => {
      const times = new Map<string, number>();
      for (const block of list) times.set(keyOf(block), (times.get(keyOf(block)) ?? 0) + 1);
      return (key: string) => times.get(key) === 1;
    };
    const [onceOld, onceNew] = [once(this.older), once(this.newer)];
    for (const [key, { i, j }] of wanted) if (j >= 0 && onceOld(key) && onceNew(key)) this.pair(i, j);
    // a repeated line counts as moved only together with its neighbour
    for (let j = 1; j < this.newer.length; j++) this.follow(this.oldOf[j - 1], 1, j);
    for (let j = this.newer.length - 2; j >= 0; j--) this.follow(this.oldOf[j + 1], -1, j);
  }

  private follow(neighbour: number, by: number, j: number): void {
    const i = neighbour + by;
    if (neighbour >= 0 && i >= 0 && i < this.older.length && this.free(i, j) && same(this.older[i], this.newer[j]))
      this.pair(i, j);
  }

  /**
   * Step 3. A text that several blocks have had is too common to decide: it gets an id back only beside another block that does.
   */
  fromHistory(history: readonly { readonly id: string; readonly digest: string }[]): void {
    if (history.length === 0 || !this.oldOf.some((_, j) => this.freeNew(j))) return;
    const ids = new Map<string, Set<string>>();
    for (const past of history) ids.set(past.digest, (ids.get(past.digest) ?? new Set()).add(past.id));
    const present = new Map(this.older.map((block, i) => [block.id, i]));
    const used = new Set(this.restored.values());
    const back = (j: number, id: string) => {
      const i = present.get(id);
      if (i === undefined && !used.has(id)) {
        used.add(id);
        this.restored.set(j, id);
        this.similarity[j] = 1;
      } else if (i !== undefined && this.newOf[i] < 0) {
        this.pair(i, j);
      }
    };
    const doubtful: [number, Set<string>][] = [];
    this.newer.forEach((block, j) => {
      if (!this.freeNew(j)) return;
      const found = ids.get(digest(block));
      if (found?.size === 1) for (const id of found) back(j, id);
      else if (found) doubtful.push([j, found]);
    });
    for (const [j, found] of doubtful) {
      if (!this.freeNew(j) || (!this.restored.has(j - 1) && !this.restored.has(j + 1))) continue;
      const id = [...found].find((one) => !used.has(one) && !present.has(one));
      if (id !== undefined) back(j, id);
    }
  }
}

function keyOf({ kind, text }: Draft): string {
  return `${kind}\n${text}`;
}

export function same(a: Draft, b: Draft): boolean {
  return a.text === b.text && a.kind === b.kind;
}
