import { DomainError } from '#libs/kernel/domain-error';
import { linesOf, tidy, withoutClosing } from './blocks.js';
import { withoutBoilerplate } from './front-matter.js';
import { chaptersAmong } from './contents.js';
import { headingsIn, numbersIn, readHeading } from './headings.js';
import { detectLanguage } from './language.js';
import { parseMarkdown } from './markdown.js';
import { layoutOf, readParagraphs } from './plain-text.js';
import type { Draft } from './blocks.js';
import type { Metadata } from './front-matter.js';
import type { Heading } from './headings.js';

/**
 * A whole book in one file, split into chapters. No rule is made for one particular book: headings are recognised by their words and
 * numbers (`headings.ts`) or by Markdown marks, paragraphs by the layout of the file (`plain-text.ts`), and the text that a
 * distributor added before and after the book is removed (`front-matter.ts`).
 *
 * A file without any heading is one chapter. Prose before the first heading is a chapter of its own; a title page is not.
 */
export interface Manuscript {
  readonly title?: string;
  readonly author?: string;
  /** BCP 47; `und` when it was not given and cannot be detected. */
  readonly language: string;
  readonly chapters: readonly ManuscriptChapter[];
}

export interface ManuscriptChapter {
  /** Without its number ("Down the Rabbit-Hole"), unless it has nothing else ("Chapter 3"). */
  readonly title: string;
  /** The part of the book that it belongs to: "第二卷", "Book II", or that part's own title. */
  readonly volume?: string;
  readonly blocks: readonly Draft[];
}

/** Headings in one file, sections counted. The longest web novels have 3,000 chapters. */
const MAX_CHAPTERS = 6_000;

export class TooManyChapters extends DomainError {
  readonly code = 'too-many-chapters';
  readonly kind = 'invalid';
  constructor() {
    super(`This file has more than ${MAX_CHAPTERS} headings. Import it in parts.`);
  }
}

/** @param language BCP 47; detected when the author gave none. */
export function readManuscript(text: string, format: 'markdown' | 'text', language?: string): Manuscript {
  const { lines, metadata } = withoutBoilerplate(linesOf(text));
  const marked = format === 'markdown' ? markedHeadings(lines) : [];
  const book = marked.length > 0 ? fromMarks(lines, marked) : fromWords(lines, format);
  const { title = book.title, author = book.author } = metadata;
  const spoken = language ?? metadata.language ?? detectLanguage(lines.join('\n'));
  const otherwise = title ?? (spoken.startsWith('zh') ? '无题' : 'Untitled');
  return {
    ...(title && { title }),
    ...(author && { author }),
    language: spoken,
    chapters: book.chapters.map((chapter) => ({ ...chapter, title: chapter.title || otherwise })),
  };
}

interface Book extends Metadata {
  chapters: ManuscriptChapter[];
}

/** Reads plain text, and Markdown whose chapters are not marked as headings. */
function fromWords(lines: readonly string[], format: 'markdown' | 'text'): Book {
  const layout = layoutOf(lines);
  const read = (from: number, to: number): Draft[] => {
    const part = lines.slice(from, to);
    const blocks = tidy(format === 'markdown' ? parseMarkdown(part.join('\n')) : readParagraphs(part, layout));
    // numbered sections inside a chapter become headings
    return blocks.map((block) =>
      block.kind === 'paragraph' && readHeading(block.text)?.number !== undefined ? { ...block, kind: 'heading' } : block,
    );
  };
  const textBetween = (from: number, to: number) => lines.slice(from, to).reduce((sum, line) => sum + line.trim().length, 0);
  const worded = headingsIn(lines, MAX_CHAPTERS + 1);
  if (worded.length > MAX_CHAPTERS) throw new TooManyChapters();
  const { chapters: headings, parts } = chaptersAmong(worded.length > 0 ? worded : numbersIn(lines), textBetween);
  if (headings.length === 0) {
    const { rest, ...page } = titlePage(read(0, lines.length));
    return { ...page, chapters: rest.length > 0 ? [{ title: '', blocks: rest }] : [] };
  }
  const starts = [...headings, ...parts].sort((a, b) => a.line - b.line);
  const { rest, ...page } = titlePage(read(0, starts[0].line));
  const chapters: ManuscriptChapter[] = isProse(rest) ? [{ title: '', blocks: rest }] : [];
  let volume: { volume?: string } = {};
  let epigraph: Draft[] = [];
  starts.forEach((start, i) => {
    const blocks = read(start.end, starts[i + 1]?.line ?? lines.length);
    if (parts.length > 0 && start.rank === 'part') {
      volume = { volume: titleOf(start) };
      epigraph = blocks;
    } else {
      chapters.push({ title: titleOf(start), ...volume, blocks: [...epigraph, ...blocks] });
      epigraph = [];
    }
  });
  return { ...page, chapters: chapters.filter(({ blocks }) => blocks.length > 0) };
}

/** The title of a chapter: the title in its heading, else the label without the full stop. */
function titleOf({ title, label }: Pick<Heading, 'title' | 'label'>): string {
  return title || label.replace(/[.:]$/, '');
}

