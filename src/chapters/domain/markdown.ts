import { isSceneBreak, linesOf, SCENE_BREAK_TEXT, tidy } from './blocks.js';
import type { Block, BlockKind, Draft } from './blocks.js';

/**
 * Reads and writes a chapter as Markdown, in a small dialect of CommonMark that suits prose:
 *
 * - Blocks end at blank lines. A line that starts with an ideographic space (the Chinese paragraph indent) starts a paragraph too.
 * - Wrapped lines are joined. A line that ends in two spaces or a backslash keeps its line break. Lines that *all* end in two spaces
 *   are verse, and so are two or more lines indented by four spaces.
 * - Only fenced text is code; indented text is not. A row of dashes under a line is a scene break and not, as in CommonMark, a
 *   heading: that is what authors of fiction mean more often. Heading levels are not kept: a chapter has one.
 *
 * `parseMarkdown(toMarkdown(blocks))` equals `blocks` for every tidy list.
 */
export function parseMarkdown(source: string): Draft[] {
  const blocks: Draft[] = [];
  const lines = linesOf(source);
  let group: string[] = [];
  const close = () => {
    for (const block of readGroup(group)) blocks.push(block);
    group = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const fence = fenceAt(line);
    if (fence !== undefined) {
      close();
      const end = endOfFence(lines, i + 1, fence);
      blocks.push({ kind: 'code', text: lines.slice(i + 1, end).join('\n') });
      i = end;
    } else if (line.trim() === '') {
      close();
    } else if (isSceneBreak(line)) {
      close();
      blocks.push({ kind: 'scene-break', text: SCENE_BREAK_TEXT });
    } else if (/^ {0,3}#{1,6}\s/.test(line)) {
      close();
      blocks.push({ kind: 'heading', text: line.trim().replace(/^#+\s+/, '') });
    } else if (group.length === 1 && /^=+\s*$/.test(line)) {
      blocks.push({ kind: 'heading', text: group[0] });
      group = [];
    } else {
      if (line.startsWith('\u3000') || (QUOTED.test(line) && !QUOTED.test(group[0] ?? ''))) close();
      group.push(line);
    }
  }
  close();
  return tidy(blocks);
}

const QUOTED = /^ {0,3}>/;
const LISTED = /^ {0,3}(?:[-*+]|\d{1,3}[.)])\s+\S/u;

/** @returns the backticks or tildes that open a code block. A line with another backtick after them opens none. */
export function fenceAt(line: string): string | undefined {
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line);
  return fence && !line.includes('`', fence[0].length) ? fence[1] : undefined;
}

function endOfFence(lines: readonly string[], from: number, fence: string): number {
  for (let i = from; i < lines.length; i++) {
    const text = lines[i].trim();
    if (text.length >= fence.length && text === fence[0].repeat(text.length)) return i;
  }
  return lines.length;
}

/** Reads the lines between two blank lines. */
function readGroup(lines: readonly string[]): Draft[] {
  if (QUOTED.test(lines[0])) {
    // a line of `>` alone separates two paragraphs of one quotation: each becomes a block
    const parts: string[][] = [[]];
    for (const line of lines) {
      const text = line.replace(/^ {0,3}(?:>\s?)+/, '');
      if (text.trim() === '') parts.push([]);
      else parts[parts.length - 1].push(text);
    }
    return parts.filter((part) => part.length > 0).map((part) => ({ kind: 'quote', text: flow(part).text }));
  }
  if (LISTED.test(lines[0])) {
    const items: string[][] = [];
    for (const line of lines) {
      if (items.length === 0 || /^\s*(?:[-*+]|\d{1,3}[.)])\s+\S/u.test(line)) items.push([line]);
      else items[items.length - 1].push(line);
    }
    return [
      {
        kind: 'list',
        text: items.map(([first, ...rest]) => [first.trimEnd(), ...rest.map((r) => r.trim())].join(' ')).join('\n'),
      },
    ];
  }
  if (lines.length > 1 && lines.every((line) => /^(?: {4}|\t)/.test(line))) {
    return [{ kind: 'verse', text: lines.map((line) => unescapeLine(line.trim())).join('\n') }];
  }
  const { text, verse } = flow(lines);
  return [{ kind: verse ? 'verse' : 'paragraph', text }];
}

/** Joins wrapped lines and keeps the line breaks that the author marked. */
function flow(lines: readonly string[]): { text: string; verse: boolean } {
  const parts: string[] = [];
  let verse = lines.length > 1;
  lines.forEach((line, i) => {
    const last = i === lines.length - 1;
    const spaced = line.endsWith('  ');
    const slashed = !spaced && line.endsWith('\\');
    if (!last && !spaced) verse = false;
    parts.push(unescapeLine((slashed && !last ? line.slice(0, -1) : line).trim()));
    if (!last && (spaced || slashed)) parts.push('\n');
  });
  return { text: joinWrapped(parts), verse };
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\u3000-\u303F\uFF00-\uFFEF\n]/u;

/** Joins lines that were wrapped to fit a page: directly beside a CJK character, otherwise with a space. */
export function joinWrapped(lines: readonly string[]): string {
  let text = lines[0] ?? '';
  for (let i = 1; i < lines.length; i++) {
    const before = lines[i - 1].at(-1) ?? '\n';
    const after = [...lines[i].slice(0, 2)][0] ?? '\n';
    text += UNSPACED.test(before) || UNSPACED.test(after) ? lines[i] : ` ${lines[i]}`;
  }
  return text;
}

/** Removes the backslash of a line of text that would be read as another kind of block without it (`escapeLine`). */
function unescapeLine(line: string): string {
  return line.replace(/^\\(\\*(?:[#>\-+*_=`~＊※◇◆☆★]))/u, '$1').replace(/^(\d{1,3})\\(\\*[.)](?:\s|$))/, '$1$2');
}

function escapeLine(line: string): string {
  if (
    /^\\*(?:#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|=+$|`{3}|~{3})/.test(line) ||
    /^\\+[#>\-+*_=`~＊※◇◆☆★]/u.test(line) ||
    isSceneBreak(line)
  ) {
    return `\\${line}`;
  }
  return line.replace(/^(\d{1,3})(\\*[.)](?:\s|$))/, '$1\\$2');
}

export function toMarkdown(blocks: readonly (Draft | Block)[]): string {
  return blocks.map(({ kind, text }) => write(kind, text)).join('\n\n') + (blocks.length > 0 ? '\n' : '');
}

function write(kind: BlockKind, text: string): string {
  switch (kind) {
    case 'scene-break':
      return SCENE_BREAK_TEXT;
    case 'heading':
      return `## ${text}`;
    case 'list':
      return text;
    case 'code': {
      const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
      const fence = '`'.repeat(Math.max(3, longest + 1));
      return `${fence}\n${text}\n${fence}`;
    }
    case 'verse':
      return text.split('\n').map(escapeLine).join('  \n');
    case 'quote':
      return text
        .split('\n')
        .map((line) => `> ${escapeLine(line)}`)
        .join('\\\n');
    case 'paragraph':
      return text.split('\n').map(escapeLine).join('\\\n');
  }
}
