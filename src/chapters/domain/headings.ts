import { CHINESE_NUMBER, ENGLISH_NUMBER, numberOf } from './numerals.js';

/** A line that announces what follows. */
export interface Heading {
  /** Its first line, and the first that is not part of it any more. */
  readonly line: number;
  readonly end: number;
  /** `part` holds chapters (卷, Book), `section` stands inside one (节). */
  readonly rank: 'part' | 'chapter' | 'section';
  /** As written: `CHAPTER I.`, `第十章`. */
  readonly label: string;
  readonly number: number | undefined;
  /** Empty when it has none. */
  readonly title: string;
  /** White space before it, in characters. */
  readonly indent: number;
}

const ENGLISH_RANKS = {
  chapter: 'chapter',
  letter: 'chapter',
  episode: 'chapter',
  part: 'part',
  book: 'part',
  volume: 'part',
  section: 'section',
} as const;
const ENGLISH = new RegExp(
  `^((chapter|letter|episode|part|book|volume|section)\\s+(${ENGLISH_NUMBER})\\b\\.?)\\s*([:.\\-–—]*)\\s*(.*)$`,
  'i',
);
const ENGLISH_UNNUMBERED =
  /^(prologue|epilogue|preface|introduction|foreword|afterword|interlude|postscript|conclusion)\b\s*(?:[:.\-–—]+\s*(.*))?$/i;

const CHINESE_RANKS: Readonly<Record<string, Heading['rank']>> = {
  ...Object.fromEntries([...'卷部集篇册'].map((char) => [char, 'part' as const])),
  ...Object.fromEntries([...'章回话折幕'].map((char) => [char, 'chapter' as const])),
  节: 'section',
};
const CHINESE = new RegExp(
  `^((?:第\\s*(?:${CHINESE_NUMBER})\\s*[卷部集篇册]\\s*\\S*\\s+)?第\\s*(${CHINESE_NUMBER})\\s*([章回节卷部集篇册话折幕]))([\\s\\u3000:：、.．·—-]*)(.*)$`,
  'u',
);
const CHINESE_UNNUMBERED =
  /^(楔子|序章|序言|自序|代序|序|前言|引子|引言|尾声|后记|跋|终章|番外)(?:[\s\u3000:：、.．·—-]+(.*))?$/u;

/** Longest title, in characters. */
const LONG = 100;
const LONG_CHINESE = 40;

/**
 * The headings of a text, by their words: "CHAPTER I.", "Chapter 1: Title", "CHAPTER I." with the title on the next line, "第十章 题目",
 * "Prologue", "楔子". A heading stands alone, is short, and does not go on as a sentence would ("Chapter 3 was the hardest").
 */
export function headingsIn(lines: readonly string[]): Heading[] {
  const found: Heading[] = [];
  for (let i = 0; i < lines.length; i++) {
    const heading = headingAt(lines, i);
    if (!heading) continue;
    found.push(heading);
    i = heading.end - 1;
  }
  return found;
}

