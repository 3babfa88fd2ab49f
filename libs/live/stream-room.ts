import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { Encoding } from './encoding.js';
import type { StreamPosition } from './event-log.js';
import type { EventReader, PresentedEvent } from './event-presenters.js';
import { REAL_TIME, type Timing, Coalescer } from './coalescer.js';
import type { Signal } from './live-bus.js';

/** A flush goes out at once when the last one is older, else joins the next. Measured in docs/live-protocol.md. */
const WINDOW_MS = 8;
/** A page has as many events as fit into this many bytes, within these limits. */
const PAGE_BYTES = 256 * 1024;
const SMALLEST_PAGE = 8;
const LARGEST_PAGE = 512;
const SIGNALS_PER_WINDOW = 100;

/** One subscription of one connection, as its room sees it. */
export interface Member {
  readonly encoding: Encoding;
  /** Never waits. A connection that cannot keep up ends itself and leaves. */
  write(bytes: Buffer): void;
}

/**
 * The listeners of one stream in this process. All who are in step have got exactly the events up to `seq`, so one read
 * from Postgres and one buffer serve them all. Who joins behind replays up to `seq` and steps in when there, with nothing
 * awaited between that look and the step: no event can slip through and none comes twice, and nothing need be buffered.
 * No event is kept here: what a replay shows is read when it is asked for, so it holds nothing that was deleted meanwhile.
 */
export class StreamRoom<M extends Member = Member> {
  readonly key: string;
  /** What everybody in step has got. */
  seq: number;
  /** The history that these numbers belong to. */
  readonly epoch: string;
  /** What is known to be there. */
  private wanted: number;
  private readonly replaying = new Set<M>();
  private readonly synced = new Set<M>();
  private pageSize = SMALLEST_PAGE;
  private signals: Signal[] = [];
  private waiting: { for: number; go: () => void }[] = [];
  private readonly coalescer: Coalescer;
  private closed = false;

  /** @param reauthorize is awaited after each `access.changed`: it makes those leave who may no longer listen. */
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

  /** Someone says that the stream has come this far. Wrong or old news do no harm: events are read, never guessed. */
  wake(head: number): void {
    this.wanted = Math.max(this.wanted, head);
    if (head > this.seq) this.coalescer.ask();
  }

  signal(signal: Signal): void {
    if (this.signals.push(signal) > SIGNALS_PER_WINDOW) this.signals.shift();
    this.coalescer.ask();
  }

  /** Reserves the place, so that the room stays open while the newcomer is being looked at. */
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

  /** A member that knows more than this room (it comes from a process that was woken earlier) waits for it. */
  reached(seq: number): Promise<void> {
    if (seq <= this.seq || this.closed) return Promise.resolve();
    return new Promise((go) => {
      this.waiting.push({ for: seq, go });
      this.wake(seq);
    });
  }

  /**
   * Gives one page after `at` to members who have all up to there, and lets them step in when that was the last.
   * @returns how far they have come; undefined when they are in step, or left.
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

  /** As many events as fit into a page: comments may be long, and somebody may be slow to read them. */
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

  /** In one piece, but for `access.changed`: what stands behind it is for those who may still listen. */
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

/** Events that a replay needs are not kept any more. */
export class EventsGone extends Error {
  constructor(key: string, after: number) {
    super(`The events of ${key} after ${after} are gone.`);
  }
}

/** The same bytes for all who listen by the same transport. */
function getOrEncode(batches: Map<Encoding, Buffer>, encoding: Encoding, encode: (encoding: Encoding) => Buffer): Buffer {
  let batch = batches.get(encoding);
  if (!batch) batches.set(encoding, (batch = encode(encoding)));
  return batch;
}
