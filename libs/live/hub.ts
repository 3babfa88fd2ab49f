import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { EventLog, type StreamPosition } from './event-log.js';
import { EventReader } from './event-presenters.js';
import { Joins } from './joins.js';
import { authorityName, type Listener, type Since, StreamReset, StreamsUnavailable } from './listener.js';
import { StreamRoom } from './stream-room.js';
import { readStreamKey } from './stream-key.js';
import { NoSuchStream, StreamKinds } from './stream-kinds.js';
import { type AccessChange, LiveBus } from './live-bus.js';

const COMPARE_HEADS_MS = 2_000;
const REAUTHORIZE_MS = 60_000;
/** How many authorisations run at the same time: a full room must not take all connections of the pool. */
const REAUTHORIZE_AT_ONCE = 4;

/** The reading side of live streams in a web process: one room for each stream that has listeners here. */
@Injectable()
export class Hub implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Hub.name);
  private readonly rooms = new Map<string, StreamRoom<Listener>>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly joins: Joins;

  constructor(
    private readonly kinds: StreamKinds,
    private readonly log: EventLog,
    private readonly events: EventReader,
    private readonly bus: LiveBus,
  ) {
    this.joins = new Joins(kinds, log, {
      get: (stream) => this.rooms.get(stream),
      open: (stream, position) => this.open(stream, position),
      leave: (listener, stream) => this.leaveRoom(listener, stream),
      reset: (room) => this.reset(room),
    });
  }

  onModuleInit(): void {
    this.bus.listen({
      onWake: (stream, head) => this.rooms.get(stream)?.wake(head),
      onSignal: (stream, signal) => this.rooms.get(stream)?.signal(signal),
      onAccessChanged: (change) => void this.reauthorizeSome(change),
      onReconnect: () => void this.compareHeads(),
    });
    this.timers.push(setInterval(() => void this.compareHeads(), COMPARE_HEADS_MS));
    this.timers.push(setInterval(() => void this.reauthorizeAll(), REAUTHORIZE_MS));
  }

  onModuleDestroy(): void {
    this.timers.forEach(clearInterval);
    for (const room of this.rooms.values()) room.close();
    this.rooms.clear();
  }

  /** Refusals, also later ones, are reported through the listener. */
  join(listener: Listener, stream: string, since: Since): void {
    if (readStreamKey(stream)) this.joins.add(listener, stream, since);
    else listener.refused(new NoSuchStream(stream));
  }

  leave(listener: Listener, stream: string): void {
    this.joins.remove(listener);
    this.leaveRoom(listener, stream);
  }

  /** Whether a listener may send this signal. Signals carry no text of the sender. */
  maySignal(listener: Listener, stream: string, type: string): boolean {
    const known = readStreamKey(stream);
    return Boolean(
      known && listener.actor && this.rooms.get(stream)?.has(listener) && this.kinds.acceptsSignal(known.kind, type),
    );
  }

  private open(key: string, position: StreamPosition): StreamRoom<Listener> {
    const room = new StreamRoom<Listener>(
      { ...position, key },
      this.events,
      (changed) => this.reauthorize(changed, true),
      (error) => this.logger.warn(`${key} will be read again in a moment: ${String(error)}`),
    );
    this.rooms.set(key, room);
    // events appended since that position was read woke no room here
    void this.compareHeads([key]);
    return room;
  }

  private leaveRoom(listener: Listener, stream: string): void {
    const room = this.rooms.get(stream);
    room?.leave(listener);
    if (room) this.closeIfEmpty(room);
  }

  private closeIfEmpty(room: StreamRoom<Listener>): void {
    if (!room.isEmpty || this.rooms.get(room.key) !== room) return;
    this.rooms.delete(room.key);
    room.close();
  }

  /** A backup was restored: the listeners subscribe again and start from the snapshot. */
  private reset(room: StreamRoom<Listener>): void {
    for (const listener of room.members()) this.dismiss(listener, room, new StreamReset(room.key));
    this.closeIfEmpty(room);
  }

  private dismiss(listener: Listener, room: StreamRoom<Listener>, refusal: DomainError): void {
    this.joins.remove(listener);
    room.leave(listener);
    listener.refused(refusal);
  }

  /** Recovers lost wakes: compares the head of every stream that has listeners here. */
  private async compareHeads(keys = [...this.rooms.keys()]): Promise<void> {
    if (!keys.length) return;
    try {
      for (const [key, { head, epoch }] of await this.log.positions(keys)) {
        const room = this.rooms.get(key);
        if (room && room.epoch !== epoch) this.reset(room);
        else room?.wake(head);
      }
    } catch {
      // tried again in two seconds
    }
  }

  private async reauthorizeAll(): Promise<void> {
    for (const room of this.rooms.values()) await this.reauthorize(room, false);
  }

  private async reauthorizeSome(change: AccessChange): Promise<void> {
    for (const room of this.rooms.values()) {
      if ('kind' in change) {
        if (readStreamKey(room.key)?.kind === change.kind) await this.reauthorize(room, true);
        continue;
      }
      const listeners = room.members().filter(({ actor }) => actor?.id === change.accountId);
      if (listeners.length) await this.reauthorize(room, true, listeners);
    }
  }

  /** @param strict whether listeners that cannot be checked are removed: yes after a known change of access. */
  private async reauthorize(room: StreamRoom<Listener>, strict: boolean, listeners = room.members()): Promise<void> {
    const verdicts = new Map<string, Promise<DomainError | undefined>>();
    const queue = [...listeners];
    const ask = async (): Promise<void> => {
      for (let listener = queue.pop(); listener; listener = queue.pop()) {
        const { actor } = listener;
        const who = authorityName(actor);
        const verdict = verdicts.get(who) ?? this.verdict(room.key, actor, strict);
        verdicts.set(who, verdict);
        const refusal = await verdict;
        if (refusal && room.has(listener)) this.dismiss(listener, room, refusal);
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
      if (error instanceof DomainError) return error;
      this.logger.warn(`Whether ${stream} may be listened to could not be asked: ${String(error)}`);
      return strict ? new StreamsUnavailable(stream) : undefined;
    }
  }
}
