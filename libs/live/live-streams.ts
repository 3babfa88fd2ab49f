import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { Live } from '#libs/kernel/live';
import { streamKey } from './stream-key.js';
import { Coalescer } from './coalescer.js';
import { LiveBus } from './live-bus.js';

/** At most four signals a second from one sender on one stream. */
const SIGNAL_MS = 250;

interface Appended {
  types: string[];
  bodies: string[];
}

/** The writing side of live streams, for web and worker: keeps events in Postgres and wakes the listening processes. */
@Injectable()
export class LiveStreams extends Live implements OnModuleDestroy {
  /** By the connection of the unit of work: a retried one starts empty. */
  private readonly appended = new WeakMap<EntityManager, Map<string, Appended>>();
  private readonly signallers = new Map<string, { coalescer: Coalescer; say: () => void }>();
  private readonly sweeper = setInterval(() => this.forgetIdleSignallers(), 10_000).unref();

  constructor(
    private readonly transaction: Transaction,
    private readonly bus: LiveBus,
  ) {
    super();
  }

  append(stream: string, ...events: { type: string; body: object }[]): Promise<void> {
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
    for (const { type, body } of events) {
      mine.types.push(type);
      mine.bodies.push(JSON.stringify(body));
    }
    return Promise.resolve();
  }

  /** In the order of the keys: two units of work that append to the same streams wait for each other, never crosswise. */
  private async flush(step: EntityManager): Promise<void> {
    const streams = this.appended.get(step) ?? new Map<string, Appended>();
    this.appended.delete(step);
    const inOrder = [...streams].filter(([, { types }]) => types.length).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, { types, bodies }] of inOrder) {
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
      this.transaction.afterCommit(() => this.bus.wake({ key, head }));
    }
  }

  signal(stream: string, type: string, body: object, sender = ''): void {
    const { key } = streamKey(stream);
    const id = `${key} ${sender}`;
    const say = (): void => this.bus.pass({ key, signal: { type, at: new Date().toISOString(), body } });
    const signaller = this.signallers.get(id);
    if (signaller) signaller.say = say;
    else this.signallers.set(id, { say, coalescer: new Coalescer(SIGNAL_MS, () => this.signallers.get(id)?.say()) });
    this.signallers.get(id)?.coalescer.ask();
  }

  revoke(accountId: string): void {
    this.bus.revoke({ accountId });
  }

  revokeSession(sessionId: string): void {
    this.bus.revoke({ sessionId });
  }

  private forgetIdleSignallers(): void {
    for (const [id, { coalescer }] of this.signallers) if (coalescer.isIdle) this.signallers.delete(id);
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
    for (const { coalescer } of this.signallers.values()) coalescer.close();
  }
}
