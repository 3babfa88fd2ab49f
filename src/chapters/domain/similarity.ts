/**
 * Measures how much of one text is found in another, in two ways:
 *
 * - `dice` over character n-grams (5 for alphabets, 2 for Chinese and Japanese) finds a paragraph anywhere in a chapter: one
 *   profile for each text, compared in time linear in its length. Long grams keep texts apart that only share letters and common
 *   words.
 * - `weightedLcs` pairs two short stretches word by word, in order (a weighted longest common subsequence over words, or
 *   characters in CJK), and returns how much of each old block went into each new one. The weight of a word is its rarity in the
 *   chapter, so two unrelated texts that share "the" and "said" share nothing. It finds splits, merges and rewritings that
 *   n-grams miss, and uses each word once.
 */
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu;

export function words(text: string): string[] {
  return text.toLowerCase().match(WORDS) ?? [];
}

/** Gram length for a language; without one, for the script most of the sample is in. */
export function gramLength(language: string | undefined, sample: string): number {
  if (language && /^(zh|ja|yue)\b/i.test(language)) return 2;
  let cjk = 0;
  let all = 0;
  for (const char of sample.slice(0, 4_000)) {
    if (/\p{L}/u.test(char)) all++;
    if (CJK.test(char)) cjk++;
  }
  return cjk * 4 > all ? 2 : 5;
}

/** Hashes of a text's character n-grams, sorted; as many as the text has grams. */
export type Profile = Int32Array;

export function profile(text: string, length: number): Profile {
  const padded = ` ${text.toLowerCase()} `;
  const grams = new Int32Array(Math.max(1, padded.length - length + 1));
  for (let i = 0; i < grams.length; i++) {
    let hash = 0x811c9dc5; // FNV-1a over UTF-16 units: two grams of one chapter collide once in a million
    for (let k = i; k < i + length && k < padded.length; k++) hash = Math.imul(hash ^ padded.charCodeAt(k), 0x01000193);
    grams[i] = hash ^ (hash >>> 15);
  }
  return grams.sort();
}

/** 2 × shared ÷ both: 1 for equal texts, 0 for texts without a common gram. */
export function dice(a: Profile, b: Profile): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return (2 * shared) / (a.length + b.length);
}

/** The evidence of words, learned from a sample of the chapter. */
export class Rarity {
  readonly #seen = new Map<string, number>();
  readonly #phrases = new Map<string, number>();
  #texts = 0;

  constructor(texts: Iterable<readonly string[]>) {
    const count = (found: Iterable<string>, into: Map<string, number>) => {
      for (const one of new Set(found)) into.set(one, (into.get(one) ?? 0) + 1);
    };
    for (const text of texts) {
      this.#texts++;
      count(text, this.#seen);
      count(
        text.slice(1).map((word, i) => `${text[i]} ${word}`),
        this.#phrases,
      );
    }
  }

  /** 0 (in every text) … 1 (in one): log(texts ÷ texts that have it). */
  of(word: string): number {
    return Math.max(0.01, 1 - Math.log(this.#seen.get(word) ?? 1) / Math.log(this.#texts + 1));
  }

  /** Whether two consecutive words are a phrase of the whole book ("said the", "March Hare"). */
  isPhrase(word: string, next: string): boolean {
    return (this.#phrases.get(`${word} ${next}`) ?? 0) > 1;
  }
}

export interface WeightedLcs {
  /** The evidence of each old and each new text: the sum over its words. */
  readonly older: Float64Array;
  readonly newer: Float64Array;
  /** `shared[i * newer.length + j]`: the evidence of old text i that is found in new text j. */
  readonly shared: Float64Array;
}

/** The greatest number of cells (old words × new words) of one run: about 10 ms. */
export const MAX_LCS_CELLS = 2_000_000;

export function weightedLcs(
  older: readonly (readonly string[])[],
  newer: readonly (readonly string[])[],
  rarity: Rarity,
): WeightedLcs {
  const ids = new Map<string, number>();
  const worth: number[] = [];
  const spelt: string[] = [];
  const strip = (texts: readonly (readonly string[])[]) => {
    const word: number[] = [];
    const owner: number[] = [];
    texts.forEach((text, i) => {
      for (const one of text) {
        let id = ids.get(one);
        if (id === undefined) {
          id = ids.size;
          ids.set(one, id);
          worth.push(rarity.of(one));
          spelt.push(one);
        }
        word.push(id);
        owner.push(i);
      }
    });
    return { word: Int32Array.from(word), owner: Int32Array.from(owner) };
  };
  const a = strip(older);
  const b = strip(newer);
  const weigh = (s: { word: Int32Array; owner: Int32Array }, count: number) => {
    const sum = new Float64Array(count);
    s.word.forEach((word, k) => (sum[s.owner[k]] += worth[word]));
    return sum;
  };
  const shared = new Float64Array(older.length * newer.length);
  for (const [i, j, weight] of inOrder(a.word, b.word, worth, (one, next) => rarity.isPhrase(spelt[one], spelt[next])))
    shared[a.owner[i] * newer.length + b.owner[j]] += weight;
  return { older: weigh(a, older.length), newer: weigh(b, newer.length), shared };
}

/**
 * The heaviest common subsequence. A word counts half when it is alone among changed ones, or inside a phrase that other texts
 * have too: chance and common phrases make such matches, while editing leaves runs of words.
 */
function inOrder(
  a: Int32Array,
  b: Int32Array,
  worth: readonly number[],
  isPhrase: (word: number, next: number) => boolean,
): [number, number, number][] {
  const width = b.length + 1;
  const step = new Uint8Array(a.length * b.length); // 1 take both, 2 skip old, 3 skip new
  let below = new Float64Array(width);
  let row = new Float64Array(width);
  for (let i = a.length - 1; i >= 0; i--) {
    const weight = worth[a[i]];
    row[b.length] = 0;
    for (let j = b.length - 1; j >= 0; j--) {
      let best = below[j];
      let how = 2;
      if (row[j + 1] > best) {
        best = row[j + 1];
        how = 3;
      }
      if (a[i] === b[j] && below[j + 1] + weight >= best) {
        best = below[j + 1] + weight;
        how = 1;
      }
      row[j] = best;
      step[i * b.length + j] = how;
    }
    [row, below] = [below, row];
  }
  const taken: [number, number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const how = step[i * b.length + j];
    if (how === 1) taken.push([i++, j++, 0]);
    else if (how === 2) i++;
    else j++;
  }
  const joined = taken.map(([i, j], k) => {
    const next = taken.at(k + 1);
    return next !== undefined && next[0] === i + 1 && next[1] === j + 1 && !isPhrase(a[i], a[i + 1]);
  });
  taken.forEach((pair, k) => (pair[2] = worth[a[pair[0]]] * (joined[k] || joined[k - 1] ? 1 : 0.5)));
  return taken;
}
