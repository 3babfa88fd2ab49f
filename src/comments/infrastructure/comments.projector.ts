import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { StoredEvent } from '#libs/live/event-log';
import { EventPresenters } from '#libs/live/event-presenters';
import { LiveProjections } from '#libs/live/live-projections';
import type { CommentPosted, CommentPutBack, CommentTakenDown, CommentWithdrawn } from '../domain/comment.js';
import type { CommentsReanchored } from '../domain/comment-anchor.js';
import { CommentViews } from './comment-views.js';

/** What listeners to `chapter:<id>` are told of its comments. Stored are ids; words and names are read when the event is. */
@Injectable()
export class CommentsProjector implements OnModuleInit {
  constructor(
    private readonly projections: LiveProjections,
    private readonly presenters: EventPresenters,
    private readonly views: CommentViews,
  ) {}

  onModuleInit(): void {
    this.projections.register<CommentPosted | CommentWithdrawn | CommentTakenDown | CommentPutBack | CommentsReanchored>({
      CommentPosted: ({ subject, data }) => [
        { stream: `chapter:${data.chapterId}`, type: 'comment.posted', body: { id: subject.id } },
      ],
      CommentWithdrawn: ({ subject, data }) => [
        { stream: `chapter:${data.chapterId}`, type: 'comment.withdrawn', body: { id: subject.id } },
      ],
      // to readers it is deleted, and then there again
      CommentTakenDown: ({ subject, data }) => [
        { stream: `chapter:${data.chapterId}`, type: 'comment.withdrawn', body: { id: subject.id } },
      ],
      CommentPutBack: ({ subject, data }) => [
        { stream: `chapter:${data.chapterId}`, type: 'comment.restored', body: { id: subject.id } },
      ],
      CommentsReanchored: ({ subject, data: { revision, comments } }) => [
        { stream: `chapter:${subject.id}`, type: 'comments.reanchored', body: { revision, comments } },
      ],
    });
    this.presenters.register(['comment.posted', 'comment.restored', 'comments.reanchored'], (events) => this.present(events));
  }

  private async present(events: readonly StoredEvent[]): Promise<object[]> {
    const comments = await this.views.byId([...new Set(events.flatMap(idsIn))]);
    return events.map(({ type, body }) => {
      if (type !== 'comments.reanchored') return comments.get(body.id as string) ?? body;
      const moved = (body.comments as string[]).flatMap((id) => comments.get(id) ?? []);
      return { revision: body.revision, comments: moved.map(({ id, anchor }) => ({ id, place: anchor })) };
    });
  }
}

const idsIn = ({ type, body }: StoredEvent): string[] =>
  type === 'comments.reanchored' ? (body.comments as string[]) : [body.id as string];
