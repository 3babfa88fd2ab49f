import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { Encoding } from './encoding.js';
import type { EventLog, StoredEvent } from './event-log.js';
import { REAL_TIME, type Timing, Coalescer } from './coalescer.js';
import type { Signal } from './live-bus.js';

/** A flush goes out at once when the last one is older, else joins the next. Measured in docs/live-protocol.md. */
const WINDOW_MS = 8;
const PAGE = 500;
const REMEMBERED = 256;
const SIGNALS_PER_WINDOW = 100;

/** One subscription of one connection, as its room sees it. */
export interface Member {
  readonly encoding: Encoding;
  /** Never waits. A connection that cannot keep up ends itself and leaves. */
  write(bytes: Buffer): void;
  /** Until what was written so far is on its way: a replay goes no faster than its reader. */
  drained(): Promise<void>;
}

/**
 * The listeners of one stream in this process. All who are in step have got exactly the events up to `seq`, so one read
 * from Postgres and one buffer serve them all. Who joins behind replays up to `seq` and steps in when there, with nothing
 * awaited between that look and the step: no event can slip through and none comes twice, and nothing need be buffered.
 */
export class StreamRoom<M extends Member = Member> {
  /** What everybody in step has got. */
  seq = 0;
  /** What is known to be there. */
  private wanted = 0;
  private readonly replaying = new Set<M>();
  private readonly synced = new Set<M>();
  private readonly recent: StoredEvent[] = [];
  private lastReplay?: { encoding: Encoding; name: string; bytes: Buffer };
  private signals: Signal[] = [];
  private waiting: { for: number; go: () => void }[] = [];
  private readonly coalescer: Coalescer;
  private isOpen = false;
  private closed = false;

  /** @param reauthorize is awaited after each `access.changed`: it makes those leave who may no longer listen. */
  constructor(
    readonly key: string,
    private readonly log: Pick<EventLog, 'head' | 'read'>,
    private readonly reauthorize: (room: StreamRoom<M>) => Promise<void>,
    private readonly failed: (error: unknown) => void,
    timing: Timing = REAL_TIME,
  ) {
    this.coalescer = new Coalescer(WINDOW_MS, () => this.flush(), timing);
  }

  /** News that come while the head is being asked for are kept for after it. */
  async open(): Promise<void> {
    this.seq = await this.log.head(this.key);
    this.isOpen = true;
    if (this.wanted > this.seq) this.coalescer.ask();
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
    if (this.isOpen && head > this.seq) this.coalescer.ask();
  }

  signal(signal: Signal): void {
    if (!this.isOpen) return;
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

  /** Gives the member all after `at` and from then on every event, each once and in order. It may have left meanwhile. */
  async follow(member: M, at: number): Promise<void> {
    if (at > this.seq) await this.reached(at);
    while (at < this.seq) {
      const events = this.remembered(at) ?? (await this.log.read(this.key, at, this.seq, PAGE));
      if (!this.replaying.has(member)) return;
      if (events[0]?.seq !== at + 1) throw new Error(`The events of ${this.key} after ${at} are gone.`);
      member.write(this.encodeReplay(member.encoding, events));
      at = events[events.length - 1].seq;
      await member.drained();
    }
    if (this.replaying.delete(member)) this.synced.add(member);
  }

  /** A member that knows more than this room (it comes from a process that was woken earlier) waits for it. */
  private reached(seq: number): Promise<void> {
    return new Promise((go) => {
      this.waiting.push({ for: seq, go });
      this.wake(seq);
    });
  }

  private async flush(): Promise<void> {
    let events: StoredEvent[] = [];
    try {
      if (this.wanted > this.seq) events = await this.log.read(this.key, this.seq, Number.MAX_SAFE_INTEGER, PAGE);
    } catch (error) {
      this.failed(error); // the hub compares heads every 2 s and wakes us again
    }
    try {
      if (!this.closed) await this.deliver(events);
    } catch (error) {
      this.failed(error);
    }
  }

  /** In one piece, but for `access.changed`: what stands behind it is for those who may still listen. */
  private async deliver(events: StoredEvent[]): Promise<void> {
    const end = events.findIndex(({ type }) => type === ACCESS_CHANGED) + 1 || events.length;
    const now = events.slice(0, end);
    const signals = this.signals.splice(0);
    if (now.length && now[0].seq !== this.seq + 1) throw new Error(`${this.key} goes on with ${now[0].seq} after ${this.seq}.`);
    if (now.length) this.seq = now[now.length - 1].seq;
    this.remember(now);
    const batches = new Map<Encoding, Buffer>();
    for (const member of this.synced) {
      let batch = batches.get(member.encoding);
      if (!batch) batches.set(member.encoding, (batch = this.encode(member.encoding, now, signals)));
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

  private encode(encoding: Encoding, events: StoredEvent[], signals: Signal[]): Buffer {
    return Buffer.concat([
      ...events.map((e) => encoding.event(this.key, e)),
      ...signals.map((t) => encoding.signal(this.key, t)),
    ]);
  }

  /** The same crowd gets the same bytes. */
  private encodeReplay(encoding: Encoding, events: StoredEvent[]): Buffer {
    const name = `${events[0].seq}-${events[events.length - 1].seq}`;
    if (this.lastReplay?.encoding !== encoding || this.lastReplay.name !== name)
      this.lastReplay = { encoding, name, bytes: this.encode(encoding, events, []) };
    return this.lastReplay.bytes;
  }

  private remember(events: StoredEvent[]): void {
    this.recent.push(...events);
    if (this.recent.length > REMEMBERED) this.recent.splice(0, this.recent.length - REMEMBERED);
  }

  /** A crowd that comes back after a cut asks for the same few events: Postgres need not hear of it. */
  private remembered(after: number): StoredEvent[] | undefined {
    const at = this.recent.findIndex(({ seq }) => seq === after + 1);
    return at === -1 ? undefined : this.recent.slice(at);
  }
}
