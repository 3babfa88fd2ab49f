import { Injectable } from '@nestjs/common';
import { EventLog, type StoredEvent } from './event-log.js';

/** An event as clients get it: `json` is the finished text of a `LiveEventResponse`, made once for all who listen. */
export interface PresentedEvent {
  readonly seq: number;
  readonly type: string;
  readonly json: string;
}

/**
 * Fills events with what the tables hold now, so that a replay shows no words that were deleted meanwhile.
 * @returns one body per event, in their order. It asks each table once, however many events there are.
 */
export type Present = (events: readonly StoredEvent[]) => Promise<readonly object[]>;

/**
 * Who fills which type of event. A type that nobody presents is sent as it is stored: with its ids.
 *
 *     presenters.register(['comment.posted'], (events) => views.present(events.map(({ body }) => body.id)));
 */
@Injectable()
export class EventPresenters {
  private readonly byType = new Map<string, Present>();

  /** Called by modules in `onModuleInit`, in web and worker. */
  register(types: readonly string[], present: Present): void {
    for (const type of types) {
      if (this.byType.has(type)) throw new Error(`Two modules present live events of type "${type}".`);
      this.byType.set(type, present);
    }
  }

  /** One call of each presenter for the whole batch. */
  async present(events: readonly StoredEvent[]): Promise<PresentedEvent[]> {
    const batches = new Map<Present, StoredEvent[]>();
    for (const event of events) {
      const present = this.byType.get(event.type);
      if (!present) continue;
      const batch = batches.get(present);
      if (batch) batch.push(event);
      else batches.set(present, [event]);
    }
    const bodies = new Map<StoredEvent, object>();
    for (const [present, batch] of batches) {
      const presented = await present(batch);
      batch.forEach((event, i) => bodies.set(event, presented[i]));
    }
    return events.map((event) => {
      const { seq, type, at } = event;
      return { seq, type, json: JSON.stringify({ seq, type, at, body: bodies.get(event) ?? event.body }) };
    });
  }
}

/** What rooms and the history page read: stored events, presented. */
@Injectable()
export class EventReader {
  constructor(
    private readonly log: EventLog,
    private readonly presenters: EventPresenters,
  ) {}

  async read(key: string, after: number, upTo: number, limit: number): Promise<PresentedEvent[]> {
    return this.presenters.present(await this.log.read(key, after, upTo, limit));
  }
}
