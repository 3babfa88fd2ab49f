import type { Token } from './prose.js';

/**
 * Other words on the screen than in the ear ("3 km" for "three kilometres"). Words that both have in common hold the two together;
 * between them, the shown ones share the time of the said ones by their length. Places are counted in said words: 1.5 is the middle of
 * the second.
 */
export interface Shown {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Lays the shown words over all of the said ones: from 0 to as many as there are, without gap or overlap. */
export function laidOver(said: readonly Token[], shown: readonly Token[]): Shown[] {
  return groups(said, shown).flatMap(({ ears, eyes }) => {
    const total = weight(shown.slice(eyes.from, eyes.to));
    const scale = ears.to - ears.from;
    const heard = said.slice(ears.from, ears.to);
    let passed = 0;
    return shown.slice(eyes.from, eyes.to).map(({ text, say }) => {
      const from = passed / total;
      passed += lengthOf(say);
      // both by length, so that a long said word is a long way
      return {
        text,
        from: ears.from + placeAt(heard, from),
        to: ears.from + (passed === total ? scale : placeAt(heard, passed / total)),
      };
    });
  });
}

/** The shown words of the said ones `from` to `to`, counted from there; always at least one. */
export function cutOut(shown: readonly Shown[], from: number, to: number): Shown[] {
  const inside = shown.filter((word) => middleOf(word) >= from && middleOf(word) < to);
  const words = inside.length > 0 ? inside : shown.filter((word) => word.from < to && word.to > from).slice(0, 1);
  return words.map((word) => ({ text: word.text, from: Math.max(0, word.from - from), to: Math.min(to, word.to) - from }));
}

/** When each shown word is spoken, by the times of the said ones. */
export function timesOf(shown: readonly Shown[], said: readonly (readonly [number, number])[]): [number, number][] {
  const at = (place: number, border: 'start' | 'end'): number => {
    const whole = border === 'start' ? Math.min(said.length - 1, Math.floor(place)) : Math.max(0, Math.ceil(place) - 1);
    const [start, end] = said[whole];
    return Math.round((start + (end - start) * (place - whole)) * 1_000) / 1_000;
  };
  return shown.map(({ from, to }) => [at(from, 'start'), at(to, 'end')]);
}

const middleOf = ({ from, to }: Shown): number => (from + to) / 2;
const lengthOf = (say: string): number => say.length + 1;
const weight = (tokens: readonly Token[]): number => tokens.reduce((sum, { say }) => sum + lengthOf(say), 0);

/** Where in these words this share of their length is reached. */
function placeAt(words: readonly Token[], share: number): number {
  let left = share * weight(words);
  for (let i = 0; i < words.length; i++) {
    const length = lengthOf(words[i].say);
    if (left < length) return i + left / length;
    left -= length;
  }
  return words.length;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Said and shown words in pairs of stretches, neither empty: the equal ones one by one, the others as they lie between. */
function groups(said: readonly Token[], shown: readonly Token[]): { ears: Stretch; eyes: Stretch }[] {
  const out: { ears: Stretch; eyes: Stretch }[] = [];
  let [ear, eye] = [0, 0];
  const add = (ears: Stretch, eyes: Stretch): void => {
    const last = out.at(-1);
    // a stretch with nothing on one side goes with what stands before it, at the very start with what follows
    if (last && (empty(ears) || empty(eyes) || empty(last.ears) || empty(last.eyes)))
      out[out.length - 1] = { ears: { from: last.ears.from, to: ears.to }, eyes: { from: last.eyes.from, to: eyes.to } };
    else if (!empty(ears) || !empty(eyes)) out.push({ ears, eyes });
  };
  for (const [i, j] of [...common(said, shown), [said.length, shown.length]]) {
    add({ from: ear, to: i }, { from: eye, to: j });
    [ear, eye] = [i, j];
    if (i < said.length) add({ from: i, to: i + 1 }, { from: j, to: j + 1 });
    if (i < said.length) [ear, eye] = [i + 1, j + 1];
  }
  return out;
}

const empty = ({ from, to }: Stretch): boolean => from === to;

/** Beyond this many pairs the middle is not compared any more: a paragraph of 3,000 words with another of 3,000 is no correction. */
const MOST_PAIRS = 4_000_000;

/** Indices of the words both have, in order: the longest common subsequence. */
function common(said: readonly Token[], shown: readonly Token[]): [number, number][] {
  const [a, b] = [said.map(bare), shown.map(bare)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const pairs: [number, number][] = Array.from({ length: start }, (_, i) => [i, i]);
  const [rows, columns] = [a.length - start - end, b.length - start - end];
  if (rows * columns <= MOST_PAIRS) {
    const width = columns + 1;
    const longest = new Uint32Array((rows + 1) * width);
    for (let i = rows - 1; i >= 0; i--)
      for (let j = columns - 1; j >= 0; j--)
        longest[i * width + j] =
          a[start + i] === b[start + j]
            ? longest[(i + 1) * width + j + 1] + 1
            : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    for (let i = 0, j = 0; i < rows && j < columns;) {
      if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
      else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i++;
      else j++;
    }
  }
  for (let i = end; i > 0; i--) pairs.push([a.length - i, b.length - i]);
  return pairs;
}

const bare = ({ say }: Token): string => say.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
