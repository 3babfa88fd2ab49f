import type { Make } from './growth.js';

/**
 * Texts that are cheap to send and expensive to read for a parser that backtracks or starts again. Each can be made in any size: repeated units,
 * openers that are never closed, long runs of one sign before a sign that spoils the match, and many lines of one kind.
 */

const fill =
  (unit: string, before = '', after = ''): Make =>
  (size) =>
    before + unit.repeat(Math.ceil(size / unit.length)) + after;

/** Signs that mean something to Markdown, to a heading, to a sentence or to a voice; and those that only look like space. */
const SIGNS = [
  ...'`~#>*_-=+.,:;!?\'"()[]{}<>&|/\\$%^0aA1 \t\u3000\u00a0\u200b\u200d\u0301，。：「」“”’…—–·＊※◇第章一十卷节I',
  '😀',
  '\n',
];

const LINES = [
  '> a',
  '>',
  '> > > a',
  '- a',
  '- - a',
  '1. a',
  '1) a',
  '    a',
  '\ta',
  '# a',
  '#',
  '###### a ######',
  '***',
  '* * *',
  '===',
  '---',
  '~~~',
  '```',
  'a  ',
  'a\\',
  '\\# a',
  'produced by',
  'title: a',
  '[Illustration',
  '*** START OF THE PROJECT GUTENBERG',
  '*** END OF THE PROJECT GUTENBERG',
  'Chapter 1',
  'CHAPTER I.',
  'Chapter one',
  'Book 1',
  '第一章',
  '第一章 题',
  '第一卷 第一章',
  '楔子',
  '1',
  'I',
  '一、',
  'Prologue',
  '“a',
  '　a',
  'a',
  'A B',
  'a'.repeat(70),
];

const UNITS = [
  '*a',
  '**a',
  '_a ',
  '~~a',
  '`a',
  '``a',
  '![',
  '![](',
  '[a](',
  '[a][',
  '[^a',
  '<!--',
  '<a ',
  '<a b=',
  '<a b="',
  "<a b='c' ",
  '</a',
  '<br ',
  '<https://',
  '&a',
  '&#1',
  '&amp;',
  '\\*',
  '\\\n',
  ' .',
  ' ,',
  '. ',
  ', ',
  ' 😀',
  '😀😀.',
  '.)',
  '. a',
  'a-',
  "'a",
  "a'",
  '--',
  ' -- ',
  '，——',
  '啊……',
  '“啊”',
  '「',
  '(a',
  'a(',
  'a. ',
  'A. ',
  'No. ',
  '% ',
  ' %',
  ' %,',
  '½',
  'b\u0301',
  'a b ',
  'the ',
  'said Alice ',
  '他说',
  '九百',
  'one hundred ',
  '\u200d',
  'a\u200d',
  '> a\n>\n',
  'a\n',
  'a\n\n',
  '\n\n',
  '- a\n',
  '# a\n\n',
  'produced by\n\n',
];

const ofSigns = SIGNS.flatMap((sign): [string, Make][] => [
  [`run of ${JSON.stringify(sign)}`, fill(sign)],
  [`a, run of ${JSON.stringify(sign)}, a`, fill(sign, 'a', 'a')],
  [`heading mark, run of ${JSON.stringify(sign)}, a backtick`, fill(sign, '# ', '`')],
]);
const ofUnits = UNITS.map((unit): [string, Make] => [`a, repeated ${JSON.stringify(unit)}, x`, fill(unit, 'a', 'x')]);
const ofLines = LINES.flatMap((line): [string, Make][] => [
  [`lines ${JSON.stringify(line)}`, fill(`${line}\n`)],
  [`one ${JSON.stringify(line)}, then lines`, fill('a b\n', `${line}\n`)],
  [`a book of ${JSON.stringify(line)}`, fill(`${line}\n\n`, '*** START OF THE PROJECT GUTENBERG\n\n')],
]);

/** In one line, and in many. */
export const HOSTILE_LINES: Readonly<Record<string, Make>> = Object.fromEntries([...ofSigns, ...ofUnits]);
export const HOSTILE_TEXTS: Readonly<Record<string, Make>> = { ...HOSTILE_LINES, ...Object.fromEntries(ofLines) };

/** Units to be put together at random. */
export const PARTS: readonly string[] = [...SIGNS, ...UNITS, ...LINES.map((line) => `${line}\n`)];
/** The parts again and again, behind and before others. */
export const repeated = (parts: readonly string[], before = '', after = ''): Make => fill(parts.join(''), before, after);
