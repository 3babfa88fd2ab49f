/**
 * Where words go: as few lines as fit, of about equal length, broken where a reader pauses; right-to-left where the text is.
 * Pure: widths come in, places go out.
 */
export interface Word {
  readonly text: string;
  /** Pixels. */
  readonly width: number;
}

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

const STOP = /[.!?…。！？][\p{Pe}\p{Pf}"']*$/u;
const PAUSE = /[,;:—–，、；：][\p{Pe}\p{Pf}"']*$/u;
const OPENS = /[\p{Ps}\p{Pi}]$/u;
const CLOSES = /^[\p{Pe}\p{Pf}.,!?;:%…。，、！？；：”’）》」』】]/u;
const WIDE_END = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]$/u;
const WIDE_START = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const SHORT = /^[\p{Script=Latin}]{1,3}$/u;
/** One character alone, unless it is a particle of what stands before it: 我, 去; also half of a word that the dictionary does not know: 谋|食. */
const LONE_HAN = /^(?![的地得了着过吗呢吧啊呀嘛们里上下中])\p{Script=Han}$/u;
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

const NEVER = 1_000;

/** How unpleasant it is to break the line after `left`: 0 is neutral, less invites. */
function breakCost(left: string, right: string): number {
  if (OPENS.test(left) || CLOSES.test(right)) return NEVER;
  if (STOP.test(left)) return -0.3;
  if (PAUSE.test(left)) return -0.15;
  return SHORT.test(left) || LONE_HAN.test(left) ? 0.12 : 0; // an article or preposition belongs to what follows
}

/** Lines no wider than `room`, or `undefined` when the words need more than `most` of them (or one word is wider than the room). */
export function breakLines(words: readonly Word[], room: number, most: number, space: number): Line[] | undefined {
  if (words.some(({ width }) => width > room)) return undefined;
  const base = baseDirection(words.map(({ text }) => text));
  const gaps = words.map((word, i) => (i ? gapBetween(words[i - 1].text, word.text, space) : 0));
  // One line more is better than a line that begins with a comma; only when there is no room for it, the comma may.
  for (const dearest of [NEVER, Infinity]) {
    for (let count = 1; count <= most; count++) {
      const starts = bestStarts(words, gaps, room, count, dearest);
      if (starts) return starts.map((from, i) => place(words, gaps, from, starts[i + 1] ?? words.length, base));
    }
  }
  return undefined;
}

/** The first word of each of exactly `count` lines, with the least sum of squared emptiness and break costs. */
function bestStarts(
  words: readonly Word[],
  gaps: readonly number[],
  room: number,
  count: number,
  dearest: number,
): number[] | undefined {
  const n = words.length;
  // best[k][i]: words from i on in k lines.
  let best: { cost: number; starts: number[] }[] = Array.from({ length: n + 1 }, (_, i) => ({
    cost: i === n ? 0 : Infinity,
    starts: [],
  }));
  for (let lines = 1; lines <= count; lines++) {
    const next = best.map(() => ({ cost: Infinity, starts: [] as number[] }));
    for (let i = 0; i < n; i++) {
      let width = 0;
      for (let j = i; j < n; j++) {
        width += words[j].width + (j > i ? gaps[j] : 0);
        if (width > room) break;
        const rest = best[j + 1];
        const empty = 1 - width / room;
        const after = j + 1 < n ? breakCost(words[j].text, words[j + 1].text) : 0;
        const cost = empty * empty + after + rest.cost;
        if (cost < (next[i] as { cost: number }).cost) next[i] = { cost, starts: [i, ...rest.starts] };
      }
    }
    best = next;
  }
  const found = best[0];
  return found.cost < dearest ? found.starts : undefined;
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
