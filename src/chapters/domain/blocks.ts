import { createHash } from 'node:crypto';

/**
 * A chapter is an ordered list of blocks. A block is the smallest part with an identity: comments are anchored to it and scenes
 * are rendered from it, so one paragraph is one block. Its text is plain, with light Markdown marks (`*so*`, `**so**`) left in
 * place; a line break inside it was written by the author.
 *
 * `tidy` brings every text into one canonical form, so that equal texts are equal bytes and Markdown survives a round trip
 * unchanged.
 */
export const BLOCK_KINDS = ['paragraph', 'heading', 'quote', 'verse', 'list', 'code', 'scene-break'] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];

/** A block without an id: what an author sends. */
export interface Draft {
  readonly kind: BlockKind;
  readonly text: string;
}

export interface Block extends Draft {
  /** Given once by the server, and never to another text. */
  readonly id: string;
}

/** The limit of one chapter, not of a book: the longest chapters of public serials have less than a tenth of this. */
export const MAX_BLOCKS = 5_000;
/** UTF-16 units over all blocks of a chapter. */
export const MAX_CHARS = 600_000;

/** The text of every scene break. */
export const SCENE_BREAK_TEXT = '***';

/** `***`, `- - -`, `＊＊＊`: three or more of one ornament and nothing else. */
const RULE = /^([*\-_＊※◇◆☆★])(?:\s*\1){2,}$/u;
const ITEM = /^(\s*)([-*+]|\d{1,3}[.)])\s+(\S.*)$/u;

export function isSceneBreak(line: string): boolean {
  return RULE.test(line.trim());
}

/** Cuts text into lines whatever system it comes from; form feeds and the Unicode separators end a line too. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|[\r\n\f\v\u0085\u2028\u2029]/);
}

/**
 * The canonical form of blocks from anywhere: trimmed lines, no empty line inside a block (code excepted), no empty block.
 * `tidy(tidy(x))` equals `tidy(x)`.
 */
export function tidy(drafts: readonly Draft[]): Draft[] {
  const out: Draft[] = [];
  for (const draft of drafts) {
    const block = tidied(draft);
    if (block) out.push(block);
  }
  return out;
}

function tidied({ kind, text }: Draft): Draft | undefined {
  if (kind === 'scene-break') return { kind, text: SCENE_BREAK_TEXT };
  if (kind === 'code') {
    const lines = linesOf(text);
    return lines.some((line) => line.trim() !== '') ? { kind, text: lines.join('\n') } : undefined;
  }
  const lines = linesOf(text)
    .map((line) => (kind === 'list' ? item(line) : line.trim()))
    .filter((line) => line !== '');
  if (lines.length === 0) return undefined;
  switch (kind) {
    case 'heading': {
      const title = withoutClosing(lines.join(' '));
      return title === '' ? undefined : { kind, text: title };
    }
    case 'list':
      return { kind, text: lines.join('\n').trimStart() };
    case 'verse': // verse needs at least two lines
      return { kind: lines.length > 1 ? kind : 'paragraph', text: lines.join('\n') };
    default:
      return { kind, text: lines.join('\n') };
  }
}

/** Removes the closing marks of a heading: `Title ##`. */
export function withoutClosing(title: string): string {
  let end = title.length;
  for (let at = end; at >= 0; at--) {
    if (at === 0 || title[at - 1].trim() === '') end = at;
    else if (title[at - 1] !== '#') break;
  }
  return title.slice(0, end).trimEnd();
}

/** A list line as `- text`; nesting stays as leading spaces. Empty when nothing is left. */
function item(line: string): string {
  const text = line.trim();
  if (text === '' || RULE.test(text)) return '';
  const found = ITEM.exec(line);
  const [indent, mark, rest] = found
    ? [found[1].replaceAll('\t', '    ').replace(/\s/g, ' '), found[2], found[3].trim()]
    : ['', '-', text];
  const bare = rest.replace(/^(?:[-*+]\s+)+/u, '');
  const whole = `${mark} ${bare}`;
  return bare === '' || RULE.test(whole) ? '' : indent + whole;
}

/** The key of a block's text: sha256 over kind and canonical text, 64 hex digits. Together with the id it names one `block_text` row. */
export function digest(block: Draft): string {
  return createHash('sha256').update(`${block.kind}\n${block.text}`, 'utf8').digest('hex');
}
