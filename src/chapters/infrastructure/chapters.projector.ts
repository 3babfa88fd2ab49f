import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LiveProjections } from '#libs/live/live-projections';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { ChapterPublished, ChapterUnpublished } from '../domain/chapter.js';

/** What listeners to `chapter:<id>` are told of the chapter itself. */
@Injectable()
export class ChaptersProjector implements OnModuleInit {
  constructor(private readonly projections: LiveProjections) {}

  onModuleInit(): void {
    this.projections.register<ChapterPublished | ChapterUnpublished>({
      ChapterPublished: ({ subject, data }) => [
        { stream: `chapter:${subject.id}`, type: 'chapter.published', body: { revision: data.revision } },
      ],
      ChapterUnpublished: ({ subject }) => [{ stream: `chapter:${subject.id}`, type: ACCESS_CHANGED, body: {} }],
    });
  }
}
