import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import type { ChapterPublished } from '../../chapters/index.js';
import { Reanchoring } from '../application/reanchoring.js';

/** Handles the events of other modules that comments react to. */
@Processor('events.comments')
export class CommentsProcessor {
  constructor(
    private readonly handling: Handling,
    private readonly reanchoring: Reanchoring,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.runJob(job, ({ subject }, done) => this.reanchoring.catchUp(subject.id, done));
  }
}
