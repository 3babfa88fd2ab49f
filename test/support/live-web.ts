/** The event store and the bus of a web process, in memory, and a client: to test sockets without Postgres or Redis. */
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { EventLog, StoredEvent } from '#libs/live/event-log';
import { EventPresenters, EventReader } from '#libs/live/event-presenters';
import { StreamKind } from '#libs/live/stream-kinds';
import { type Authority, TokenVerifier } from '#libs/kernel/token-verifier';
import type { LiveBusListener, Signal, LiveBus } from '#libs/live/live-bus';
import { accountActor, type Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { Live } from '#libs/kernel/live';

export const CHAPTER = 'chapter:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60';
export const DRAFT = 'chapter:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f61';

/** Behaves like Postgres and Redis for listeners. */
export class World {
  constructor() {
    this.presenters.register(['comment.posted'], (events) =>
      Promise.resolve(events.map(({ seq }) => ({ id: seq, text: this.words.get(seq) ?? null }))),
    );
  }

  readonly events: StoredEvent[] = [];
  readonly listeners: LiveBusListener[] = [];
  published = true;
  epoch = '00000000000000e1';
  /** The oldest event that is kept. */
  first = 1;
  /** The content of each event by its number, as a table would hold it. */
  readonly words = new Map<number, string>();
  /** How often the stream's position was asked for. */
  positions = 0;

  readonly log = {
    position: () => {
      this.positions++;
      return Promise.resolve({ head: this.events.length, epoch: this.epoch, first: this.first });
    },
    positions: (keys: string[]) =>
      Promise.resolve(new Map(keys.map((key) => [key, { head: this.events.length, epoch: this.epoch }]))),
    read: (_: string, after: number, upTo: number, limit: number) =>
      Promise.resolve(this.events.filter(({ seq }) => seq > after && seq <= upTo).slice(0, limit)),
  } as unknown as EventLog;
  readonly presenters = new EventPresenters();
  readonly reader = new EventReader(this.log, this.presenters);
  readonly bus = { listen: (listener: LiveBusListener) => this.listeners.push(listener) } as unknown as LiveBus;

  say(type: string, text = ''): void {
    const seq = this.events.length + 1;
    this.words.set(seq, text);
    this.events.push({ seq, type, at: '', body: { id: seq } });
    for (const listener of this.listeners) listener.onWake?.(CHAPTER, seq);
  }
}

export class Chapters extends StreamKind {
  readonly kind = 'chapter';
  override readonly signals = ['typing'];
  constructor(private readonly world: World) {
    super();
  }
  mayListen(id: string): Promise<boolean> {
    return Promise.resolve(this.world.published && DRAFT !== `chapter:${id}`);
  }
  override snapshot(): Promise<object> {
    return Promise.resolve({ comments: this.world.events.length });
  }
}

export class NotAToken extends DomainError {
  readonly code = 'not-a-token';
  readonly kind = 'unauthenticated';
}

/** A token is `<account> <time it expires> <session>`. */
export class Tokens extends TokenVerifier {
  readonly revoked = new Set<string>();
  verify(token: string): Promise<Authority> {
    const [id, until, sessionId = `of ${id}`] = token.split(' ');
    if (!until || this.revoked.has(token)) return Promise.reject(new NotAToken('Sign in again.'));
    return Promise.resolve({
      actor: accountActor({ id, role: 'reader' }, { sessionId }),
      sessionId,
      expiresAt: new Date(Number(until)),
      epoch: 1,
    });
  }
  remembered(): undefined {
    return undefined;
  }
  confirm(): Promise<void> {
    return Promise.resolve();
  }
}

export class Ticks extends Live {
  constructor(private readonly world: World) {
    super();
  }
  signal(stream: string, type: string, body: object): void {
    const signal: Signal = { type, at: '', body };
    for (const listener of this.world.listeners) listener.onSignal?.(stream, signal);
  }
  revoke(accountId: string): void {
    for (const listener of this.world.listeners) listener.onRevoked?.({ accountId });
  }
  revokeSession(sessionId: string): void {
    for (const listener of this.world.listeners) listener.onRevoked?.({ sessionId });
  }
}

export type Frame = Record<string, unknown> & { type: string; event?: { seq: number; type: string }; actor?: Actor };

export class Client {
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  private readonly opened: Promise<unknown>;
  private changed = (): void => undefined;
  constructor(
    readonly socket: WebSocket,
    first?: object | string,
  ) {
    this.opened = once(socket, 'open');
    this.opened.catch(() => undefined);
    if (first) this.send(first);
    socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as Frame);
      this.changed();
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }
  send(frame: object | string): void {
    void this.opened.then(() => this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  }
  /** The frames of one type, once there are so many. */
  async hears(type: string, count = 1): Promise<Frame[]> {
    for (;;) {
      const found = this.frames.filter((frame) => frame.type === type);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => (this.changed = resolve));
    }
  }
  async follows(stream: string, since?: number): Promise<this> {
    this.send({ type: 'subscribe', stream, since });
    await this.hears('subscribed');
    return this;
  }
  async numbers(count: number): Promise<number[]> {
    return (await this.hears('event', count)).map(({ event }) => event!.seq);
  }
}
