import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { RedisClients } from '#libs/redis/redis-clients';

/** A message that is not stored. `at` is when it was sent. */
export interface Signal {
  readonly type: string;
  readonly at: string;
  readonly body: object;
}

type Wake = { key: string; head: number };
type Passing = { key: string; signal: Signal };

/** Whose connections end: all of an account, or those of one session. */
export type Revocation = { accountId: string } | { sessionId: string };

/** Whether a connection of this actor must end. */
export const isRevoked = (actor: Actor | undefined, revoked: Revocation): boolean =>
  'accountId' in revoked ? actor?.id === revoked.accountId : actor?.sessionId === revoked.sessionId;

/** Whose right to listen may have ended: that of one account, or of everybody who listens to streams of one kind. */
export type AccessChange = { accountId: string } | { kind: string };

/** Each callback is optional. */
export interface LiveBusListener {
  onWake?(stream: string, head: number): void;
  onAccessChanged?(change: AccessChange): void;
  onSignal?(stream: string, signal: Signal): void;
  onRevoked?(revoked: Revocation): void;
  /** Redis is connected again. Messages sent in between were lost. */
  onReconnect?(): void;
}

/** `{ key, head }` of a stream that has come further. */
const WAKES = 'live';
/** Signals. They are not stored, so a lost one is not recovered. */
const PASSING = 'live:passing';
/** Whose right to listen has to be looked at again; without this message it is within a minute. */
const ACCESS = 'live:access';

/**
 * Best-effort messages between web processes, by Redis pub/sub. A lost wake is recovered by polling, so it only delays; a lost
 * signal stays lost. While Redis is unavailable, this process still receives its own messages.
 */
@Injectable()
export class LiveBus implements OnModuleInit {
  private readonly listeners: LiveBusListener[] = [];

  constructor(private readonly redis: RedisClients) {}

  onModuleInit(): void {
    this.redis.onReconnect(() => this.listeners.forEach((listener) => listener.onReconnect?.()));
  }

  wake(wake: Wake): void {
    this.publish(WAKES, wake, () => this.receiveWake(wake));
  }

  pass(passing: Passing): void {
    this.publish(PASSING, passing, () => this.receivePassing(passing));
  }

  /**
   * Every web process asks again whether these listeners may listen, and sends those away who may not. Without Redis the other
   * processes do so within a minute.
   */
  accessChanged(change: AccessChange): void {
    this.publish(ACCESS, change, () => this.receiveAccess(change));
  }

  /** In this process only: auth tells each process by itself. */
  revoke(revoked: Revocation): void {
    for (const listener of this.listeners) listener.onRevoked?.(revoked);
  }

  listen(listener: LiveBusListener): void {
    if (this.listeners.push(listener) > 1) return;
    this.redis.subscribe(WAKES, (text) => this.receiveWake(JSON.parse(text) as Wake));
    this.redis.subscribe(PASSING, (text) => this.receivePassing(JSON.parse(text) as Passing));
    this.redis.subscribe(ACCESS, (text) => this.receiveAccess(JSON.parse(text) as AccessChange));
  }

  private publish(channel: string, message: object, otherwise: () => void): void {
    this.redis.commands.publish(this.redis.key(channel), JSON.stringify(message)).catch(otherwise);
  }

  private receiveWake({ key, head }: Wake): void {
    for (const listener of this.listeners) listener.onWake?.(key, head);
  }

  private receivePassing(passing: Passing): void {
    for (const listener of this.listeners) listener.onSignal?.(passing.key, passing.signal);
  }

  private receiveAccess(change: AccessChange): void {
    for (const listener of this.listeners) listener.onAccessChanged?.(change);
  }
}
