import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FactObservers } from '#libs/events/fact-observers';
import type { DomainEvent } from '#libs/kernel/outbox';
import { type NewLiveEvent, StreamAppender } from './stream-appender.js';

/** For each type of fact the live events that it becomes: one, several or none. */
export type Projections<F extends DomainEvent> = {
  readonly [Type in F['type']]: (fact: Extract<F, { type: Type }>) => readonly NewLiveEvent[];
};

/**
 * Turns recorded facts into live events, in the transaction that records them, and removes the stream of what was erased. Use
 * cases know of facts only; each module registers what its facts become:
 *
 *     projections.register<CommentPosted>({
 *       CommentPosted: ({ subject, data }) => [
 *         { stream: `chapter:${data.chapterId}`, type: 'comment.posted', body: { id: subject.id } },
 *       ],
 *     });
 */
@Injectable()
export class LiveProjections implements OnModuleInit {
  private readonly byType = new Map<string, (fact: never) => readonly NewLiveEvent[]>();

  constructor(
    private readonly observers: FactObservers,
    private readonly appender: StreamAppender,
  ) {}

  onModuleInit(): void {
    this.observers.add((facts) => this.project(facts));
  }

  register<F extends DomainEvent>(projections: Projections<F>): void {
    for (const [type, project] of Object.entries(projections)) {
      if (this.byType.has(type)) throw new Error(`Two modules turn the fact ${type} into live events.`);
      this.byType.set(type, project as (fact: never) => readonly NewLiveEvent[]);
    }
  }

  private async project(facts: readonly DomainEvent[]): Promise<void> {
    for (const fact of facts) {
      for (const event of this.byType.get(fact.type)?.(fact as never) ?? []) await this.appender.append(event);
      if (fact.erased) await this.appender.erase(`${fact.subject.kind}:${fact.subject.id}`);
    }
  }
}
