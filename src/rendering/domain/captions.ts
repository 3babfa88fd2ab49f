import { lineStarts, NEVER } from './line-breaks.js';
import { columns, gapBetween, stopAfter, written } from './prose.js';
import type { CaptionPage, TimedWord } from './scene.js';

/**
 * Words with times become pages: what stands on the screen at once. Pages of a scene touch each other and fill it from its first
 * frame to its last, so that every narrated word lies inside the page that shows it and no two overlap.
 *
 * A page holds words of one block only, ends with a sentence, and is at most two lines long. A line has room for 22 columns, of
 * which a Chinese character takes two (nine of them, at the size Chinese is drawn).
 */
export const LINE_COLUMNS = { latin: 22, cjk: 18 } as const;
export const LINES = 2;

/** A page changes this long before its first word, so that the eye is there when the voice is. */
const AHEAD = 0.12;
/** @param seconds length of the scene's picture: frames / 30. */
export function pagesOf(words: readonly TimedWord[], seconds: number): CaptionPage[] {
  const groups = grouped(words);
  return groups.map((group, i) => ({
    start: i === 0 ? 0 : turn(groups[i - 1], group),
    end: i === groups.length - 1 ? round(seconds) : turn(group, groups[i + 1]),
    words: group,
  }));
}

/** When the page turns: a little before the next word, but not while the last one still sounds. */
function turn(before: readonly TimedWord[], after: readonly TimedWord[]): number {
  const spoken = before[before.length - 1].end;
  const next = after[0].start;
  return round(Math.min(next, Math.max(spoken, next - AHEAD)));
}

function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

function grouped(words: readonly TimedWord[]): TimedWord[][] {
  const pages: TimedWord[][] = [];
  for (const sentence of sentences(words)) pages.push(...balanced(sentence));
  return pages;
}

/** Runs of words that may share pages: one sentence of one block. */
function sentences(words: readonly TimedWord[]): TimedWord[][] {
  const runs: TimedWord[][] = [];
  words.forEach((word, i) => {
    const last = words[i - 1];
    if (!last || last.block !== word.block || stopAfter(last, word) === 2) runs.push([]);
    runs[runs.length - 1].push(word);
  });
  return runs;
}

/**
 * The least ugly way to cut one sentence into pages of at most `LINES` lines: as few as fit, of about equal length, rather after a
 * comma than inside a phrase. Dynamic programming over the last word of each page (Knuth & Plass, 1981, in small).
 */
function balanced(words: readonly TimedWord[]): TimedWord[][] {
  const total = columns(written(words.map((word) => word.text)));
  const pages = Math.max(1, Math.ceil(total / (roomOf(words) * LINES * 0.92)));
  const aim = total / pages;
  const best: { cost: number; from: number }[] = [{ cost: 0, from: -1 }];
  for (let to = 1; to <= words.length; to++) {
    best[to] = { cost: Infinity, from: to - 1 };
    for (let from = to - 1; from >= 0; from--) {
      const page = words.slice(from, to);
      if (page.length > 1 && linesOf(page).length > LINES) break;
      const width = columns(written(page.map((word) => word.text)));
      const cut = to === words.length ? 0 : costOfCut(words[to - 1], words[to]);
      const cost = best[from].cost + 1 + ((width - aim) / aim) ** 2 + cut;
      if (cost < best[to].cost) best[to] = { cost, from };
    }
  }
  const out: TimedWord[][] = [];
  for (let to = words.length; to > 0; to = best[to].from) out.unshift(words.slice(best[to].from, to));
  return out;
}

/** A page rather turns after a comma, and not between an article or a title and what it belongs to. */
function costOfCut(left: TimedWord, right: TimedWord): number {
  if (stopAfter(left, right) > 0) return 0;
  return /^[\p{P}]*(?:\p{Script=Latin}{1,3}|\p{Lu}\p{Ll}*\.)$/u.test(left.text) ? 0.9 : 0.6;
}

function roomOf(words: readonly TimedWord[]): number {
  return words.some((word) => /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/u.test(word.text))
    ? LINE_COLUMNS.cjk
    : LINE_COLUMNS.latin;
}

/** The lines of a page, broken as they are drawn. A word wider than a line has a line to itself. */
export function linesOf(words: readonly TimedWord[]): TimedWord[][] {
  const room = roomOf(words);
  const gaps = words.map((word, i) => (i === 0 ? 0 : gapBetween(words[i - 1].text, word.text).length));
  const measured = words.map(({ text }) => ({ text, width: Math.min(room, columns(text)) }));
  for (const dearest of [NEVER, Infinity])
    for (let count = 1; count <= words.length; count++) {
      const starts = lineStarts(measured, gaps, room, count, dearest);
      if (starts) return starts.map((from, i) => words.slice(from, starts[i + 1]));
    }
  return [];
}
