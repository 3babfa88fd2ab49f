import { isSceneBreak, linesOf, SCENE_BREAK_TEXT, tidy } from './blocks.js';
import type { Block, BlockKind, Draft } from './blocks.js';

/**
 * Chapters as Markdown, both ways. A small dialect of CommonMark, chosen for prose:
 *
 * - Blocks end at blank lines. A line that starts with an ideographic space (the Chinese paragraph indent) starts a paragraph too.
 * - Wrapped lines are joined; a line that ends in two spaces or a backslash breaks on purpose. Lines that *all* break by two spaces
 *   are verse, as are two or more lines indented by four.
 * - Indented text is never code (fences are), and a row of dashes under a line is a scene break, not a heading: in fiction
 *   the reading by CommonMark is the rarer intent. Heading levels are not kept: inside a chapter there is one.
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

/** The run of backticks or tildes that opens a code block; a line with another backtick after it opens none. */
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

/** Lines between two blank ones. */
function readGroup(lines: readonly string[]): Draft[] {
  if (QUOTED.test(lines[0])) {
    // a bare `>` parts two paragraphs of one quotation: each is its own block
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

/** Joins wrapped lines and keeps wanted breaks. */
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

/** Lines that were wrapped to fit a page, made one again: CJK closes up, everything else was parted at a space. */
export function joinWrapped(lines: readonly string[]): string {
  let text = lines[0] ?? '';
  for (let i = 1; i < lines.length; i++) {
    const before = lines[i - 1].at(-1) ?? '\n';
    const after = [...lines[i].slice(0, 2)][0] ?? '\n';
    text += UNSPACED.test(before) || UNSPACED.test(after) ? lines[i] : ` ${lines[i]}`;
  }
  return text;
}

/** A line of text that looks like the start of something else carries a backslash in Markdown, and loses it here. */
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