/** Reads one line's words as a heading, wherever it stands: `line`, `end` and `indent` are 0. */
export function readHeading(text: string): Heading | undefined {
  const place = { line: 0, end: 0, indent: 0 };
  const english = ENGLISH.exec(text);
  if (english) {
    const [, label, word, written, separator, title] = english;
    const number = numberOf(written);
    // "Chapter two of her life began", "Part I played": without a separator a title starts with a capital, a quotation mark or a digit
    const goesOn = separator === '' && !label.endsWith('.') && title !== '' && !/^[\p{Lu}\p{N}“‘"'(]/u.test(title);
    if (number === undefined || goesOn || title.length > LONG || /^[a-z]/.test(label)) return undefined;
    return {
      ...place,
      rank: ENGLISH_RANKS[word.toLowerCase() as keyof typeof ENGLISH_RANKS],
      label: label.trim(),
      number,
      title: title.trim(),
    };
  }
  const chinese = CHINESE.exec(text);
  if (chinese) {
    const [, label, written, unit, separator, title] = chinese;
    const number = numberOf(written);
    // 第二回忘记了那一年，总之… is a sentence; with a space or colon after the unit the title may hold anything but a full stop
    const goesOn = separator === '' ? title.length > 20 || /[，。；：！？…、”]/u.test(title) : /。./u.test(title);
    if (number === undefined || goesOn || title.length > LONG_CHINESE) return undefined;
    return { ...place, rank: CHINESE_RANKS[unit], label, number, title: title.trim() };
  }
  const alone = (/^\p{Lu}/u.test(text) && ENGLISH_UNNUMBERED.exec(text)) || CHINESE_UNNUMBERED.exec(text);
  if (alone && text.length <= LONG_CHINESE)
    return { ...place, rank: 'chapter', label: alone[1], number: undefined, title: (alone[2] ?? '').trim() };
  return undefined;
}

function headingAt(lines: readonly string[], line: number): Heading | undefined {
  const text = lines[line].trim();
  const indent = lines[line].length - lines[line].trimStart().length;
  const startsParagraph = line === 0 || lines[line - 1].trim() === '' || lines[line].startsWith('\u3000') || /^第/.test(text);
  const heading = startsParagraph && text.length <= LONG + 20 ? readHeading(text) : undefined;
  if (!heading) return undefined;
  if (/^第|^[楔序自代前引尾后跋终番]/u.test(heading.label)) return { ...heading, line, end: line + 1, indent };
  // the rest of a wrapped title, or the title on its own line below
  let end = line + 1;
  while (end < lines.length && lines[end].trim() !== '' && !readHeading(lines[end].trim())) end++;
  const below = lines.slice(line + 1, end).map((one) => one.trim());
  const whole = [heading.title, ...below].join(' ').trim();
  if (below.length > 0 && below.length <= 3 && whole.length <= LONG) return { ...heading, title: whole, line, end, indent };
  if (below.length === 0 && heading.title === '') {
    const next = nextText(lines, end);
    if (next !== undefined && isTitle(lines, next)) return { ...heading, title: lines[next].trim(), line, end: next + 1, indent };
  }
  return { ...heading, line, end: line + 1, indent };
}

function nextText(lines: readonly string[], from: number): number | undefined {
  for (let i = from; i < Math.min(lines.length, from + 4); i++) if (lines[i].trim() !== '') return i;
  return undefined;
}

/** A short line alone between blank ones, in capitals or Title Case, that ends as no sentence does. */
function isTitle(lines: readonly string[], at: number): boolean {
  const text = lines[at].trim();
  if (text.length > 80 || (lines[at + 1] ?? '').trim() !== '' || readHeading(text) || /[.,;:…”’"']$/.test(text)) return false;
  const words = text.match(/[\p{L}\p{M}’']+/gu) ?? [];
  const capital = words.filter((word) => /^\p{Lu}/u.test(word)).length;
  return (
    words.length > 0 && /^[\p{Lu}“‘"]/u.test(text) && (words.length <= 2 ? capital === words.length : capital * 2 >= words.length)
  );
}

/**
 * Which of the headings start a chapter. Contents pages are passed over; a book's parts are passed over when it has chapters; and
 * a story inside a chapter may have numbered parts of its own, which stay in it: numbers that start again at 1 and after which the
 * outer count goes on, or that are set deeper than the chapters are.
 *
 * @param hasText whether anything but blank lines stands between two lines
 */
export function chapterHeadings(all: readonly Heading[], hasText: (from: number, to: number) => boolean): Heading[] {
  const listed = contents(all, hasText);
  const real = all.filter((heading) => !listed.has(heading));
  const rank = (['chapter', 'part', 'section'] as const).find((one) =>
    real.some((heading) => heading.rank === one && heading.number !== undefined),
  );
  const open: { number: number; indent: number }[] = []; // the counts under way, outermost first
  const chapters: Heading[] = [];
  let newPart = false;
  real.forEach((heading, at) => {
    const { number, indent } = heading;
    if (heading.rank === 'part' && rank === 'chapter') newPart = true;
    if (number === undefined) {
      if (heading.rank === 'chapter' && open.length <= 1) chapters.push(heading);
      return;
    }
    if (heading.rank !== rank) return;
    const later = real.slice(at + 1).filter((other) => other.rank === rank);
    const outer = open[0];
    if (outer && number === 1 && !newPart) {
      const goesOn = later.some((other) => other.number === outer.number + 1 && other.indent <= outer.indent);
      const returns = goesOn || indent > outer.indent;
      if (returns) {
        open.push({ number, indent });
        return;
      }
    }
    const level = newPart || number === 1 ? 0 : levelOf(open, number, indent);
    newPart = false;
    open.length = Math.min(open.length, level + 1);
    open[level] = { number, indent };
    if (level === 0) chapters.push(heading);
  });
  return chapters;
}

/** The count a number goes on with: the next of one set at the same depth, else the next of any, else the outermost. */
function levelOf(open: readonly { number: number; indent: number }[], number: number, indent: number): number {
  const next = open.map((count) => count.number + 1 === number);
  const deepest = (wanted: (level: number) => boolean) => open.findLastIndex((_, level) => wanted(level));
  const same = deepest((level) => next[level] && open[level].indent === indent);
  if (same >= 0) return same;
  const any = deepest((level) => next[level]);
  if (any >= 0) return any;
  return Math.max(
    0,
    deepest((level) => open[level].indent === indent),
  );
}

/** Headings of a contents page: two or more on end with nothing under them, that all stand again further down. */
function contents(all: readonly Heading[], hasText: (from: number, to: number) => boolean): Set<Heading> {
  const key = ({ rank, number, label }: Heading) => `${rank} ${number ?? label.toLowerCase()}`;
  const last = new Map(all.map((heading, i) => [key(heading), i]));
  const again = (i: number) => (last.get(key(all[i])) ?? 0) > i;
  const listed = new Set<Heading>();
  for (let from = 0, to; from < all.length; from = to + 1) {
    to = from;
    while (to + 1 < all.length && !hasText(all[to].end, all[to + 1].line)) to++;
    const bare = all.slice(from, to).filter((_, k) => again(from + k));
    if (bare.length < 2 && !(bare.length === 1 && to - from === 1)) continue;
    for (const heading of bare) listed.add(heading);
    // what stands under the last entry is no chapter but the preface or a list of plates
    if (bare.length === to - from && again(to) && all[to].number === (all[to - 1].number ?? NaN) + 1) listed.add(all[to]);
  }
  return listed;
}
