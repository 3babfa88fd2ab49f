import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { Live } from '#libs/kernel/live';
import { newId } from '#libs/kernel/id';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { Incoming, Lineage } from '../domain/alignment.js';
import { type Draft, MAX_BLOCKS, MAX_CHARS, tidy } from '../domain/blocks.js';
import {
  Chapter,
  ChapterNotFound,
  ChapterTooLong,
  NothingToImport,
  NotYourChapter,
  RevisionNotFound,
} from '../domain/chapter.js';
import type { Manuscript } from '../domain/manuscript.js';
import { Aligner, ChapterRepository, type NewRevision, Revisions, WorkRepository } from '../domain/ports.js';

/** Use cases of an author for chapters: create, save, move, publish, unpublish, import. */
@Injectable()
export class Writing {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly chapters: ChapterRepository,
    private readonly revisions: Revisions,
    private readonly aligner: Aligner,
    private readonly live: Live,
  ) {}

  /** Creates a chapter at the end of its work. @returns its id. */
  async create(by: Actor, workId: string, title: string, text: readonly Draft[]): Promise<string> {
    const [id] = await this.append(by, workId, [{ title, blocks: text }]);
    return id;
  }

  /** Creates one chapter for each chapter of the manuscript, after those of the work: all or none. @returns their ids. */
  import(by: Actor, workId: string, manuscript: Manuscript): Promise<string[]> {
    if (!manuscript.chapters.length) throw new NothingToImport();
    return this.append(by, workId, manuscript.chapters);
  }

  private append(by: Actor, workId: string, texts: readonly { title: string; blocks: readonly Draft[] }[]): Promise<string[]> {
    const ready = texts.map(({ title, blocks }) => ({ title, blocks: withinLimits(blocks) }));
    return this.unitOfWork.run(async ({ now, record }) => {
      const work = await this.works.get(workId);
      work.mustBeOwnedBy(by);
      const ranks = (await this.works.order(workId)).append(ready.length);
      const created = ready.map(({ title, blocks }, i) => {
        const { chapter, created } = Chapter.create(by, { workId, title, rank: ranks[i] }, now);
        return { chapter, created, first: firstRevision(chapter, blocks, now) };
      });
      for (const { chapter } of created) await this.chapters.save(chapter);
      await this.revisions.add(...created.map(({ first }) => first));
      await record(...created.map(({ created }) => created));
      return created.map(({ chapter }) => chapter.id);
    });
  }

  /**
   * Saves a text as a new revision. Its blocks are aligned with the newest revision before the transaction and without a lock. If
   * that revision changed meanwhile, the aggregate refuses; without `expected` the text is aligned again. A text that is stored
   * already makes no new revision.
   */
  async save(
    by: Actor,
    chapterId: string,
    expected: number | undefined,
    change: { title?: string; blocks?: readonly Incoming[] },
  ): Promise<Saved> {
    const incoming = change.blocks && withinLimits(change.blocks);
    for (let attempt = 1; ; attempt++) {
      const head = await this.revisions.head(chapterId);
      if (!head) throw new ChapterNotFound();
      if (head.authorId !== by.id) throw new NotYourChapter();
      const title = change.title ?? head.title;
      const { blocks, lineage } = await this.aligner.align(
        head.blocks,
        incoming ?? head.blocks.map((b) => ({ ...b, claimedId: b.id })),
        {
          language: head.language,
          history: head.history,
        },
      );
      try {
        return await this.unitOfWork.run(async ({ now, record }) => {
          const chapter = await this.chapters.get(chapterId);
          if (title === head.title && lineage.every(({ change }) => change === 'kept')) {
            chapter.mustBeChangedBy(by, expected);
            return { revision: head.revision, version: chapter.snapshot().version, lineage };
          }
          const saved = chapter.save(by, expected, head.revision, title, now);
          const number = saved.data.revision;
          await this.revisions.add({
            chapterId,
            number,
            parent: head.revision,
            title,
            authorId: by.id,
            blocks,
            lineage,
            createdAt: now,
          });
          await this.chapters.save(chapter);
          await record(saved);
          return { revision: number, version: chapter.snapshot().version, lineage };
        });
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || expected !== undefined || attempt === 3) throw error;
      }
    }
  }

  /** @param after the chapter it should follow; null puts it first. */
  move(by: Actor, chapterId: string, expected: number | undefined, after: string | null): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const order = await this.works.order(await this.chapters.workOf(chapterId));
      const chapter = await this.chapters.get(chapterId);
      const moved = chapter.move(by, expected, order, after, now);
      await this.chapters.save(chapter);
      await this.chapters.saveRanks(order.changes());
      await record(moved);
    });
  }

  /** @param revision the one to publish; without it the newest. */
  publish(by: Actor, chapterId: string, expected: number | undefined, revision?: number): Promise<number> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const chapter = await this.chapters.get(chapterId);
      const chosen = revision ?? chapter.snapshot().headRevision;
      const length = await this.revisions.length(chapterId, chosen);
      if (length === undefined) {
        chapter.mustBeChangedBy(by, expected);
        throw new RevisionNotFound();
      }
      const published = chapter.publish(by, expected, chosen, length > 0, now);
      await this.chapters.save(chapter);
      await this.chapters.recordPublication(chapterId, chosen, now);
      await record(published);
      await this.live.append(`chapter:${chapterId}`, { type: 'chapter.published', body: { revision: chosen } });
      return chosen;
    });
  }

  unpublish(by: Actor, chapterId: string, expected: number | undefined): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const chapter = await this.chapters.get(chapterId);
      const unpublished = chapter.unpublish(by, expected, now);
      await this.chapters.save(chapter);
      await this.chapters.recordRetraction(chapterId, now);
      await record(unpublished);
      await this.live.append(`chapter:${chapterId}`, { type: 'access.changed', body: {} });
    });
  }
}

/** The result of saving a text. */
export interface Saved {
  revision: number;
  version: number;
  lineage: readonly Lineage[];
}

function firstRevision(chapter: Chapter, drafts: readonly Draft[], now: Date): NewRevision {
  const { id, title, authorId } = chapter.snapshot();
  const blocks = drafts.map(({ kind, text }) => ({ id: newId(), kind, text }));
  const lineage = blocks.map((block) => ({ change: 'new' as const, block: block.id, from: [], similarity: 0 }));
  return { chapterId: id, number: 1, parent: null, title, authorId, blocks, lineage, createdAt: now };
}

/** The canonical blocks of a text that is not too long; blocks that remain keep their claimed ids. */
function withinLimits(blocks: readonly Incoming[]): Incoming[] {
  const tidied = blocks.flatMap(({ claimedId, ...draft }) =>
    tidy([draft]).map((block) => ({ ...block, ...(claimedId && { claimedId }) })),
  );
  if (tidied.length > MAX_BLOCKS) throw new ChapterTooLong(`${MAX_BLOCKS} paragraphs`);
  if (tidied.reduce((sum, { text }) => sum + text.length, 0) > MAX_CHARS) throw new ChapterTooLong(`${MAX_CHARS} characters`);
  return tidied;
}
