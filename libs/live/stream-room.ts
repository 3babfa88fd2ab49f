import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { Encoding } from './encoding.js';
import type { StreamPosition } from './event-log.js';
import type { EventReader, PresentedEvent } from './event-presenters.js';
import { REAL_TIME, type Timing, Coalescer } from './coalescer.js';
import type { Signal } from './live-bus.js';

/** Events are sent at once when the last flush is older than this, else with the next flush. Measured in docs/live-protocol.md. */
const WINDOW_MS = 8;
/** A page holds as many events as fit into this many bytes, between the two limits below. */
const PAGE_BYTES = 256 * 1024;
const SMALLEST_PAGE = 8;
const LARGEST_PAGE = 512;
const SIGNALS_PER_WINDOW = 100;

/** One subscription of one connection. */
export interface Member {
  readonly encoding: Encoding;
  /** Never waits. A connection that reads too slowly ends itself and leaves the room. */
  write(bytes: Buffer): void;
}

/**
 * The listeners of one stream in this process. All synced members have received exactly the events up to `seq`, so one read
 * from Postgres and one buffer serve them all. A member that joins with an older number replays up to `seq` and becomes
 * synced in the same turn of the event loop in which it gets there: no event is missed or sent twice, and none is buffered.
 * No event is kept in memory: a replay is read when it is requested, so it shows nothing that was deleted meanwhile.
 */
export class StreamRoom<M extends Member = Member> {
  readonly key: string;
  /** The last event that all synced members have received. */
  seq: number;
  /** The history that these numbers belong to. */
  readonly epoch: string;
  /** The last event that is known to exist. */
  private wanted: number;
  private readonly replaying = new Set<M>();
  private readonly synced = new Set<M>();
  private pageSize = SMALLEST_PAGE;
  private signals: Signal[] = [];
  private waiting: { for: number; go: () => void }[] = [];
  private readonly coalescer: Coalescer;
  private closed = false;

  /** @param reauthorize is awaited after each `access.changed`. It removes the members that may no longer listen. */
  constructor(
    { key, head, epoch }: StreamPosition & { key: string },
    private readonly events: Pick<EventReader, 'read'>,
    private readonly reauthorize: (room: StreamRoom<M>) => Promise<void>,
    private readonly failed: (error: unknown) => void,
    timing: Timing = REAL_TIME,
  ) {
    this.key = key;
    this.seq = this.wanted = head;
    this.epoch = epoch;
    this.coalescer = new Coalescer(WINDOW_MS, () => this.flush(), timing);
  }

  get isEmpty(): boolean {
    return this.replaying.size + this.synced.size === 0;
  }

  has(member: M): boolean {
    return this.replaying.has(member) || this.synced.has(member);
  }

  members(): M[] {
    return [...this.replaying, ...this.synced];
  }

  /** The stream may have reached this number. A wrong or old number does no harm, because events are always read. */
  wake(head: number): void {
    this.wanted = Math.max(this.wanted, head);
    if (head > this.seq) this.coalescer.ask();
  }

  signal(signal: Signal): void {
    if (this.signals.push(signal) > SIGNALS_PER_WINDOW) this.signals.shift();
    this.coalescer.ask();
  }

  /** Keeps the room open while the new member is being admitted. */
  enter(member: M): void {
    this.replaying.add(member);
  }

  leave(member: M): void {
    this.replaying.delete(member);
    this.synced.delete(member);
  }

  close(): void {
    this.closed = true;
    this.coalescer.close();
    this.waiting.forEach(({ go }) => go());
  }

  /** Waits until this room has reached `seq`: a member that comes from another process may have received more events. */
  reached(seq: number): Promise<void> {
    if (seq <= this.seq || this.closed) return Promise.resolve();
    return new Promise((go) => {
      this.waiting.push({ for: seq, go });
      this.wake(seq);
    });
  }

