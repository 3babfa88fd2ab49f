import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { authorize } from '../domain/policy.js';
import { ChapterRepository, WorkRepository } from '../domain/ports.js';
import type { Chapter } from '../domain/chapter.js';
import type { Work } from '../domain/work.js';

/** Use cases of an admin: hide a work or chapter from readers with a reason, and put it back. */
@Injectable()
export class TakingDown {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly chapters: ChapterRepository,
  ) {}

  takeDownWork(by: Actor, workId: string, reason: string): Promise<ReturnType<Work['snapshot']>> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:take-down', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const takenDown = work.takeDown(by, reason, await this.chapters.publishedOf(workId), now);
      await this.works.save(work);
      await record(takenDown);
      return work.snapshot();
    });
  }

  putBackWork(by: Actor, workId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      authorize(by, 'work:take-down', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const putBack = work.putBack(by, await this.chapters.publishedOf(workId));
      await this.works.save(work);
      await record(putBack);
    });
  }

  takeDownChapter(by: Actor, chapterId: string, reason: string): Promise<ReturnType<Chapter['snapshot']>> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:take-down', await this.chapters.facts(chapterId, by));
      const chapter = await this.chapters.get(chapterId);
      const takenDown = chapter.takeDown(by, reason, now);
      await this.chapters.save(chapter);
      await record(takenDown);
      return chapter.snapshot();
    });
  }

  putBackChapter(by: Actor, chapterId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'chapter:take-down', await this.chapters.facts(chapterId, by));
      const chapter = await this.chapters.get(chapterId);
      const putBack = chapter.putBack(by, now);
      await this.chapters.save(chapter);
      await record(putBack);
    });
  }
}
