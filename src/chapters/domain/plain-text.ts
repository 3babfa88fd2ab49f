import { isSceneBreak } from './blocks.js';
import { joinWrapped } from './markdown.js';
import type { Draft } from './blocks.js';

/**
 * How a plain-text file marks its paragraphs. `layoutOf` finds it out from the whole text; every part is then read in that layout:
 *
 * - *wrapped*: lines are wrapped at some width and blank lines separate paragraphs (Project Gutenberg, mail, old editors);
 * - otherwise every line is a paragraph, with or without blank lines (word processors, most Chinese text files).
 *
 * In both, an ideographic space at the start of a line starts a paragraph.
 */
export interface Layout {
  /** Width in columns at which lines were wrapped; undefined when they were not. */
  readonly wrap: number | undefined;
}

/** The width of a line in terminal columns: a CJK character takes two. */
export function columns(line: string): number {
  let sum = 0;
  for (const char of line)
    sum += /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFF60]/u.test(char)
      ? 2
      : 1;
  return sum;
}

/**
 * A text counts as wrapped when most lines inside its paragraphs (all but the last of each) are nearly as long as its longest
 * lines.
 */
export function layoutOf(lines: readonly string[]): Layout {
  const inner: number[] = [];
  lines.forEach((line, i) => {
    if (line.trim() !== '' && (lines[i + 1] ?? '').trim() !== '' && !isIndent(lines[i + 1])) inner.push(columns(line.trimEnd()));
  });
  if (inner.length < 2 || inner.length < lines.length * 0.05) return { wrap: undefined };
  inner.sort((a, b) => a - b);
  const wrap = inner[Math.floor(inner.length * 0.98)];
  const full = inner.filter((width) => width >= wrap * 0.8).length;
  return { wrap: wrap <= 120 && full >= inner.length * 0.5 ? wrap : undefined };
}

function isIndent(line: string): boolean {
  return line.startsWith('\u3000');
}

export function readParagraphs(lines: readonly string[], { wrap }: Layout): Draft[] {
  const blocks: Draft[] = [];
  let group: string[] = [];
  const close = () => {
    if (group.length > 0) for (const block of readGroup(group, wrap)) blocks.push(block);
    group = [];
  };
  for (const line of lines) {
    if (line.trim() === '' || isIndent(line)) close();
    if (isSceneBreak(line)) {
      close();
      blocks.push({ kind: 'scene-break', text: '***' });
    } else if (line.trim() !== '') group.push(line.replaceAll('\t', '    '));
  }
  close();
  return blocks;
}

function readGroup(lines: readonly string[], wrap: number | undefined): Draft[] {
  const texts = lines.map((line) => line.trim());
  if (lines.length === 1) return [{ kind: 'paragraph', text: texts[0] }];
  if (wrap === undefined) {
    return lines.every((line) => /^\s{2}/.test(line) && !isIndent(line))
      ? [{ kind: 'verse', text: texts.join('\n') }]
      : texts.map((text) => ({ kind: 'paragraph', text }));
  }
  if (isVerse(lines, wrap)) return [{ kind: 'verse', text: texts.join('\n') }];
  return [{ kind: 'paragraph', text: joinWrapped(texts) }];
}

/**
 * Whether lines are verse. In wrapped prose a line ends because the next word does not fit; in verse the next word would have fitted.
 * Of indented lines a third must end early, because an indented letter fills its lines; of lines at the margin all must.
 */
function isVerse(lines: readonly string[], wrap: number): boolean {
  let early = 0;
  for (let i = 0; i + 1 < lines.length; i++) {
    const next = lines[i + 1].trim();
    const word = columns(/^\S+/.exec(next)?.[0].slice(0, wrap >> 2) ?? '');
    if (columns(lines[i].trimEnd()) + 1 + word <= wrap * 0.9) early++;
  }
  const indented = lines.filter((line) => /^\s/.test(line) && !isIndent(line)).length;
  return indented * 2 >= lines.length ? early * 3 >= lines.length - 1 : early === lines.length - 1;
}