  /**
   * Sends one page after `at` to members that have received everything up to there, and makes them synced after the last page.
   * @returns the last number they have received; undefined when they are synced or have left.
   */
  async advance(members: readonly M[], at: number): Promise<number | undefined> {
    if (at < this.seq) {
      const page = await this.page(at, this.seq);
      if (page[0]?.seq !== at + 1) throw new EventsGone(this.key, at);
      const encoded = new Map<Encoding, Buffer>();
      for (const member of members)
        if (this.replaying.has(member)) member.write(getOrEncode(encoded, member.encoding, (as) => this.encode(as, page, [])));
      at = page[page.length - 1].seq;
    }
    const here = members.filter((member) => this.replaying.has(member));
    if (at < this.seq) return here.length ? at : undefined;
    for (const member of here) if (this.replaying.delete(member)) this.synced.add(member);
    return undefined;
  }

  private async flush(): Promise<void> {
    let events: PresentedEvent[] = [];
    try {
      if (this.wanted > this.seq) events = await this.page(this.seq, Number.MAX_SAFE_INTEGER);
    } catch (error) {
      this.failed(error); // the hub compares heads every 2 s and wakes us again
    }
    try {
      if (!this.closed) await this.deliver(events);
    } catch (error) {
      this.failed(error);
    }
  }

  /** As many events as fit into a page. Comments may be long, and members may read slowly. */
  private async page(after: number, upTo: number): Promise<PresentedEvent[]> {
    const limit = this.pageSize;
    const events = await this.events.read(this.key, after, upTo, limit);
    let bytes = 0;
    const tooMuch = events.findIndex(({ json }) => (bytes += json.length) > PAGE_BYTES);
    if (tooMuch >= 0) {
      this.pageSize = Math.max(SMALLEST_PAGE, tooMuch);
      return events.slice(0, Math.max(1, tooMuch));
    }
    if (events.length === limit) this.pageSize = Math.min(LARGEST_PAGE, limit * 2);
    return events;
  }

  /** In one piece, except after `access.changed`: the events behind it are sent only to members that may still listen. */
  private async deliver(events: PresentedEvent[]): Promise<void> {
    const end = events.findIndex(({ type }) => type === ACCESS_CHANGED) + 1 || events.length;
    const now = events.slice(0, end);
    const signals = this.signals.splice(0);
    if (now.length && now[0].seq !== this.seq + 1) throw new Error(`${this.key} goes on with ${now[0].seq} after ${this.seq}.`);
    if (now.length) this.seq = now[now.length - 1].seq;
    const batches = new Map<Encoding, Buffer>();
    for (const member of this.synced) {
      const batch = getOrEncode(batches, member.encoding, (encoding) => this.encode(encoding, now, signals));
      if (batch.length) member.write(batch);
    }
    for (const { for: seq, go } of this.waiting) if (seq <= this.seq) go();
    this.waiting = this.waiting.filter(({ for: seq }) => seq > this.seq);
    if (now[now.length - 1]?.type === ACCESS_CHANGED) {
      await this.reauthorize(this);
      return this.deliver(events.slice(end));
    }
    if (events.length && this.wanted > this.seq) this.coalescer.ask();
  }

  private encode(encoding: Encoding, events: PresentedEvent[], signals: Signal[]): Buffer {
    return Buffer.concat([
      ...events.map((event) => encoding.event(this, event)),
      ...signals.map((signal) => encoding.signal(this, signal)),
    ]);
  }
}

/** Events that a replay needs were removed (live-retention.ts). */
export class EventsGone extends Error {
  constructor(key: string, after: number) {
    super(`The events of ${key} after ${after} are gone.`);
  }
}

/** Encoded once for all members that use the same transport. */
function getOrEncode(batches: Map<Encoding, Buffer>, encoding: Encoding, encode: (encoding: Encoding) => Buffer): Buffer {
  let batch = batches.get(encoding);
  if (!batch) batches.set(encoding, (batch = encode(encoding)));
  return batch;
}