/** Reads title and author from the first short lines of a book. */
function titlePage(blocks: readonly Draft[]): Metadata & { rest: Draft[] } {
  const at = blocks.findIndex(({ text }) => text.length > SHORT || /[.。！？!?…]$/u.test(text));
  const lines = blocks.slice(0, at < 0 ? blocks.length : at);
  const [first, second] = lines;
  if (!first || blocks.length === 1 || first.kind === 'scene-break') return { rest: [...blocks] };
  const by = lines.slice(1).find(({ text }) => BYLINE.test(text)) ?? (second && isName(second.text) ? second : undefined);
  return {
    title: first.text.split('\n')[0].replace(/^《(.*)》$/u, '$1'),
    ...(by && { author: by.text.replace(BYLINE, '').trim() }),
    rest: blocks.slice(lines.length),
  };
}

const SHORT = 80;
const BYLINE = /^(?:by\s+|written by\s+|作者\s*[:：]\s*|著者?\s*[:：]\s*)/i;

/** Whether a text looks like a name (鲁迅, Lewis Carroll, J. M. Barrie): few words, all capitalised, no digits. */
function isName(text: string): boolean {
  if (/^[\p{Script=Han}·・\s]{2,12}$/u.test(text)) return true;
  const words = text.split(/\s+/);
  return (
    words.length >= 2 &&
    words.length <= 4 &&
    words.every((word) => /^\p{Lu}[\p{L}.’'-]*$/u.test(word)) &&
    !/\b(?:edition|series|volume|press)\b/i.test(text)
  );
}

/** Whether one paragraph is longer than the lines of a title page, a dedication or a list. */
function isProse(blocks: readonly Draft[]): boolean {
  return blocks.some(({ kind, text }) => (kind === 'paragraph' || kind === 'quote') && text.length > 2 * SHORT);
}

interface Mark {
  readonly line: number;
  readonly end: number;
  readonly level: number;
  readonly text: string;
}

function markedHeadings(lines: readonly string[]): Mark[] {
  const marks: Mark[] = [];
  let fence = '';
  lines.forEach((line, i) => {
    const fenced = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1][0];
    if (fenced && (fence === '' || fence === fenced)) fence = fence === '' ? fenced : '';
    const atx = fence === '' ? /^ {0,3}(#{1,6})\s/.exec(line) : null;
    const text = atx ? line.slice(atx[0].length).trim() : '';
    if (atx && text !== '') marks.push({ line: i, end: i + 1, level: atx[1].length, text: withoutClosing(text) });
    else if (fence === '' && /^=+\s*$/.test(line) && (lines[i - 1] ?? '').trim() !== '' && (lines[i - 2] ?? '').trim() === '')
      marks.push({ line: i - 1, end: i + 1, level: 1, text: lines[i - 1].trim() });
  });
  return marks;
}

/**
 * Chapters are the highest level that has more than one heading. A single `#` above them is the title of the book. But if prose
 * follows that `#` directly and the lower headings are not worded as chapters, the file is one chapter with sections.
 */
function fromMarks(lines: readonly string[], marks: readonly Mark[]): Book {
  if (marks.length > MAX_CHAPTERS) throw new TooManyChapters();
  const levels = [...new Set(marks.map(({ level }) => level))].sort();
  const at = (level: number) => marks.filter((mark) => mark.level === level);
  const read = (from: number, to: number) => parseMarkdown(lines.slice(from, to).join('\n'));
  let level = levels.find((one) => at(one).length > 1) ?? levels[levels.length - 1];
  const [top] = at(levels[0]);
  let title: string | undefined;
  let author: string | undefined;
  if (level !== levels[0] && at(levels[0]).length === 1) {
    title = top.text;
    const under = read(top.end, marks.find((mark) => mark.line > top.line)?.line ?? lines.length);
    const name = under[0]?.text.slice(0, SHORT).replace(/^[*_]+|[*_]+$/g, '') ?? '';
    const byline = under.length === 1 && under[0].text.length < SHORT && (BYLINE.test(name) || isName(name));
    const numbered = at(level).some((mark) => readHeading(mark.text));
    if (byline) author = name.replace(BYLINE, '');
    else if (under.length > 0 && !numbered) level = levels[0];
  }
  const starts = at(level);
  const uppers = marks.filter((mark) => mark.level < level);
  let passed = 0;
  const chapters = starts.map((mark, i) => {
    const heading = readHeading(mark.text);
    while (passed < uppers.length && uppers[passed].line <= mark.line) passed++;
    const to = Math.min(starts[i + 1]?.line ?? lines.length, uppers[passed]?.line ?? lines.length);
    return { title: heading ? titleOf(heading) : mark.text, blocks: read(mark.end, to) };
  });
  const opening = read(top.line < starts[0].line ? top.end : 0, starts[0].line);
  if (author === undefined && opening.length > 0) chapters.unshift({ title: '', blocks: opening });
  return {
    title: title ?? (starts.length === 1 ? starts[0].text : undefined),
    author,
    chapters: chapters.filter(({ blocks }) => blocks.length > 0),
  };
}
