import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { type DeliveryJob, Handling } from '#libs/events/handling';
import type { ChapterPublished } from '../../chapters/index.js';
import { FollowingTheText } from '../application/following-the-text.js';

/** The worker's door of comments: facts of other modules that it takes notice of. */
@Processor('facts.comments')
export class CommentsProcessor {
  constructor(
    private readonly handling: Handling,
    private readonly following: FollowingTheText,
  ) {}

  @Process('ChapterPublished' satisfies ChapterPublished['type'])
  chapterPublished(job: Job<DeliveryJob>): Promise<void> {
    return this.handling.once(job, ({ subject }) => this.following.catchUp(subject.id));
  }
}
