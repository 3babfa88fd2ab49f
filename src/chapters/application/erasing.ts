import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { ChapterNotFound } from '../domain/chapter.js';
import { ChapterRepository, Erasure, WorkRepository } from '../domain/ports.js';
import { WorkNotFound } from '../domain/work.js';

const BATCH = 50;

/**
 * Removes what has been in the bin for 30 days, or whose owner did not wait: every row of it, each chapter in a unit of work of
 * its own. Each step may run twice and stop at any point: what is gone is skipped. Other modules react to `ChapterErased` and
 * `WorkErased` and remove what they have.
 *
 * @example await erasing.eraseWorksOf(accountId); // the account was erased: its works go, without 30 days in the bin
 */
@Injectable()
export class Erasing {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly chapters: ChapterRepository,
    private readonly erasure: Erasure,
  ) {}

  /** @returns how many chapters and works were erased: less than `limit` when none is left. */
  async eraseDue(limit: number): Promise<number> {
    const { chapters, works } = await this.unitOfWork.run(async ({ now }) => ({
      chapters: await this.erasure.dueChapters(now, limit),
      works: await this.erasure.dueWorks(now, 1),
    }));
    // one that cannot be erased must not keep the others
    const steps = [...chapters.map((id) => () => this.eraseChapter(id)), ...works.map((id) => () => this.eraseWork(id))];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length) throw failures[0];
    return works.length ? limit : chapters.length;
  }

  /** @throws NotDue */
  async eraseChapter(chapterId: string, work?: 'with its work'): Promise<void> {
    await unlessGone(() =>
      this.unitOfWork.run(async ({ now, record }) => {
        const chapter = await this.chapters.get(chapterId);
        const erased = chapter.erase(now, work);
        await this.erasure.removeChapter(chapterId);
        await record(erased);
      }),
    );
  }

  /** @throws NotDue */
  async eraseWork(workId: string): Promise<void> {
    await unlessGone(async () => {
      await this.unitOfWork.run(async ({ now }) => (await this.works.get(workId)).erase(now)); // before a chapter is gone
      for (let ids = await this.chaptersOf(workId); ids.length; ids = await this.chaptersOf(workId))
        for (const id of ids) await this.eraseChapter(id, 'with its work');
      await this.unitOfWork.run(async ({ now, record }) => {
        const erased = (await this.works.get(workId)).erase(now);
        await this.erasure.removeWork(workId);
        await record(erased);
      });
    });
  }

  /**
   * All works that an account owns, also those in the bin. They are hidden at once, before the first of them is erased.
   * @param some only these of them
   */
  async eraseWorksOf(accountId: string, some?: readonly string[]): Promise<void> {
    const ids = some ?? (await this.unitOfWork.run(() => this.erasure.worksOf(accountId)));
    for (const id of ids) await unlessGone(() => this.expire(id, accountId));
    for (const id of ids) await this.eraseWork(id);
  }

  private expire(workId: string, accountId: string): Promise<void> {
    const by: Actor = { kind: 'system', id: accountId, role: 'author', scopes: [] };
    return this.unitOfWork.run(async ({ now, record }) => {
      const work = await this.works.get(workId);
      if (!work.isDeleted) await record(work.delete(by, undefined, await this.chapters.publishedOf(workId), now));
      if (!work.isDue(now)) work.expire(by, now);
      await this.works.save(work);
    });
  }

  private chaptersOf(workId: string): Promise<string[]> {
    return this.unitOfWork.run(() => this.erasure.chaptersOf(workId, BATCH));
  }
}

/** Another run was faster. */
async function unlessGone(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof ChapterNotFound || error instanceof WorkNotFound)) throw error;
  }
}
