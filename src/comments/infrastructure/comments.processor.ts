import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import type { ChapterErased, ChapterPublished } from '../../chapters/index.js';
import { ErasingComments } from '../application/erasing-comments.js';
import { Reanchoring } from '../application/reanchoring.js';

/** Handles the events of other modules that comments react to. */
@Processor('events.comments')
export class CommentsProcessor {
  constructor(
    private readonly handling: Handling,
    private readonly reanchoring: Reanchoring,
    private readonly erasing: ErasingComments,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.reanchoring.catchUp(subject.id, done));
  }

  @Process('ChapterErased' satisfies ChapterErased['type'])
  chapterErased(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.erasing.ofChapter(subject.id, done));
  }
}
