import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { authorize } from '../domain/policy.js';
import { ChapterRepository, WorkRepository } from '../domain/ports.js';

/** Use cases around the bin (domain/bin.ts): delete, restore, erase before its time. */
@Injectable()
export class Deleting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly chapters: ChapterRepository,
  ) {}

  /** Puts a work into the bin, with its chapters. */
  deleteWork(by: Actor, workId: string, expected: number | undefined): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:delete', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const deleted = work.delete(by, expected, await this.chapters.publishedOf(workId), now);
      await this.works.save(work);
      await record(deleted);
    });
  }

  restoreWork(by: Actor, workId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:restore', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const restored = work.restore(by, await this.chapters.publishedOf(workId), now);
      await this.works.save(work);
      await record(restored);
    });
  }

  /** Leaves the bin at once; a worker erases it (erasing.ts). */
  expireWork(by: Actor, workId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:erase', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const expired = work.expire(by, now);
      await this.works.save(work);
      await record(expired);
    });
  }

  deleteChapter(by: Actor, chapterId: string, expected: number | undefined): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:delete', await this.chapters.facts(chapterId, by));
      const chapter = await this.chapters.get(chapterId);
      const deleted = chapter.delete(by, expected, now);
      await this.chapters.save(chapter);
      await record(deleted);
    });
  }

  restoreChapter(by: Actor, chapterId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:restore', await this.chapters.facts(chapterId, by));
      const work = await this.works.get(await this.chapters.workOf(chapterId));
      const chapter = await this.chapters.get(chapterId);
      work.mustNotBeDeleted();
      const restored = chapter.restore(by, now);
      await this.chapters.save(chapter);
      await record(restored);
    });
  }

  /** Leaves the bin at once; a worker erases it (erasing.ts). */
  expireChapter(by: Actor, chapterId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:erase', await this.chapters.facts(chapterId, by));
      const chapter = await this.chapters.get(chapterId);
      const expired = chapter.expire(by, now);
      await this.chapters.save(chapter);
      await record(expired);
    });
  }
}
