import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FactObservers } from '#libs/events/fact-observers';
import { Transaction } from '#libs/database/transaction';
import type { DomainEvent } from '#libs/kernel/outbox';
import { type AccessChange, LiveBus } from './live-bus.js';
import { type NewLiveEvent, StreamAppender } from './stream-appender.js';

/** For each type of fact the live events that it becomes: one, several or none. */
export type Projections<F extends DomainEvent> = {
  readonly [Type in F['type']]: (fact: Extract<F, { type: Type }>) => readonly NewLiveEvent[];
};

/** For each type of fact whose right to listen may have ended by it. */
export type AccessChanges<F extends DomainEvent> = {
  readonly [Type in F['type']]: (fact: Extract<F, { type: Type }>) => AccessChange;
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

  private readonly accessByType = new Map<string, ((fact: never) => AccessChange)[]>();

  constructor(
    private readonly observers: FactObservers,
    private readonly appender: StreamAppender,
    private readonly transaction: Transaction,
    private readonly bus: LiveBus,
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

  /**
   * For facts that end somebody's right to listen to streams that it would be too many to name: after the commit those who listen are
   * asked again, and no event is stored. Several modules may say something of one fact.
   *
   *     projections.registerAccess<MemberRemoved>({ MemberRemoved: ({ data }) => ({ accountId: data.accountId }) });
   */
  registerAccess<F extends DomainEvent>(changes: AccessChanges<F>): void {
    for (const [type, change] of Object.entries(changes))
      this.accessByType.set(type, [...(this.accessByType.get(type) ?? []), change as (fact: never) => AccessChange]);
  }

  private async project(facts: readonly DomainEvent[]): Promise<void> {
    for (const fact of facts) {
      for (const event of this.byType.get(fact.type)?.(fact as never) ?? []) await this.appender.append(event);
      if (fact.erased) await this.appender.erase(`${fact.subject.kind}:${fact.subject.id}`);
    }
    const changes = facts.flatMap((fact) => this.accessByType.get(fact.type)?.map((change) => change(fact as never)) ?? []);
    if (changes.length) this.transaction.afterCommit(() => changes.forEach((change) => this.bus.accessChanged(change)));
  }
}
