import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { EventLog } from './event-log.js';
import { type Member, StreamRoom } from './stream-room.js';
import { readStreamKey } from './stream-key.js';
import { NoSuchStream, type StreamKind, StreamKinds } from './stream-kinds.js';
import { LiveBus } from './live-bus.js';

const COMPARE_HEADS_MS = 2_000;
const REAUTHORIZE_MS = 60_000;
/** How many listeners prove their right at the same time: a full room must not take all connections of the pool. */
const REAUTHORIZE_AT_ONCE = 4;

/** What a listener is told first. Events follow from `from + 1` on. */
export interface Subscribed {
  readonly stream: string;
  /** How far the stream had come. */
  readonly head: number;
  /** Where this listener begins: the `since` it gave, else the head. */
  readonly from: number;
  /** `since` lay beyond the stream's end, so it is not of this stream's history: forget what you have and take the snapshot. */
  readonly reset?: true;
  readonly snapshot?: object;
}

/** A member that can be told things, and asked who it speaks for. */
export interface Listener extends Member {
  readonly actor: Actor | undefined;
  subscribed(answer: Subscribed): void;
  /** It has left by then, or never came in. */
  refused(error: DomainError): void;
}

/** The streams cannot be read just now. */
export class StreamsUnavailable extends DomainError {
  readonly code = 'streams-unavailable';
  readonly kind = 'unavailable';
  constructor(stream: string) {
    super('The stream cannot be read just now: subscribe again in a moment, with the last sequence number you have.', { stream });
  }
}

/** The listening side, in each web process: a room per stream that is listened to here. */
@Injectable()
export class Hub implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Hub.name);
  private readonly rooms = new Map<string, { room: StreamRoom<Listener>; opened: Promise<void> }>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly kinds: StreamKinds,
    private readonly log: EventLog,
    private readonly bus: LiveBus,
  ) {}

  onModuleInit(): void {
    this.bus.listen({
      onWake: (stream, head) => this.rooms.get(stream)?.room.wake(head),
      onSignal: (stream, signal) => this.rooms.get(stream)?.room.signal(signal),
      onReconnect: () => void this.compareHeads(),
    });
    this.timers.push(setInterval(() => void this.compareHeads(), COMPARE_HEADS_MS));
    this.timers.push(setInterval(() => void this.reauthorizeAll(), REAUTHORIZE_MS));
  }

  onModuleDestroy(): void {
    this.timers.forEach(clearInterval);
    for (const { room } of this.rooms.values()) room.close();
    this.rooms.clear();
  }

  /** Whether it may listen is told through the listener, as it is later when it may no longer. */
  async join(listener: Listener, stream: string, since?: number): Promise<void> {
    if (!readStreamKey(stream)) return listener.refused(new NoSuchStream(stream));
    const { room, opened } = this.room(stream);
    room.enter(listener); // before the question: a change of access that comes now will ask again
    try {
      const kind = await this.kinds.admit(stream, listener.actor);
      await opened;
      const answer = await this.subscribeAnswer(kind, room, listener, since);
      if (!room.has(listener)) return;
      listener.subscribed(answer);
      await room.follow(listener, answer.from);
    } catch (error) {
      if (room.has(listener)) listener.refused(this.refusal(error, stream));
      room.leave(listener);
    } finally {
      this.closeIfEmpty(room);
    }
  }

  leave(listener: Listener, stream: string): void {
    const room = this.rooms.get(stream)?.room;
    room?.leave(listener);
    if (room) this.closeIfEmpty(room);
  }

  /** What a listener may say to the others: only that it does something, never a text of its own. */
  maySignal(listener: Listener, stream: string, type: string): boolean {
    const known = readStreamKey(stream);
    return Boolean(
      known && listener.actor && this.rooms.get(stream)?.room.has(listener) && this.kinds.acceptsSignal(known.kind, type),
    );
  }

  /** The head is taken before the snapshot: what falls between them is told twice rather than never. */
  private async subscribeAnswer(
    kind: StreamKind,
    room: StreamRoom<Listener>,
    { actor }: Listener,
    since?: number,
  ): Promise<Subscribed> {
    const head = since !== undefined && since > room.seq ? await this.log.head(room.key) : room.seq;
    const reset = since !== undefined && since > head;
    const fresh = since === undefined || reset;
    const snapshot = fresh ? await kind.snapshot?.(room.key.slice(kind.kind.length + 1), actor) : undefined;
    return { stream: room.key, head, from: fresh ? head : since, ...(reset && { reset }), ...(snapshot && { snapshot }) };
  }

  private room(key: string): { room: StreamRoom<Listener>; opened: Promise<void> } {
    let entry = this.rooms.get(key);
    if (!entry) {
      const room = new StreamRoom<Listener>(
        key,
        this.log,
        (changed) => this.reauthorize(changed, true),
        (error) => this.logger.warn(`${key} will be read again in a moment: ${String(error)}`),
      );
      entry = { room, opened: room.open() };
      entry.opened.catch(() => undefined); // whoever waits for it is told
      this.rooms.set(key, entry);
    }
    return entry;
  }

  private closeIfEmpty(room: StreamRoom<Listener>): void {
    if (!room.isEmpty || this.rooms.get(room.key)?.room !== room) return;
    this.rooms.delete(room.key);
    room.close();
  }

  /** A lost wake only delays: every stream listened to here is looked at again. */
  private async compareHeads(): Promise<void> {
    if (!this.rooms.size) return;
    try {
      for (const [key, head] of await this.log.heads([...this.rooms.keys()])) this.rooms.get(key)?.room.wake(head);
    } catch {
      // in two seconds, then
    }
  }

  private async reauthorizeAll(): Promise<void> {
    for (const { room } of this.rooms.values()) await this.reauthorize(room, false);
  }

  /** @param strict whether who cannot be asked about goes: yes when we know that something changed. */
  private async reauthorize(room: StreamRoom<Listener>, strict: boolean): Promise<void> {
    const verdicts = new Map<string, Promise<DomainError | undefined>>();
    const queue = room.members();
    const ask = async (): Promise<void> => {
      for (let listener = queue.pop(); listener; listener = queue.pop()) {
        const { actor } = listener;
        const who = actor ? `${actor.id} ${actor.role}` : '';
        const verdict = verdicts.get(who) ?? this.verdict(room.key, actor, strict);
        verdicts.set(who, verdict);
        const refusal = await verdict;
        if (!refusal || !room.has(listener)) continue;
        room.leave(listener);
        listener.refused(refusal);
      }
    };
    await Promise.all(Array.from({ length: REAUTHORIZE_AT_ONCE }, ask));
    this.closeIfEmpty(room);
  }

  private async verdict(stream: string, actor: Actor | undefined, strict: boolean): Promise<DomainError | undefined> {
    try {
      await this.kinds.admit(stream, actor);
      return undefined;
    } catch (error) {
      return strict || error instanceof DomainError ? this.refusal(error, stream) : undefined;
    }
  }

  private refusal(error: unknown, stream: string): DomainError {
    if (error instanceof DomainError) return error;
    this.logger.warn(`${stream} cannot be listened to: ${String(error)}`);
    return new StreamsUnavailable(stream);
  }
}
