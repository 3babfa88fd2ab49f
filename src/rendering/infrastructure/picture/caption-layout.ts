import { lineStarts, type Measured, NEVER } from '../../domain/line-breaks.js';

/** Where words go: in lines, right-to-left where the text is. Pure: widths come in, places go out, all in pixels. */
export type Word = Measured;

export interface Place {
  /** Index of the word. */
  readonly word: number;
  /** Pixels from the left end of its line. */
  readonly x: number;
}

export interface Line {
  readonly places: readonly Place[];
  readonly width: number;
}

const WIDE_END = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]$/u;
const WIDE_START = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const LEFT_TO_RIGHT = /\p{L}/u;

/** Words of a script without spaces touch; between it and a Latin word stands a thin gap. */
export function gapBetween(left: string, right: string, space: number): number {
  const a = WIDE_END.test(left);
  const b = WIDE_START.test(right);
  if (a && b) return 0;
  if (a || b) return /[\p{P}]$/u.test(left) || /^[\p{P}]/u.test(right) ? 0 : space / 2;
  return space;
}

/** Lines no wider than `room`, or `undefined` when the words need more than `most` of them (or one word is wider than the room). */
export function breakLines(words: readonly Word[], room: number, most: number, space: number): Line[] | undefined {
  if (words.some(({ width }) => width > room)) return undefined;
  const base = baseDirection(words.map(({ text }) => text));
  const gaps = words.map((word, i) => (i ? gapBetween(words[i - 1].text, word.text, space) : 0));
  // One line more is better than a line that begins with a comma; only when there is no room for it, the comma may.
  for (const dearest of [NEVER, Infinity]) {
    for (let count = 1; count <= most; count++) {
      const starts = lineStarts(words, gaps, room, count, dearest);
      if (starts) return starts.map((from, i) => place(words, gaps, from, starts[i + 1] ?? words.length, base));
    }
  }
  return undefined;
}

function place(words: readonly Word[], gaps: readonly number[], from: number, to: number, base: Direction): Line {
  const order = visualOrder(
    words.slice(from, to).map(({ text }) => text),
    base,
  ).map((i) => i + from);
  const places: Place[] = [];
  let x = 0;
  order.forEach((word, i) => {
    if (i) {
      // The gap belongs to the pair as read, whichever of the two stands left.
      const before = order[i - 1];
      x += gaps[Math.max(word, before)] ?? 0;
    }
    places.push({ word, x });
    x += words[word].width;
  });
  return { places, width: x };
}

type Direction = 'ltr' | 'rtl';

function direction(text: string): Direction | undefined {
  if (RIGHT_TO_LEFT.test(text)) return 'rtl';
  return LEFT_TO_RIGHT.test(text) ? 'ltr' : undefined;
}

/** A page runs as its first strong letter does. */
function baseDirection(texts: readonly string[]): Direction {
  return texts.map(direction).find(Boolean) ?? 'ltr';
}

/**
 * The order of a line's words from left to right. A small part of the Unicode bidirectional algorithm, enough for whole words: a
 * stretch of words against the page's direction keeps its own order inside it.
 */
export function visualOrder(texts: readonly string[], base = baseDirection(texts)): number[] {
  const runs: { readonly runs: Direction; readonly words: number[] }[] = [];
  texts.forEach((text, i) => {
    const own = direction(text) ?? base;
    if (runs.at(-1)?.runs === own) runs.at(-1)?.words.push(i);
    else runs.push({ runs: own, words: [i] });
  });
  const laid = runs.map((run) => (run.runs === 'rtl' ? run.words.reverse() : run.words));
  return (base === 'rtl' ? laid.reverse() : laid).flat();
}
