import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { AccountDeleted } from '../../auth/index.js';
import type { ChapterErased, ChapterPublished } from '../../chapters/index.js';
import { ErasingComments } from '../application/erasing-comments.js';
import { LeavingThreads } from '../application/leaving-threads.js';
import { Reanchoring } from '../application/reanchoring.js';

/** Handles the events of other modules that comments react to. */
@Processor('events.comments')
export class CommentsProcessor {
  constructor(
    private readonly handling: Handling,
    private readonly unitOfWork: UnitOfWork,
    private readonly reanchoring: Reanchoring,
    private readonly erasing: ErasingComments,
    private readonly leaving: LeavingThreads,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.reanchoring.catchUp(subject.id, done));
  }

  @Process('ChapterErased' satisfies ChapterErased['type'])
  chapterErased(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.erasing.ofChapter(subject.id, done));
  }

  @Process('AccountDeleted' satisfies AccountDeleted['type'])
  accountDeleted(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob<AccountDeleted['data']>(job, async ({ subject, data }, done) => {
      await this.leaving.leave(subject.id, data);
      await this.unitOfWork.run(done);
    });
  }
}
