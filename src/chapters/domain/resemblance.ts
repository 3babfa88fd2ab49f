import { longestIncreasingSubsequence } from './patience-diff.js';
import { joinsAmong } from './joins.js';
import { same } from './matching.js';
import { Measures } from './measures.js';
import { contains } from './occurrences.js';
import { weightedLcs, MAX_LCS_CELLS } from './similarity.js';
import type { Draft } from './blocks.js';
import type { Pair } from './patience-diff.js';
import type { Matching } from './matching.js';
import type { WeightedLcs, Profile } from './similarity.js';

/**
 * These constants were set with `bench:anchors`, and checked against unrelated texts: of two paragraphs of one novel put in each
 * other's place, fewer than one in a thousand are taken for an edit.
 */

/**
 * Similarity by n-grams at which two texts in the same place are the same block, and the number of words from which that alone
 * decides.
 */
const CLEARLY = 0.5;
const LONG = 16;
/** Similarity by n-grams of two texts anywhere, or beside the neighbour of the other; and the lead over the second best. */
const FAR = 0.5;
const BESIDE = 0.4;
const MARGIN = 0.1;
/** Below this, two texts are different, and the pair makes no other pair doubtful: `BESIDE` less `MARGIN`. */
const UNLIKE = 0.3;
/** Evidence from which a text can be recognised anywhere. */
const TELLING = 3;
/** A gram that occurs in more texts than this is ignored. */
const COMMON_GRAM = 24;
/** Only so many texts, those that share the most rare grams, are compared with one text. */
const CANDIDATES = 6;

/**
 * Share and evidence (in words of the greatest rarity) that two texts must have in common to be the same block: alone in their
 * stretch, among others, or in a stretch that is held at one end.
 */
const ALONE = { share: 0.14, worth: 0.6 };
const HELD = { share: 0.19, worth: 0.8 };
const HANGING = { share: 0.37, worth: 3 };
/**
 * Added to the share, divided by the root of the number of texts: in a short chapter it is not known yet which words are rare.
 */
const FEW = 0.3;
/** A part of a block: the share of it that comes from the whole, and the evidence of that. */
const CONTAINED = 0.6;
const PIECE = 2;

/** Steps 4 and 5 of `Matching`: pairs of changed blocks. */
export class Resemblance {
  private readonly measures: Measures;

  constructor(
    private readonly matching: Matching,
    language?: string,
  ) {
    this.measures = new Measures(matching.older, matching.newer, language);
  }

  /**
   * Step 4. A stretch is a run of changed blocks on both sides, after or before a pair. A stretch between two pairs is more
   * likely the same text than one beside only one pair (next to a move), so those come first.
   */
  inStretches(): void {
    const { older, newer, newOf, oldOf, restored } = this.matching;
    const news = runs(newer.length, (j) => restored.has(j) || (oldOf[j] >= 0 && same(older[oldOf[j]], newer[j])));
    const starting = new Map(news.map((run) => [run[0], run]));
    const ending = new Map(news.map((run) => [run[run.length - 1], run]));
    const hanging: [number[], number[]][] = [];
    for (const olds of runs(older.length, (i) => newOf[i] >= 0 && same(older[i], newer[newOf[i]]))) {
      const first = olds[0];
      const last = olds[olds.length - 1];
      const after = starting.get(first === 0 ? 0 : newOf[first - 1] + 1);
      const before = ending.get(last === older.length - 1 ? newer.length - 1 : newOf[last + 1] - 1);
      if (after && after === before) this.settle(olds, after, true);
      else for (const run of [after, before]) if (run) hanging.push([olds, run]);
    }
    for (const [olds, run] of hanging) this.settle(olds, run, false);
  }

  private settle(older: number[], newer: number[], held: boolean, whole = true): void {
    const { matching } = this;
    const settled = () => !older.some((i) => matching.freeOld(i)) && !newer.some((j) => matching.freeNew(j));
    if (settled()) return;
    if (older.length === 1 && newer.length === 1 && matching.free(older[0], newer[0])) {
      const alike = this.dice(older[0], newer[0]);
      if (alike >= CLEARLY && this.isLong(older[0])) return matching.pair(older[0], newer[0], alike);
    }
    this.joins(older, newer);
    if (settled()) return;
    const size = (list: readonly number[], of: readonly Draft[]) =>
      list.reduce((sum, k) => sum + this.measures.words(of[k]).length, 0);
    // blocks are counted, too: those of marks alone have no word, and the flow keeps a cell for every two blocks
    if (Math.max(size(older, matching.older) * size(newer, matching.newer), older.length * newer.length) > MAX_LCS_CELLS) {
      if (whole) this.cut(older, newer, held);
      return;
    }
    const found = weightedLcs(
      older.map((i) => this.measures.words(matching.older[i])),
      newer.map((j) => this.measures.words(matching.newer[j])),
      this.measures.rarity,
    );
    this.wholes(older, newer, found, held);
    this.parts(older, newer, found);
  }

