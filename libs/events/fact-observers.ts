import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '#libs/kernel/outbox';

type Observer = (facts: readonly DomainEvent[]) => Promise<void>;

/**
 * What runs when facts are recorded, in the transaction that records them: libs/live turns facts into live events here.
 * For anything slow or outside Postgres register a consumer in REACTIONS instead: it runs after the commit.
 *
 *     observers.add(async (facts) => { … });
 */
@Injectable()
export class FactObservers {
  private readonly observers: Observer[] = [];

  add(observer: Observer): void {
    this.observers.push(observer);
  }

  async notify(facts: readonly DomainEvent[]): Promise<void> {
    for (const observe of this.observers) await observe(facts);
  }
}
