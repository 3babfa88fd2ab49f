import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import { EventPresenters } from '#libs/live/event-presenters';
import { LiveProjections } from '#libs/live/live-projections';
import type { ChapterDeleted, ChapterTakenDown, ChapterUnpublished, WorkDeleted, WorkTakenDown } from '../../chapters/index.js';
import type { RenditionChanged, RenditionPutBack, RenditionTakenDown } from '../domain/rendition.js';
import { RenditionViews } from './rendition-views.js';

/** What listeners to `rendition:<id>` are told of it. Stored are its id and its state; the rest is read when the event is. */
@Injectable()
export class RenderingProjector implements OnModuleInit {
  constructor(
    private readonly projections: LiveProjections,
    private readonly presenters: EventPresenters,
    private readonly views: RenditionViews,
  ) {}

  onModuleInit(): void {
    this.projections.register<RenditionChanged | RenditionTakenDown | RenditionPutBack>({
      RenditionChanged: ({ subject: { id }, data: { state } }) => [
        { stream: `rendition:${id}`, type: 'rendition.changed', body: { id, state } },
      ],
      RenditionTakenDown: ({ subject: { id } }) => [{ stream: `rendition:${id}`, type: ACCESS_CHANGED, body: {} }],
      RenditionPutBack: ({ subject: { id } }) => [{ stream: `rendition:${id}`, type: ACCESS_CHANGED, body: {} }],
    });
    // a finished film is followed by everybody while its text is published, and by those who work on it at any time
    const ofFilms = () => ({ kind: 'rendition' });
    this.projections.registerAccess<ChapterUnpublished | ChapterDeleted | ChapterTakenDown | WorkDeleted | WorkTakenDown>({
      ChapterUnpublished: ofFilms,
      ChapterDeleted: ofFilms,
      ChapterTakenDown: ofFilms,
      WorkDeleted: ofFilms,
      WorkTakenDown: ofFilms,
    });
    this.presenters.register(['rendition.changed'], async (events) => {
      const now = await this.views.progress([...new Set(events.map(({ body }) => body.id as string))]);
      return events.map(({ body }) => ({ ...body, ...now.get(body.id as string) }));
    });
  }
}
