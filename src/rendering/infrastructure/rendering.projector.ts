import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventPresenters } from '#libs/live/event-presenters';
import { LiveProjections } from '#libs/live/live-projections';
import type { RenditionChanged } from '../domain/rendition.js';
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
    this.projections.register<RenditionChanged>({
      RenditionChanged: ({ subject: { id }, data: { state } }) => [
        { stream: `rendition:${id}`, type: 'rendition.changed', body: { id, state } },
      ],
    });
    this.presenters.register(['rendition.changed'], async (events) => {
      const now = await this.views.progress([...new Set(events.map(({ body }) => body.id as string))]);
      return events.map(({ body }) => ({ ...body, ...now.get(body.id as string) }));
    });
  }
}
