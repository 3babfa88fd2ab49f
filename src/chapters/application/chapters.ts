import type { Actor } from '#libs/kernel/actor';
import type { Anchor } from '../domain/anchoring.js';
import type { Block } from '../domain/blocks.js';
import type { Action } from '../domain/policy.js';

/** What other modules know of a chapter. */
export interface ChapterSummary {
  id: string;
  workId: string;
  authorId: string;
  language: string;
  /** The newest revision, whether published or not. */
  head: number;
  /** What readers see now; null when nothing is published, or it was taken back or taken down. */
  revision: number | null;
  /** The number of the newest publication, 0 before the first. */
  publication: number;
}

/** A block of a revision that readers see or saw, perhaps words in it. */
export interface QuoteRequest {
  block: string;
  quote?: { exact: string; start?: number };
  revision?: number;
}

export interface Quoted {
  chapter: ChapterSummary;
  /** The revision in which the block was found. */
  revision: number;
  /** The block's text in that revision. */
  text: string;
  anchor: Anchor;
}

/**
 * The public API of the chapters module, for reading. Answered in the caller's transaction if there is one.
 *
 * @example
 * const chapter = await this.chapters.summary(chapterId);
 * if (!chapter?.revision) throw new ChapterNotFound();
 */
export abstract class Chapters {
  /**
   * Undefined also when it, or its work, is in the bin.
   * @param held in a unit of work that writes something about the chapter: it is not erased before that commits.
   */
  abstract summary(chapterId: string, held?: 'held'): Promise<ChapterSummary | undefined>;
  /** The title of one revision: a draft may have another. */
  abstract title(chapterId: string, revision: number): Promise<string>;
  /** The blocks of one revision in order, whether published or not: the caller has checked that the reader may see it. */
  abstract blocks(chapterId: string, revision: number): Promise<Block[]>;
  /** Revisions in the order in which they were published: the first is publication 1. */
  abstract publications(chapterId: string): Promise<number[]>;
  /**
   * The revisions that were published since the last retraction; none while the chapter is unpublished. What was made from them
   * may be shown; what was made from other revisions was retracted with the chapter.
   */
  abstract readableRevisions(chapterId: string): Promise<number[]>;
  /**
   * Where anchors in one revision stand in another, in their order. Computed in the worker pool: do not ask inside a unit of work,
   * whose locks would wait for a thread.
   *
   * @example const [now] = await chapters.transferAnchors(id, 3, 5, [{ block, status: 'anchored' }]);
   */
  abstract transferAnchors(chapterId: string, from: number, to: number, anchors: readonly Anchor[]): Promise<Anchor[]>;
  /**
   * What a comment is about, in one query: the chapter as it is, and the block as the reader saw it, with the quoted words.
   * In a unit of work the chapter is not erased before that commits.
   * @param at `revision` is the one on the reader's screen; without it the one that readers see now.
   * @throws RevisionNotPublished, BlockNotInRevision, QuoteNotInBlock
   * @example const quoted = await chapters.quote(id, { block, quote: { exact: 'the lamp' } }); quoted?.anchor.span
   */
  abstract quote(chapterId: string, at: QuoteRequest): Promise<Quoted | undefined>;
  /**
   * Whether the policy of chapters allows this; false also when there is no such work or chapter.
   * @param id of the chapter for `chapter:…`, of the work for `work:…`.
   * @example await chapters.can(actor, 'chapter:moderate', chapterId)
   */
  abstract can(actor: Actor | undefined, action: Action, id: string): Promise<boolean>;
  /**
   * The same as a refusal.
   * @throws ChapterNotFound, WorkNotFound for who may not know of it; NotYourChapter, NotYourWork for others.
   */
  abstract authorize(actor: Actor | undefined, action: Action, id: string): Promise<void>;
  /** The same for all chapters of a work: the films that may be shown. */
  abstract readableRevisionsOfWork(workId: string): Promise<{ chapterId: string; revision: number }[]>;
  /** Chapters of a work that are in the bin; all of them when the work is. */
  abstract deletedChapters(workId: string): Promise<string[]>;
  /** The title of the chapter's work. Whoever may see the chapter may see it. */
  abstract workTitle(chapterId: string): Promise<string>;
  /** Object key of the cover of the chapter's work. */
  abstract cover(chapterId: string): Promise<string | null>;
}
