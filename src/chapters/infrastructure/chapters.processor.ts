import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { AccountDeleted } from '../../auth/index.js';
import { Erasing } from '../application/erasing.js';
import { LeavingWorks } from '../application/leaving-works.js';
import type { ChapterExpired } from '../domain/chapter.js';
import type { WorkExpired } from '../domain/work.js';

/** Handles the events that chapters react to: erasing takes too long for a request. */
@Processor('events.chapters')
export class ChaptersProcessor {
  constructor(
    private readonly handling: Handling,
    private readonly unitOfWork: UnitOfWork,
    private readonly erasing: Erasing,
    private readonly leaving: LeavingWorks,
  ) {}

  @Process('AccountDeleted' satisfies AccountDeleted['type'])
  accountDeleted(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob<AccountDeleted['data']>(job, ({ subject, data }, done) =>
      this.inSteps(this.leaving.leave(subject.id, data), done),
    );
  }

  @Process('ChapterExpired' satisfies ChapterExpired['type'])
  chapterExpired(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.inSteps(this.erasing.eraseChapter(subject.id), done));
  }

  @Process('WorkExpired' satisfies WorkExpired['type'])
  workExpired(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.inSteps(this.erasing.eraseWork(subject.id), done));
  }

  /** Each step of it is a unit of work of its own, and so is the mark that all are done. */
  private async inSteps(erased: Promise<void>, done: () => Promise<boolean>): Promise<void> {
    await erased;
    await this.unitOfWork.run(done);
  }
}
