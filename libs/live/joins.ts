import { Logger } from '@nestjs/common';
import { DomainError } from '#libs/kernel/domain-error';
import type { EventLog, StreamPosition } from './event-log.js';
import { JoinQueue, type Waiting } from './join-queue.js';
import { authorityName, type Listener, type Since, StreamReset, StreamsUnavailable, type Subscribed } from './listener.js';
import { EventsGone, type StreamRoom } from './stream-room.js';
import { readStreamKey } from './stream-key.js';
import type { StreamKind, StreamKinds } from './stream-kinds.js';

/** Streams that are joined at the same time: half of the smallest sensible pool of connections to Postgres. */
const AT_ONCE = 4;
/** Listeners of one stream that are served together. */
const BATCH = 200;

/** The rooms of this process, as far as joining needs them. */
export interface OpenRooms {
  get(stream: string): StreamRoom<Listener> | undefined;
  open(stream: string, position: StreamPosition): StreamRoom<Listener>;
  leave(listener: Listener, stream: string): void;
  reset(room: StreamRoom<Listener>): void;
}

interface Join extends Waiting, Since {
  readonly listener: Listener;
  /** The last number it has received, once it was admitted. */
  at?: number;
}

/**
 * How listeners join rooms: they are authorised, then get the answer, then the events they missed, page by page. Every step
 * waits in one queue (join-queue.ts). A room is opened only when a listener was admitted, so refused keys cost no memory.
 */
export class Joins {
  private readonly logger = new Logger('Live');
  /** Listeners that are not synced yet. */
  private readonly pending = new Map<Listener, Join>();
  private readonly queue = new JoinQueue<Join>(AT_ONCE, BATCH, (stream, joins) => this.serve(stream, joins));

  constructor(
    private readonly kinds: StreamKinds,
    private readonly log: EventLog,
    private readonly rooms: OpenRooms,
  ) {}

  add(listener: Listener, stream: string, since: Since): void {
    const join = { listener, stream, address: listener.address, ...since };
    this.pending.set(listener, join);
    this.queue.add(join);
  }

  remove(listener: Listener): void {
    const join = this.pending.get(listener);
    if (!join) return;
    this.pending.delete(listener);
    this.queue.remove(join);
  }

  private async serve(stream: string, joins: readonly Join[]): Promise<void> {
    try {
      const newcomers = joins.filter(({ at }) => at === undefined);
      if (newcomers.length) await this.admit(stream, newcomers);
      await this.replay(
        stream,
        joins.filter(({ at }) => at !== undefined),
      );
    } catch (error) {
      if (!(error instanceof EventsGone)) this.logger.warn(`${stream} cannot be joined: ${String(error)}`);
      const refusal = error instanceof EventsGone ? new StreamReset(stream) : new StreamsUnavailable(stream);
      for (const join of joins) this.refuse(join, refusal);
    }
  }

  private async admit(stream: string, newcomers: readonly Join[]): Promise<void> {
    let room = this.rooms.get(stream);
    // before authorising: a change of access that happens meanwhile authorises again
    for (const { listener } of newcomers) room?.enter(listener);
    const position = await this.log.position(stream);
    const kind = await this.kindFor(stream, newcomers);
    const admitted = newcomers.filter((join) => this.isPending(join));
    if (!kind || !admitted.length) return;
    if (room && room.epoch !== position.epoch) {
      for (const { listener } of admitted) room.leave(listener);
      this.rooms.reset(room);
      room = undefined;
    }
    // the room starts at the position read before authorising, so it sees every change of access since
    room ??= this.rooms.open(stream, position);
    for (const { listener } of admitted) room.enter(listener);
    await this.answer(kind, room, position, admitted);
  }

  /** Authorises once for each account. @returns undefined when none may listen. */
  private async kindFor(stream: string, newcomers: readonly Join[]): Promise<StreamKind | undefined> {
    let kind: StreamKind | undefined;
    for (const joins of groups(newcomers, ({ listener }) => authorityName(listener.actor)).values())
      try {
        kind = await this.kinds.admit(stream, joins[0].listener.actor);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        for (const join of joins) this.refuse(join, error);
      }
    return kind;
  }

  /** The head is taken before the snapshot: what falls between them is told twice rather than never. */
  private async answer(
    kind: StreamKind,
    room: StreamRoom<Listener>,
    { head: stored, first }: StreamPosition & { first: number },
    joins: readonly Join[],
  ): Promise<void> {
    const { key: stream, epoch } = room;
    const id = readStreamKey(stream)!.id;
    for (const same of groups(
      joins,
      (join) => `${authorityName(join.listener.actor)} ${String(join.since)} ${String(join.epoch)}`,
    ).values()) {
      const { since, epoch: theirs, listener } = same[0];
      const head = Math.max(stored, room.seq);
      const isElsewhere = since !== undefined && !isWithin({ head, epoch, first }, { since, epoch: theirs });
      const from = since === undefined || isElsewhere ? head : since;
      const snapshot = since === undefined || isElsewhere ? await kind.snapshot?.(id, listener.actor) : undefined;
      const answer: Subscribed = {
        stream,
        epoch,
        head,
        from,
        ...(isElsewhere && { reset: true }),
        ...(snapshot && { snapshot }),
      };
      for (const join of same) {
        if (!this.isPending(join)) continue;
        join.at = from;
        join.listener.subscribed(answer);
      }
    }
  }

  private async replay(stream: string, joins: readonly Join[]): Promise<void> {
    const room = this.rooms.get(stream);
    if (!room) return; // closed meanwhile: its listeners left, or were told
    for (const [at, together] of groups(joins, (join) => join.at!)) {
      if (at > room.seq) {
        void room.reached(at).then(() => together.forEach((join) => this.queueAgain(join)));
        continue;
      }
      const reached = await room.advance(
        together.map(({ listener }) => listener),
        at,
      );
      for (const join of together)
        if (reached === undefined) this.pending.delete(join.listener);
        else {
          join.at = reached;
          void join.listener.drained().then(() => this.queueAgain(join));
        }
    }
  }

  private queueAgain(join: Join): void {
    if (this.isPending(join)) this.queue.add(join);
  }

  private refuse(join: Join, error: DomainError): void {
    if (!this.isPending(join)) return;
    this.pending.delete(join.listener);
    this.rooms.leave(join.listener, join.stream);
    join.listener.refused(error);
  }

  private isPending(join: Join): boolean {
    return this.pending.get(join.listener) === join;
  }
}

/** Whether the events after `since` can be told: it is a number of this history, and all that follow are kept. */
export function isWithin({ head, epoch, first }: StreamPosition & { first: number }, from: Since): boolean {
  const { since = 0, epoch: theirs = epoch } = from;
  return theirs === epoch && since <= head && since >= first - 1;
}

function groups<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const item of items) {
    const group = found.get(keyOf(item));
    if (group) group.push(item);
    else found.set(keyOf(item), [item]);
  }
  return found;
}
