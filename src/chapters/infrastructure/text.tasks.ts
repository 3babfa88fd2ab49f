/** CPU work on texts that runs in the worker pool. A file of its own, because a thread loads it: no framework, no database. */
import { defineTask } from '#libs/worker-pool/task';
import { type StoredStep, transferAnchors as transfer } from '../domain/anchor-transfer.js';
import type { Anchor } from '../domain/anchoring.js';
import type { Draft } from '../domain/blocks.js';
import { ChapterTooLong } from '../domain/chapter.js';
import { TooManyChapters } from '../domain/manuscript.js';
import { toMarkdown } from '../domain/markdown.js';
import * as texts from '../domain/revision-text.js';

const sizeOf = (text: texts.Text | undefined): number =>
  text === undefined
    ? 0
    : 'markdown' in text
      ? text.markdown.length
      : text.blocks.reduce((sum, block) => sum + block.text.length + 50, 0);

export const firstRevision = (text: texts.Text): texts.RevisionText => texts.firstRevision(text);
export const firstRevisionTask = defineTask({
  file: import.meta.url,
  name: 'firstRevision',
  run: firstRevision,
  size: sizeOf,
  refusals: [ChapterTooLong],
});

interface Revising {
  readonly stored: texts.StoredText;
  readonly text: texts.Text | undefined;
}
export const revise = ({ stored, text }: Revising): texts.RevisionText => texts.revise(stored, text);
export const revising = defineTask({
  file: import.meta.url,
  name: 'revise',
  run: revise,
  size: ({ stored, text }) => stored.blocks.length + stored.history.length + sizeOf(text),
  refusals: [ChapterTooLong],
});

interface BookSource {
  readonly source: string;
  readonly format: 'markdown' | 'text';
  readonly language: string | undefined;
}
export const readBook = ({ source, format, language }: BookSource): texts.Book => texts.readBook(source, format, language);
export const bookReading = defineTask({
  file: import.meta.url,
  name: 'readBook',
  run: readBook,
  size: ({ source }) => source.length,
  refusals: [ChapterTooLong, TooManyChapters],
});

export const writeMarkdown = (blocks: readonly Draft[]): string => toMarkdown(blocks);
export const markdownWriting = defineTask({
  file: import.meta.url,
  name: 'writeMarkdown',
  run: writeMarkdown,
  size: (blocks) => blocks.reduce((sum, { text }) => sum + text.length + 50, 0),
});

interface Transfer {
  readonly anchors: readonly Anchor[];
  readonly step: StoredStep;
}
export const transferAnchors = ({ anchors, step }: Transfer): Anchor[] => transfer(anchors, step);
export const anchorTransfer = defineTask({
  file: import.meta.url,
  name: 'transferAnchors',
  run: transferAnchors,
  // one search for changed words fills a table of quote × text, so an anchor counts as much as its text
  size: ({ anchors, step }) =>
    step.blocks.length * (1 + anchors.length) + step.lineages.reduce((sum, { length }) => sum + length, 0),
});
