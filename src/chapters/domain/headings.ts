import { CHINESE_NUMBER, ENGLISH_NUMBER, numberOf } from './numerals.js';

/** The heading of a part, chapter or section in a text file. */
export interface Heading {
  /** Index of its first line, and of the first line after it. */
  readonly line: number;
  readonly end: number;
  /** A `part` contains chapters (卷, Book); a `section` is inside a chapter (节). */
  readonly rank: 'part' | 'chapter' | 'section';
  /** The word that is numbered, in lower case: `chapter`, `letter`, `章`; empty for a prologue. */
  readonly unit: string;
  /** As written: `CHAPTER I.`, `第十章`. */
  readonly label: string;
  readonly number: number | undefined;
  /** Empty when the heading has none. */
  readonly title: string;
  /** Number of white-space characters before it. */
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

const BARE = /^(?:\d{1,3}|[IVXLC]{1,8}|[一二三四五六七八九十百]{1,5})[.、]?$/;

/** Longest title, in characters. */
const LONG = 100;
const LONG_CHINESE = 40;

/**
 * Finds the headings of a text by their words: "CHAPTER I.", "Chapter 1: Title", "CHAPTER I." with the title on the next line,
 * "第十章 题目", "Prologue", "楔子". A heading is a short line of its own and not the start of a sentence ("Chapter 3 was the hardest").
 *
 * @param most the search stops after this many headings.
 */
export function headingsIn(lines: readonly string[], most = Infinity): Heading[] {
  const found: Heading[] = [];
  for (let i = 0; i < lines.length && found.length < most; i++) {
    const heading = headingAt(lines, i);
    if (!heading) continue;
    found.push(heading);
    i = heading.end - 1;
  }
  return found;
}

/** Reads one line as a heading, without the lines around it: `line`, `end` and `indent` are 0. */
export function readHeading(text: string): Heading | undefined {
  if (text.length > LONG + 20) return undefined;
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
      unit: word.toLowerCase(),
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
    return { ...place, rank: CHINESE_RANKS[unit], unit, label, number, title: title.trim() };
  }
  const alone = (/^\p{Lu}/u.test(text) && ENGLISH_UNNUMBERED.exec(text)) || CHINESE_UNNUMBERED.exec(text);
  if (alone && text.length <= LONG_CHINESE)
    return { ...place, rank: 'chapter', unit: '', label: alone[1], number: undefined, title: (alone[2] ?? '').trim() };
  return undefined;
}

function headingAt(lines: readonly string[], line: number): Heading | undefined {
  const text = lines[line].trim();
  const indent = lines[line].length - lines[line].trimStart().length;
  const above = line === 0 ? '' : lines[line - 1].trim();
  const startsParagraph =
    above === '' || lines[line].startsWith('\u3000') || /^第/.test(text) || readHeading(above) !== undefined;
  const heading = startsParagraph ? readHeading(text) : undefined;
  if (!heading) return undefined;
  if (/^第|^[楔序自代前引尾后跋终番]/u.test(heading.label)) return { ...heading, line, end: line + 1, indent };
  // the title may be wrapped, or stand on a line of its own below
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

/** Whether a line is a title: short, between blank lines, in capitals or Title Case, and not ending like a sentence. */
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
 * Finds the chapters of a book that only numbers them: lines that hold nothing but a number, stand between blank lines, and count
 * from 1 without a gap. Other numbers are part of the text.
 */
export function numbersIn(lines: readonly string[]): Heading[] {
  const found: Heading[] = [];
  lines.forEach((line, i) => {
    const text = line.trim();
    if (!BARE.test(text) || (lines[i - 1] ?? '').trim() !== '' || (lines[i + 1] ?? '').trim() !== '') return;
    const number = numberOf(text.replace(/[.、]$/, ''));
    if (number === found.length + 1)
      found.push({ line: i, end: i + 1, rank: 'chapter', unit: 'number', label: text, number, title: '', indent: 0 });
  });
  return found.length > 1 ? found : [];
}
