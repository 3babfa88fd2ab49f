import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { streamKey } from './stream-key.js';
import { LiveBus } from './live-bus.js';

/** An id, a number such as a revision's, or the name of a state: nothing that somebody wrote. */
type Id = string | number | boolean | null;

export interface NewLiveEvent {
  /** `<kind>:<uuid>` */
  readonly stream: string;
  readonly type: string;
  readonly body: Readonly<Record<string, Id | readonly Id[]>>;
}

interface Appended {
  types: string[];
  bodies: string[];
}

/** The writing side of live streams, for web and worker: stores events in Postgres and wakes the listening processes. */
@Injectable()
export class StreamAppender {
  /** By the connection of the unit of work: a retried one starts empty. */
  private readonly appended = new WeakMap<EntityManager, Map<string, Appended>>();

  constructor(
    private readonly transaction: Transaction,
    private readonly wire: LiveBus,
  ) {}

  /**
   * Appends within the running unit of work, at its very end and all at once; the numbers are given back if it rolls back.
   * That last moment holds the stream's lock until commit, which is what keeps the numbers gap-free and in order of visibility.
   */
  append({ stream, type, body }: NewLiveEvent): Promise<void> {
    const { key } = streamKey(stream);
    const step = this.transaction.writing;
    let streams = this.appended.get(step);
    if (!streams) {
      streams = new Map();
      this.appended.set(step, streams);
      this.transaction.beforeCommit(() => this.flush(step));
    }
    const mine = streams.get(key) ?? { types: [], bodies: [] };
    streams.set(key, mine);
    mine.types.push(type);
    mine.bodies.push(JSON.stringify(body));
    return Promise.resolve();
  }

  /** Removes all events of a stream, and that there was one. What it told of exists no more, so nobody appends to it again. */
  async erase(stream: string): Promise<void> {
    await this.transaction.writing.query(`DELETE FROM live.event WHERE key = $1`, [stream]);
    await this.transaction.writing.query(`DELETE FROM live.stream WHERE key = $1`, [stream]);
  }

  /** In the order of the keys: two units of work that append to the same streams wait for each other, never crosswise. */
  private async flush(step: EntityManager): Promise<void> {
    const streams = this.appended.get(step) ?? new Map<string, Appended>();
    this.appended.delete(step);
    for (const [key, { types, bodies }] of [...streams].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [{ head }] = await this.transaction.query<{ head: number }>(
        `WITH head AS (
           INSERT INTO live.stream AS stream (key, head) VALUES ($1, $2)
           ON CONFLICT (key) DO UPDATE SET head = stream.head + $2
           RETURNING head
         ), kept AS (
           INSERT INTO live.event (key, seq, type, body, at)
           SELECT $1, head.head - $2 + new.position, new.type, new.body::json, clock_timestamp()
           FROM head, unnest($3::text[], $4::text[]) WITH ORDINALITY AS new (type, body, position)
         )
         SELECT head FROM head`,
        [key, types.length, types, bodies],
      );
      this.transaction.afterCommit(() => this.wire.wake({ key, head }));
    }
  }
}
