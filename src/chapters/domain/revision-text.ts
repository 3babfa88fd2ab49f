import { newId } from '#libs/kernel/id';
import { align, type Incoming, type Lineage } from './alignment.js';
import { type Block, digest, type Draft, MAX_BLOCKS, MAX_CHARS, tidy } from './blocks.js';
import { ChapterTooLong } from './chapter.js';
import { type Manuscript, readManuscript } from './manuscript.js';
import { parseMarkdown } from './markdown.js';

/** A chapter's text as an author sends it: as Markdown, or block by block with the ids their editor remembers. */
export type Text = { readonly markdown: string } | { readonly blocks: readonly Incoming[] };

/** The text that is stored already, as JSON: it is parsed where it is compared, away from the event loop. */
export interface StoredText {
  /** BCP 47. */
  readonly language: string;
  /** `Block[]` in order. */
  readonly blocks: string;
  /** `{ id, digest }[]`: every text that the chapter ever held, sorted by id. */
  readonly history: string;
}

/**
 * What a new revision is made of, ready to be stored: JSON where it only goes to the database, so that a chapter of 5,000 blocks takes
 * the event loop as long as one of 50.
 */
export interface RevisionText {
  /** `[id, digest][]` in order. */
  readonly blocks: string;
  /** `{ id, digest, kind, text }[]`: the texts that the chapter has not held yet. */
  readonly texts: string;
  /** `Lineage[]`, of which `changes` are those that are not `kept`. */
  readonly lineage: string;
  readonly changes: readonly Lineage[];
  /** Number of blocks, and UTF-16 units of all but scene breaks. */
  readonly count: number;
  readonly length: number;
}

/**
 * A text as the next revision of what is stored; without a text, what is stored once more.
 *
 * @throws ChapterTooLong
 */
export function revise(stored: StoredText, text: Text | undefined): RevisionText {
  const previous = JSON.parse(stored.blocks) as Block[];
  const history = JSON.parse(stored.history) as { id: string; digest: string }[];
  const incoming = text ? withinLimits(blocksOf(text)) : previous.map((block) => ({ ...block, claimedId: block.id }));
  const { blocks, lineage } = align(previous, incoming, { newId, language: stored.language, history });
  return assembled(blocks, lineage, new Set(history.map((known) => `${known.id} ${known.digest}`)));
}

/** A text as the first revision of a chapter. @throws ChapterTooLong */
export function firstRevision(text: Text): RevisionText {
  return assembledAnew(withinLimits(blocksOf(text)));
}

/** A whole book in one file, each chapter as its first revision. @throws TooManyChapters, ChapterTooLong */
export function readBook(source: string, format: 'markdown' | 'text', language?: string): Book {
  const { chapters, ...about } = readManuscript(source, format, language);
  return { ...about, chapters: chapters.map(({ title, blocks }) => ({ title, first: assembledAnew(withinLimits(blocks)) })) };
}

export interface Book extends Omit<Manuscript, 'chapters'> {
  readonly chapters: readonly { readonly title: string; readonly first: RevisionText }[];
}

const blocksOf = (text: Text): readonly Incoming[] => ('markdown' in text ? parseMarkdown(text.markdown) : text.blocks);

function assembledAnew(drafts: readonly Draft[]): RevisionText {
  const blocks = drafts.map(({ kind, text }) => ({ id: newId(), kind, text }));
  const lineage = blocks.map(({ id }) => ({ change: 'new' as const, block: id, from: [], similarity: 0 }));
  return assembled(blocks, lineage, new Set());
}

function assembled(blocks: readonly Block[], lineage: readonly Lineage[], known: ReadonlySet<string>): RevisionText {
  const texts = blocks.map((block) => ({ ...block, digest: digest(block) }));
  return {
    blocks: JSON.stringify(texts.map((text) => [text.id, text.digest])),
    texts: JSON.stringify(texts.filter((text) => !known.has(`${text.id} ${text.digest}`))),
    lineage: JSON.stringify(lineage),
    changes: lineage.filter(({ change }) => change !== 'kept'),
    count: blocks.length,
    length: blocks.reduce((sum, { kind, text }) => sum + (kind === 'scene-break' ? 0 : text.length), 0),
  };
}

/** Canonical blocks of a text that is not too long. Keeps the claims of blocks that survive. */
function withinLimits(blocks: readonly Incoming[]): Incoming[] {
  const tidied = blocks.flatMap(({ claimedId, ...draft }) =>
    tidy([draft]).map((block) => ({ ...block, ...(claimedId && { claimedId }) })),
  );
  if (tidied.length > MAX_BLOCKS) throw new ChapterTooLong(`${MAX_BLOCKS} paragraphs`);
  if (tidied.reduce((sum, { text }) => sum + text.length, 0) > MAX_CHARS) throw new ChapterTooLong(`${MAX_CHARS} characters`);
  return tidied;
}
