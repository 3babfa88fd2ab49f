import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FactObservers } from '#libs/events/fact-observers';
import { IdempotencyRecords } from './idempotency-records.js';

/** When something is erased, the stored answers about it lose their bodies in the same transaction. */
@Injectable()
export class ErasedAnswers implements OnModuleInit {
  constructor(
    private readonly observers: FactObservers,
    private readonly records: IdempotencyRecords,
  ) {}

  onModuleInit(): void {
    this.observers.add(async (facts) => {
      const about = facts.filter(({ erased }) => erased).flatMap(({ subject, about = [] }) => [subject.id, ...about]);
      if (about.length) await this.records.eraseBodies([...new Set(about)]);
    });
  }
}