  /** Blocks that were split or joined without another change. The largest part and the whole are the same block. */
  private joins(older: number[], newer: number[]): void {
    const { matching } = this;
    const olds = older.map((i) => (matching.freeOld(i) ? matching.older[i].text : undefined));
    const news = newer.map((j) => (matching.freeNew(j) ? matching.newer[j].text : undefined));
    const largest = (texts: readonly (string | undefined)[], from: number, to: number) =>
      from + heaviest(texts.slice(from, to), (k) => texts[from + k]?.length ?? 0);
    for (const { whole, from, to } of joinsAmong(olds, news)) {
      const main = largest(news, from, to);
      if (!matching.free(older[whole], newer[main])) continue;
      matching.pair(older[whole], newer[main], this.dice(older[whole], newer[main]));
      for (let k = from; k < to; k++) {
        if (k === main) continue;
        matching.piece(older[whole], newer[k]);
        matching.similarity[newer[k]] = 1;
      }
    }
    for (const { whole, from, to } of joinsAmong(news, olds)) {
      const main = largest(olds, from, to);
      if (!matching.free(older[main], newer[whole])) continue;
      matching.pair(older[main], newer[whole], this.dice(older[main], newer[whole]));
      for (let k = from; k < to; k++) if (k !== main) matching.piece(older[k], newer[whole]);
    }
  }

  /** Pairs of the same text, those with the most evidence first. */
  private wholes(older: number[], newer: number[], { older: of, newer: on, shared }: WeightedLcs, held: boolean): void {
    const least = held ? (older.length === 1 && newer.length === 1 ? ALONE : HELD) : HANGING;
    const enough = least.share + FEW / Math.sqrt(this.matching.older.length);
    const pairs: [number, number, number][] = [];
    for (let a = 0; a < older.length; a++) {
      for (let b = 0; b < newer.length; b++) {
        const common = shared[a * newer.length + b];
        const share = (2 * common) / (of[a] + on[b]);
        const within = common / Math.min(of[a], on[b]);
        if (common >= least.worth && (share >= enough || (within >= CONTAINED && common >= PIECE))) pairs.push([a, b, common]);
      }
    }
    pairs.sort((x, y) => y[2] - x[2]);
    for (const [a, b, common] of pairs) {
      if (!this.matching.free(older[a], newer[b])) continue;
      this.matching.pair(older[a], newer[b], Math.max(this.dice(older[a], newer[b]), (2 * common) / (of[a] + on[b])));
    }
  }

  /** A remaining block may be part of a neighbour: split off an old block, or merged into a new one. */
  private parts(older: number[], newer: number[], { older: of, newer: on, shared }: WeightedLcs): void {
    const { matching } = this;
    newer.forEach((j, b) => {
      if (!matching.freeNew(j)) return;
      const a = heaviest(older, (k) => shared[k * newer.length + b]);
      if (matching.newOf[older[a]] < 0) return;
      const common = shared[a * newer.length + b];
      const whole = matching.older[older[a]].text;
      const kept = matching.newer[matching.newOf[older[a]]].text;
      if (!isPiece(common, on[b], matching.newer[j].text, whole, kept)) return;
      matching.piece(older[a], j);
      matching.similarity[j] = common / on[b];
    });
    older.forEach((i, a) => {
      if (!matching.freeOld(i)) return;
      const b = heaviest(newer, (k) => shared[a * newer.length + k]);
      const j = newer[b];
      if (matching.oldOf[j] < 0) return;
      const before = matching.older[matching.oldOf[j]].text;
      if (!isPiece(shared[a * newer.length + b], of[a], matching.older[i].text, matching.newer[j].text, before)) return;
      matching.piece(i, j);
    });
  }

  /** A stretch that is too long to compare word by word is divided at the pairs that n-grams find certain. */
  private cut(older: number[], newer: number[], held: boolean): void {
    const sure = this.mutual(older, newer).filter(([, , alike]) => alike >= CLEARLY);
    const anchors = longestIncreasingSubsequence(sure.map(([i, j]): Pair => [i, j]).sort((x, y) => x[0] - y[0]));
    for (const [i, j] of anchors) if (this.matching.free(i, j)) this.matching.pair(i, j, this.dice(i, j));
    let [a, b] = [0, 0];
    for (const anchor of [...anchors, undefined]) {
      // anchors rise on both sides, so each is looked for behind the last one
      const aTo = anchor ? older.indexOf(anchor[0], a) + 1 : older.length;
      const bTo = anchor ? newer.indexOf(anchor[1], b) + 1 : newer.length;
      this.settle(older.slice(a, aTo), newer.slice(b, bTo), held, false);
      if (anchor) [a, b] = [aTo - 1, bTo - 1]; // the dividing pair belongs to both sides: it may have given or taken a part on either
    }
  }

