import { rising } from './exact.js';
import { same } from './matching.js';
import { dice, flow, gramLength, MAX_FLOW, profile, Rarity, words } from './similarity.js';
import type { Draft } from './blocks.js';
import type { Pair } from './exact.js';
import type { Matching } from './matching.js';
import type { Flow, Profile } from './similarity.js';

/** Steps 4 and 5 of `Matching`: partners for what is no longer equal. */
export class Resemblance {
  readonly #gram: number;
  readonly #profiles = new Map<Draft, Profile>();
  readonly #words = new Map<Draft, string[]>();
  #rarity: Rarity | undefined;

  constructor(
    private readonly matching: Matching,
    language?: string,
  ) {
    const { newer } = matching;
    this.#gram = gramLength(
      language,
      [newer[0], newer[newer.length >> 1], newer.at(-1)].map((block) => block?.text ?? '').join(''),
    );
  }

  /**
   * Step 4. A stretch is a run of changed blocks on both sides: what follows an old block and what follows its image, or what precedes both.
   * Held from both ends it is likelier the same text than when it hangs on one (beside a move), so those come first.
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

  private settle(older: number[], newer: number[], held: boolean): void {
    const { newOf, matching } = { newOf: this.matching.newOf, matching: this.matching };
    if (!older.some((i) => newOf[i] < 0) && !newer.some((j) => matching.freeNew(j))) return;
    if (older.length === 1 && newer.length === 1 && matching.free(older[0], newer[0])) {
      const alike = this.dice(older[0], newer[0]);
      if (alike >= CLEARLY) return matching.pair(older[0], newer[0], alike);
    }
    const size = (list: readonly number[], of: readonly Draft[]) => list.reduce((sum, k) => sum + this.words(of[k]).length, 0);
    if (size(older, matching.older) * size(newer, matching.newer) > MAX_FLOW) return this.cut(older, newer, held);
    const found = flow(
      older.map((i) => this.words(matching.older[i])),
      newer.map((j) => this.words(matching.newer[j])),
      this.rarity,
    );
    this.wholes(older, newer, found, held);
    this.parts(older, newer, found);
  }

  /** Pairs that are one text, heaviest first. */
  private wholes(older: number[], newer: number[], { older: of, newer: on, shared }: Flow, held: boolean): void {
    const least = held ? (older.length === 1 && newer.length === 1 ? ALONE : HELD) : HANGING;
    const pairs: [number, number, number][] = [];
    for (let a = 0; a < older.length; a++) {
      for (let b = 0; b < newer.length; b++) {
        const common = shared[a * newer.length + b];
        const share = (2 * common) / (of[a] + on[b]);
        const within = common / Math.min(of[a], on[b]);
        if (common >= least.worth && (share >= least.share || (within >= CONTAINED && common >= PIECE)))
          pairs.push([a, b, common]);
      }
    }
    pairs.sort((x, y) => y[2] - x[2]);
    for (const [a, b, common] of pairs) {
      if (!this.matching.free(older[a], newer[b])) continue;
      this.matching.pair(older[a], newer[b], Math.max(this.dice(older[a], newer[b]), (2 * common) / (of[a] + on[b])));
    }
  }

  /** What is left over may be a piece of a neighbour: split off an old block, or merged into a new one. */
  private parts(older: number[], newer: number[], { older: of, newer: on, shared }: Flow): void {
    const { matching } = this;
    newer.forEach((j, b) => {
      if (!matching.freeNew(j)) return;
      const a = heaviest(older, (k) => shared[k * newer.length + b]);
      if (matching.newOf[older[a]] < 0) return;
      const common = shared[a * newer.length + b];
      const whole = matching.older[older[a]].text;
      const kept = matching.newer[matching.newOf[older[a]]].text;
      if (!isPiece(common, on[b], matching.newer[j].text, whole, kept)) return;
      matching.also.set(j, [older[a]]);
      matching.similarity[j] = common / on[b];
    });
    older.forEach((i, a) => {
      if (matching.newOf[i] >= 0 || [...matching.also.values()].some((list) => list.includes(i))) return;
      const b = heaviest(newer, (k) => shared[a * newer.length + k]);
      const j = newer[b];
      if (matching.oldOf[j] < 0) return;
      const before = matching.older[matching.oldOf[j]].text;
      if (!isPiece(shared[a * newer.length + b], of[a], matching.older[i].text, matching.newer[j].text, before)) return;
      matching.also.set(j, [...(matching.also.get(j) ?? []), i]);
    });
  }

  /** Too long to compare word by word: parts it at the pairs that n-grams are sure of, and settles what lies between them. */
  private cut(older: number[], newer: number[], held: boolean): void {
    const sure = this.mutual(older, newer).filter(([, , alike]) => alike >= CLEARLY);
    const anchors = rising(sure.map(([i, j]): Pair => [i, j]).sort((x, y) => x[0] - y[0]));
    for (const [i, j] of anchors) if (this.matching.free(i, j)) this.matching.pair(i, j, this.dice(i, j));
    let [a, b] = [0, 0];
    for (const anchor of [...anchors, undefined]) {
      const aTo = anchor ? older.indexOf(anchor[0]) + 1 : older.length;
      const bTo = anchor ? newer.indexOf(anchor[1]) + 1 : newer.length;
      if (aTo - a < older.length || bTo - b < newer.length) this.settle(older.slice(a, aTo), newer.slice(b, bTo), held);
      if (anchor) [a, b] = [aTo - 1, bTo - 1]; // the anchor belongs to both sides: it may have given or taken a piece on either
    }
  }

  /** Step 5. */
  elsewhere(): void {
    const { matching } = this;
    const older = indices(matching.older.length, (i) => matching.newOf[i] < 0 && !taken(matching.also, i));
    const newer = indices(matching.newer.length, (j) => matching.freeNew(j) && !matching.also.has(j));
    for (const [i, j, alike, second] of this.mutual(older, newer)) {
      if (same(matching.older[i], matching.newer[j]) || this.worth(matching.older[i]) < TELLING) continue; // a line that repeats, or says little
      const beside = matching.newOf[i - 1] === j - 1 || matching.newOf[i + 1] === j + 1;
      if (alike >= (beside ? BESIDE : FAR) && alike - second >= MARGIN) matching.pair(i, j, alike);
    }
  }

  /** A believed claim is not measured when it is made: says how much of the text is still the old one. */
  rateClaims(): void {
    const { older, newer, oldOf, similarity } = this.matching;
    oldOf.forEach((i, j) => {
      if (i >= 0 && similarity[j] === 1 && older[i].text !== newer[j].text) similarity[j] = this.dice(i, j);
    });
  }

  /** Pairs where each is the other's best by n-grams, with the likeness of the runner-up on either side. */
  private mutual(older: readonly number[], newer: readonly number[]): [number, number, number, number][] {
    const { matching } = this;
    const having = new Map<string, number[]>();
    for (const i of older) {
      for (const gram of this.profile(matching.older[i]).grams.keys()) {
        const list = having.get(gram);
        if (list) list.push(i);
        else having.set(gram, [i]);
      }
    }
    const bestOld = new Map<number, Best>();
    const bestNew = new Map<number, Best>();
    for (const j of newer) {
      const met = new Map<number, number>();
      for (const gram of this.profile(matching.newer[j]).grams.keys()) {
        const list = having.get(gram);
        if (list && list.length <= COMMON_GRAM) for (const i of list) met.set(i, (met.get(i) ?? 0) + 1);
      }
      for (const [i, count] of met) {
        if (count < 2) continue;
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

  private dice(i: number, j: number): number {
    return dice(this.profile(this.matching.older[i]), this.profile(this.matching.newer[j]));
  }

  private worth(block: Draft): number {
    return this.words(block).reduce((sum, word) => sum + this.rarity.of(word), 0);
  }

  private profile(block: Draft): Profile {
    const known = this.#profiles.get(block) ?? profile(block.text, this.#gram);
    this.#profiles.set(block, known);
    return known;
  }

  private words(block: Draft): string[] {
    const known = this.#words.get(block) ?? words(block.text);
    this.#words.set(block, known);
    return known;
  }

  /** Learned from at most a hundred blocks spread over the chapter: telling "the" from a name takes no more. */
  private get rarity(): Rarity {
    if (!this.#rarity) {
      const { older } = this.matching;
      const step = Math.max(1, Math.floor(older.length / 100));
      this.#rarity = new Rarity(older.filter((_, i) => i % step === 0).map((block) => this.words(block)));
    }
    return this.#rarity;
  }
}

/** Likeness by n-grams at which two texts in the same place, or anywhere, are one. */
const CLEARLY = 0.5;
const FAR = 0.5;
const BESIDE = 0.4;
const MARGIN = 0.1;
/** Worth of a text that can be known again anywhere. */
const TELLING = 3;
/** A gram in more texts than this tells nothing. */
const COMMON_GRAM = 64;

/** Share and worth (in words as rare as can be) of what two texts must have in common to be one. */
const ALONE = { share: 0.25, worth: 1.5 };
const HELD = { share: 0.3, worth: 1.5 };
const HANGING = { share: 0.4, worth: 3 };
/** A piece: so much of it comes from the whole. */
const CONTAINED = 0.6;
const PIECE = 2;

function isPiece(common: number, worth: number, piece: string, whole: string, rest: string): boolean {
  if (common >= PIECE && common / worth >= CONTAINED) return true;
  return piece.length > 1 && whole.includes(piece) && !rest.includes(piece);
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

function taken(also: ReadonlyMap<number, readonly number[]>, i: number): boolean {
  for (const list of also.values()) if (list.includes(i)) return true;
  return false;
}

function heaviest(list: readonly number[], weight: (at: number) => number): number {
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
