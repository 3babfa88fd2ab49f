import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { Lineage } from '../domain/alignment.js';
import { Chapter, ChapterNotFound, NothingToImport, RevisionNotFound } from '../domain/chapter.js';
import { authorize } from '../domain/policy.js';
import { ChapterRepository, Revisions, RevisionTexts, WorkRepository } from '../domain/ports.js';
import type { Book, RevisionText, Text } from '../domain/revision-text.js';

/** Use cases of an author for chapters: create, save, move, publish, unpublish, import. */
@Injectable()
export class Writing {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly chapters: ChapterRepository,
    private readonly revisions: Revisions,
    private readonly texts: RevisionTexts,
  ) {}

  /** Creates a chapter at the end of its work. @returns its id. */
  async create(by: Actor, workId: string, title: string, text: Text, signal?: AbortSignal): Promise<string> {
    const [id] = await this.append(by, workId, [{ title, first: await this.texts.first(text, signal) }]);
    return id;
  }

  /** Creates one chapter for each chapter of the book, after those of the work: all or none. */
  async import(by: Actor, workId: string, { text, format, language }: Source, signal?: AbortSignal): Promise<Imported> {
    // before the text is read, which takes time, and again when it is stored
    authorize(by, 'work:write', await this.works.facts(workId, by));
    const { chapters, ...about } = await this.texts.readBook(text, format, language, signal);
    if (!chapters.length) throw new NothingToImport();
    const ids = await this.append(by, workId, chapters);
    return { ...about, chapters: chapters.map(({ title, first }, i) => ({ id: ids[i], title, blocks: first.count })) };
  }

  private append(by: Actor, workId: string, texts: readonly { title: string; first: RevisionText }[]): Promise<string[]> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:write', await this.works.facts(workId, by));
      const ranks = (await this.works.order(workId)).append(texts.length);
      const created = texts.map(({ title, first }, i) => {
        const { chapter, created } = Chapter.create(by, { workId, title, rank: ranks[i] }, now);
        const { id, authorId, title: tidied } = chapter.snapshot();
        return {
          chapter,
          created,
          first: { chapterId: id, number: 1, parent: null, title: tidied, authorId, text: first, createdAt: now },
        };
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
    change: { title?: string; text?: Text },
    signal?: AbortSignal,
  ): Promise<Saved> {
    for (let attempt = 1; ; attempt++) {
      // before the text is aligned, which takes time, and again when it is stored
      authorize(by, 'chapter:write', await this.chapters.facts(chapterId, by));
      const head = await this.revisions.head(chapterId);
      if (!head) throw new ChapterNotFound();
      const title = change.title ?? head.title;
      const text = await this.texts.revise(head, change.text, signal);
      try {
        return await this.unitOfWork.run(async ({ now, record }) => {
          const chapter = await this.chapters.get(chapterId);
          authorize(by, 'chapter:write', await this.chapters.facts(chapterId, by));
          if (title === head.title && text.changes.length === 0) {
            chapter.mustBe(expected);
            return { revision: head.revision, version: chapter.snapshot().version, changes: [] };
          }
          const saved = chapter.save(by, expected, head.revision, title, now);
          const number = saved.data.revision;
          await this.revisions.add({ chapterId, number, parent: head.revision, title, authorId: by.id, text, createdAt: now });
          await this.chapters.save(chapter);
          await record(saved);
          return { revision: number, version: chapter.snapshot().version, changes: text.changes };
        });
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || expected !== undefined || attempt === 3) throw error;
      }
    }
  }

  /** @param after the chapter it should follow; null puts it first. */
  move(by: Actor, chapterId: string, expected: number | undefined, after: string | null): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:write', await this.chapters.facts(chapterId, by));
      const order = await this.works.order(await this.chapters.workOf(chapterId));
      const chapter = await this.chapters.get(chapterId);
      const moved = chapter.move(by, expected, order, after, now);
      await this.chapters.save(chapter);
      await this.chapters.saveRanks(order.changes());
      await record(moved);
    });
  }

  /** @param revision the one to publish; without it the newest. @returns that one, and the version that the chapter has now. */
  publish(
    by: Actor,
    chapterId: string,
    expected: number | undefined,
    revision?: number,
  ): Promise<{ revision: number; version: number }> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:publish', await this.chapters.facts(chapterId, by));
      const work = await this.works.get(await this.chapters.workOf(chapterId)); // its lock: no take-down comes between
      const chapter = await this.chapters.get(chapterId);
      const chosen = revision ?? chapter.snapshot().headRevision;
      const length = await this.revisions.length(chapterId, chosen);
      if (length === undefined) {
        chapter.mustBe(expected);
        throw new RevisionNotFound();
      }
      work.mustBeShown();
      const published = chapter.publish(by, expected, chosen, length > 0, now);
      await this.chapters.save(chapter);
      await this.chapters.recordPublication(chapterId, chosen, now);
      await record(published);
      return { revision: chosen, version: chapter.snapshot().version };
    });
  }

  unpublish(by: Actor, chapterId: string, expected: number | undefined): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:publish', await this.chapters.facts(chapterId, by));
      const chapter = await this.chapters.get(chapterId);
      const unpublished = chapter.unpublish(by, expected, now);
      await this.chapters.save(chapter);
      await this.chapters.recordRetraction(chapterId, now);
      await record(unpublished);
    });
  }
}

/** The result of saving a text. */
export interface Saved {
  revision: number;
  version: number;
  /** Blocks that are not what they were. */
  changes: readonly Lineage[];
}

/** A book in one file. */
export interface Source {
  readonly text: string;
  readonly format: 'markdown' | 'text';
  /** BCP 47, when it is known. */
  readonly language?: string;
}

/** What became of a book. */
export interface Imported extends Omit<Book, 'chapters'> {
  readonly chapters: readonly { id: string; title: string; blocks: number }[];
}