  /** Step 5. */
  elsewhere(): void {
    const { matching } = this;
    const older = indices(matching.older.length, (i) => matching.freeOld(i));
    const newer = indices(matching.newer.length, (j) => matching.freeNew(j));
    for (const [i, j, alike, second] of this.mutual(older, newer)) {
      if (same(matching.older[i], matching.newer[j]) || this.measures.worth(matching.older[i]) < TELLING) continue; // repeated, or with little evidence
      const beside = matching.newOf[i - 1] === j - 1 || matching.newOf[i + 1] === j + 1;
      if (alike >= (beside ? BESIDE : FAR) && alike - second >= MARGIN) matching.pair(i, j, alike);
    }
  }

  /** Measures accepted claims: how much of the text is still the old one. */
  rateClaims(): void {
    const { older, newer, oldOf, similarity } = this.matching;
    oldOf.forEach((i, j) => {
      if (i >= 0 && similarity[j] === 1 && older[i].text !== newer[j].text) similarity[j] = this.dice(i, j);
    });
  }

  /** Pairs where each is the other's best by n-grams, with the likeness of the runner-up on either side. */
  private mutual(older: readonly number[], newer: readonly number[]): [number, number, number, number][] {
    const { matching } = this;
    const having = new Map<number, number[]>();
    for (const i of older) {
      for (const gram of sketch(this.measures.profile(matching.older[i]))) {
        const list = having.get(gram);
        if (!list) having.set(gram, [i]);
        else if (list.length <= COMMON_GRAM) list.push(i);
      }
    }
    const bestOld = new Map<number, Best>();
    const bestNew = new Map<number, Best>();
    for (const j of newer) {
      const met = new Map<number, number>();
      for (const gram of sketch(this.measures.profile(matching.newer[j]))) {
        const list = having.get(gram);
        if (list && list.length <= COMMON_GRAM) for (const i of list) met.set(i, (met.get(i) ?? 0) + 1);
      }
      const likeliest = [...met].sort((x, y) => y[1] - x[1]).slice(0, CANDIDATES);
      for (const [i] of likeliest) {
        if (this.measures.mostAlike(matching.older[i], matching.newer[j]) < UNLIKE) continue;
        const alike = this.dice(i, j);
        keepBest(bestOld, i, j, alike);
        keepBest(bestNew, j, i, alike);
      }
    }
    const pairs: [number, number, number, number][] = [];
    for (const [j, best] of bestNew) {
      const back = bestOld.get(best.other);
      if (back?.other === j) pairs.push([best.other, j, best.alike, Math.max(best.second, back.second)]);
    }
    return pairs.sort((x, y) => y[2] - x[2]);
  }

  /**
   * A short line can consist mostly of common phrases: "‘Nor I,’ said the March Hare" is not "‘Fifteenth,’ said the March Hare".
   */
  private isLong(i: number): boolean {
    return this.measures.words(this.matching.older[i]).length >= LONG;
  }

  private dice(i: number, j: number): number {
    return this.measures.dice(this.matching.older[i], this.matching.newer[j]);
  }
}

function isPiece(common: number, worth: number, piece: string, whole: string, rest: string): boolean {
  if (common >= PIECE && common / worth >= CONTAINED) return true;
  return piece.length > 1 && contains(whole, piece) && !contains(rest, piece);
}

/** Different grams of a text, of a long one an even quarter (the same in every text, as it is chosen by the gram). */
function sketch(grams: Profile): number[] {
  const few = grams.length > 160 ? 3 : 0;
  const kept: number[] = [];
  for (let k = 0; k < grams.length; k++) if ((grams[k] & few) === 0 && grams[k] !== grams[k - 1]) kept.push(grams[k]);
  return kept;
}

interface Best {
  other: number;
  alike: number;
  second: number;
}

function keepBest(best: Map<number, Best>, key: number, other: number, alike: number): void {
  const known = best.get(key);
  if (!known) best.set(key, { other, alike, second: 0 });
  else if (alike > known.alike) best.set(key, { other, alike, second: known.alike });
  else known.second = Math.max(known.second, alike);
}

function heaviest(list: readonly unknown[], weight: (at: number) => number): number {
  let best = 0;
  for (let k = 1; k < list.length; k++) if (weight(k) > weight(best)) best = k;
  return best;
}

function indices(length: number, wanted: (at: number) => boolean): number[] {
  return Array.from({ length }, (_, at) => at).filter(wanted);
}

/** Maximal runs of positions that are not `solid`. */
function runs(length: number, solid: (at: number) => boolean): number[][] {
  const found: number[][] = [];
  let run: number[] | undefined;
  for (let at = 0; at < length; at++) {
    if (solid(at)) run = undefined;
    else if (run) run.push(at);
    else found.push((run = [at]));
  }
  return found;
}
