import { DomainError } from '#libs/kernel/domain-error';
import { between, isLong, spread } from './rank.js';

/** Which rank a chapter has. */
export interface RankedChapter {
  readonly id: string;
  readonly rank: string;
  /** In the bin it keeps its rank, so that it can be restored to its place. */
  readonly isDeleted?: boolean;
}

/**
 * The order of one work's chapters. It belongs to the work: whoever changes it holds the work's lock, so two moves to the
 * same place follow each other and no two chapters get the same rank.
 */
export class ReadingOrder {
  private readonly reranked = new Map<string, string>();

  /** @param chapters those of the work in reading order, loaded under its lock. */
  constructor(private chapters: readonly RankedChapter[]) {}

  /** @returns ranks behind all chapters, in order. */
  append(count: number): string[] {
    let last = this.chapters.at(-1)?.rank ?? null;
    return Array.from({ length: count }, () => (last = between(last, null)));
  }

  /**
   * Moves a chapter behind `after`; null moves it to the front. A rank that grew long gives every chapter a new one.
   * @returns the chapter's new rank. Ranks of others that changed with it are in `changes`.
   */
  move(id: string, after: string | null): string {
    const others = this.chapters.filter((chapter) => chapter.id !== id);
    const at = after === null ? 0 : others.findIndex((chapter) => chapter.id === after && !chapter.isDeleted) + 1;
    if (after !== null && at === 0) throw new ChapterNotInWork();
    const rank = between(others[at - 1]?.rank ?? null, others[at]?.rank ?? null);
    const moved = others.toSpliced(at, 0, { id, rank });
    this.chapters = isLong(rank) ? this.rebalanced(moved) : moved;
    this.reranked.delete(id);
    return this.chapters[at].rank;
  }

  /** Other chapters whose rank changed: ids and new ranks, to be stored in one statement. */
  changes(): RankedChapter[] {
    return [...this.reranked].map(([id, rank]) => ({ id, rank }));
  }

  private rebalanced(chapters: readonly RankedChapter[]): RankedChapter[] {
    const ranks = spread(chapters.length);
    return chapters.map((chapter, i) => {
      if (ranks[i] !== chapter.rank) this.reranked.set(chapter.id, ranks[i]);
      return { ...chapter, rank: ranks[i] };
    });
  }
}

export class ChapterNotInWork extends DomainError {
  readonly code = 'chapter-not-in-work';
  readonly kind = 'invalid';
  constructor() {
    super(
      'The chapter that it should follow is not another chapter of this work: name one of the same work, or null for the front.',
    );
  }
}
