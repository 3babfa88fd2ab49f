import type { Duplex } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import type { RawData, WebSocket } from 'ws';
import type { Actor } from '#libs/kernel/actor';
import { Live } from '#libs/kernel/live';
import { DomainError } from '#libs/kernel/domain-error';
import { WEBSOCKET } from './encoding.js';
import { Hub } from './hub.js';
import type { Listener, Since } from './listener.js';
import { LiveLimits, TooManyConnections, TooManyStreams } from './live-limits.js';
import {
  type ClientFrame,
  CLOSE,
  HELLO_WITHIN_MS,
  MAX_STREAMS,
  MAX_UNREAD_BYTES,
  MESSAGE_WITHIN_MS,
  readFrame,
} from './protocol.js';
import { type Authority, TokenVerifier } from '#libs/kernel/token-verifier';

const PING_EVERY_MS = 25_000;
/** With a sweep each second, a half-open connection is gone 35 s after it last spoke. */
const PONG_WITHIN_MS = 8_000;
const LINGER_MS = 10_000;
/** Frames a client may send at once, and per second. */
const BURST = 100;
const PER_SECOND = 20;
/** The maximum of `setTimeout`. A token that expires later is checked again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const log = new Logger('Live');

/** The services that all connections of this process share. */
@Injectable()
export class ConnectionServices {
  constructor(
    readonly hub: Hub,
    readonly live: Live,
    readonly verifier: TokenVerifier,
    readonly limits: LiveLimits,
  ) {}
}

interface Subscription {
  readonly listener: Listener;
  readonly giveBack: () => void;
}

/** One WebSocket, from hello to close: its authority, its subscriptions, and the limits it must keep. */
export class Connection {
  private authority?: Authority;
  private token?: string;
  private greeted = false;
  private ended = false;
  private readonly subscriptions = new Map<string, Subscription>();
  private giveBackAccount?: () => void;
  /** A message that has begun and not ended: since when, and the release of its place in the limit. */
  private unfinished?: { since: number; giveBack: () => void };
  /** Complete messages, pings and pongs received. */
  private received = 0;
  private receivedBefore = 0;
  /** Frames are answered in the order in which they arrived, also when an answer takes time. */
  private turn: Promise<void> = Promise.resolve();
  private deadline: NodeJS.Timeout;
  private heardAt = Date.now();
  private pingedAt = Date.now();
  private allowance = BURST;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Duplex,
    private readonly address: string,
    private readonly services: ConnectionServices,
    private readonly gone: () => void,
  ) {
    this.deadline = setTimeout(() => this.end(CLOSE.unauthenticated, 'hello expected'), HELLO_WITHIN_MS);
    ws.on('message', (data, isBinary) => this.take(data, isBinary));
    for (const sign of ['ping', 'pong']) ws.on(sign, () => this.hear());
    socket.on('data', () => this.noteUnfinished()); // behind the listener of `ws`, which has taken the bytes by then
    ws.on('error', () => this.cleanUp());
    ws.on('close', () => this.cleanUp());
  }

  get actor(): Actor | undefined {
    return this.authority?.actor;
  }

  /** Called each second: pings a silent client, and ends the connection if it does not answer or does not finish a message. */
  sweep(now: number): void {
    this.allowance = Math.min(BURST, this.allowance + PER_SECOND);
    if (this.unfinished && now - this.unfinished.since >= MESSAGE_WITHIN_MS)
      return this.end(CLOSE.unfinishedMessage, 'a message took too long');
    if (this.heardAt < this.pingedAt && now - this.pingedAt >= PONG_WITHIN_MS) return this.ws.terminate();
    if (now - Math.max(this.pingedAt, this.heardAt) < PING_EVERY_MS) return;
    this.pingedAt = now;
    this.ws.ping();
  }

  /** Ends the connection if its token was revoked. */
  async reauthorize(): Promise<void> {
    if (this.token === undefined || this.ended) return;
    const before = this.token;
    const proof = await this.prove(before);
    if (proof instanceof DomainError && this.token === before) this.end(CLOSE.unauthenticated, 'token revoked');
  }

  restart(retryAfterMs: number): void {
    this.send({ type: 'restart', retryAfterMs });
    this.end(CLOSE.restart, 'restarting');
  }

  end(code: number, reason: string): void {
    if (this.ended) return;
    this.cleanUp();
    this.ws.close(code, reason);
    setTimeout(() => this.ws.terminate(), LINGER_MS).unref(); // a client that does not read never gets the close frame
  }

  private cleanUp(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.deadline);
    for (const stream of [...this.subscriptions.keys()]) this.unsubscribe(stream);
    this.unfinished?.giveBack();
    this.giveBackAccount?.();
    this.gone();
  }

  /** @returns false when it was one too many. */
  private hear(): boolean {
    if (this.ended) return false;
    this.heardAt = Date.now();
    this.received++;
    if (--this.allowance >= 0) return true;
    this.end(CLOSE.tooMany, 'too many frames');
    return false;
  }

  /** Bytes arrived that completed no message. The number of such messages is limited, because `ws` keeps their fragments in memory. */
  private noteUnfinished(): void {
    if (this.ended) return;
    if (this.received !== this.receivedBefore) {
      this.receivedBefore = this.received;
      this.unfinished?.giveBack();
      this.unfinished = undefined;
    } else if (!this.unfinished) {
      const giveBack = this.services.limits.unfinishedMessage({ address: this.address });
      if (giveBack) this.unfinished = { since: Date.now(), giveBack };
      else this.end(CLOSE.unfinishedMessage, 'too many unfinished messages');
    }
  }

  private take(data: RawData, isBinary: boolean): void {
    if (!this.hear()) return;
    const frame = isBinary ? undefined : readFrame((data as Buffer).toString());
    if (!frame) return this.end(CLOSE.badFrame, 'not a frame of this protocol');
    this.turn = this.turn
      .then(() => (this.ended ? undefined : this.answer(frame)))
      .catch((error: unknown) => {
        log.error(`A ${frame.type} frame could not be answered: ${String(error)}`);
        this.end(1011, 'internal error');
      });
  }

  private async answer(frame: ClientFrame): Promise<void> {
    if (frame.type === 'hello') return this.greeted ? this.end(CLOSE.badFrame, 'hello came before') : this.greet(frame.token);
    if (!this.greeted) return this.end(CLOSE.unauthenticated, 'hello expected');
    if (frame.type === 'renew') return this.renew(frame.token);
    if (frame.type === 'subscribe') return this.subscribe(frame.stream, frame);
    const listener = this.subscriptions.get(frame.stream)?.listener;
    if (frame.type === 'unsubscribe') {
      this.unsubscribe(frame.stream);
      this.send({ type: 'unsubscribed', stream: frame.stream });
    } else if (listener && this.actor && this.services.hub.maySignal(listener, frame.stream, frame.signal))
      this.services.live.signal(frame.stream, frame.signal, { by: this.actor.id }, this.actor.id);
  }

  private async greet(token: string | undefined): Promise<void> {
    if (token !== undefined && !(await this.trust(token))) return;
    this.greeted = true;
    if (token === undefined) clearTimeout(this.deadline);
    const actor = this.actor ? { id: this.actor.id, role: this.actor.role } : null;
    this.send({ type: 'welcome', actor, expiresAt: this.authority?.expiresAt ?? null });
  }

  private async renew(token: string): Promise<void> {
    if (await this.trust(token)) this.send({ type: 'renewed', expiresAt: this.authority?.expiresAt });
  }

  /** @returns false when the connection was ended instead. */
  private async trust(token: string): Promise<boolean> {
    const proof = await this.prove(token);
    if (this.ended) return false;
    if (proof instanceof DomainError) {
      this.end(CLOSE.unauthenticated, proof.code);
      return false;
    }
    if (this.actor && this.actor.id !== proof.actor.id) {
      this.end(CLOSE.unauthenticated, 'token of another account');
      return false;
    }
    if (!this.actor) {
      this.giveBackAccount = this.services.limits.account(proof.actor.id);
      if (!this.giveBackAccount) {
        this.end(CLOSE.tooMany, new TooManyConnections().code);
        return false;
      }
    }
    this.authority = proof;
    this.token = token;
    this.endWithToken();
    return !this.ended;
  }

  private async prove(token: string): Promise<Authority | DomainError> {
    try {
      return await this.services.verifier.verify(token);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unauthenticated') return error;
      throw error;
    }
  }

  private endWithToken(): void {
    clearTimeout(this.deadline);
    const left = (this.authority?.expiresAt.getTime() ?? 0) - Date.now();
    if (left <= 0) return this.end(CLOSE.unauthenticated, 'token expired');
    this.deadline = setTimeout(() => this.endWithToken(), Math.min(left, LONGEST_TIMER_MS));
  }

  private subscribe(stream: string, from: Since): void {
    if (this.subscriptions.has(stream))
      return this.refuse(stream, 'already-subscribed', 'You listen to this stream already: unsubscribe first.');
    if (this.subscriptions.size >= MAX_STREAMS)
      return this.refuse(
        stream,
        'too-many-streams',
        `One connection listens to ${MAX_STREAMS} streams at most: unsubscribe from one first.`,
      );
    const giveBack = this.services.limits.stream({ address: this.address, account: this.actor?.id });
    if (!giveBack) {
      const { code, message } = new TooManyStreams();
      return this.refuse(stream, code, message);
    }
    const listener = this.listener(stream);
    this.subscriptions.set(stream, { listener, giveBack });
    this.services.hub.join(listener, stream, from);
  }

  private listener(stream: string): Listener {
    const actor = (): Actor | undefined => this.actor;
    const listener: Listener = {
      encoding: WEBSOCKET,
      address: this.address,
      get actor() {
        return actor();
      },
      write: (bytes) => this.write(bytes),
      drained: () => this.drained(),
      subscribed: (answer) => this.send({ type: 'subscribed', ...answer }),
      refused: (error) => {
        if (this.subscriptions.get(stream)?.listener === listener) this.unsubscribe(stream);
        this.refuse(stream, error.code, error.message);
      },
    };
    return listener;
  }

  private unsubscribe(stream: string): void {
    const subscription = this.subscriptions.get(stream);
    if (!subscription) return;
    this.subscriptions.delete(stream);
    subscription.giveBack();
    this.services.hub.leave(subscription.listener, stream);
  }

  private refuse(stream: string, code: string, detail: string): void {
    this.send({ type: 'refused', stream, code, detail });
  }

  private send(message: object): void {
    if (!this.ended && this.ws.readyState === this.ws.OPEN) this.ws.send(JSON.stringify(message));
  }

  /**
   * Writes to the socket directly, not through `ws`: the bytes are complete frames that the room encoded once for all members.
   * Without compression `ws` also writes each of its own frames in one call, so frames never interleave.
   */
  private write(bytes: Buffer): void {
    if (this.ended) return;
    if (this.socket.writableLength > MAX_UNREAD_BYTES) return this.end(CLOSE.tooSlow, 'too slow: resume with since');
    this.socket.write(bytes);
  }

  private drained(): Promise<void> {
    const { socket } = this;
    if (!socket.writableNeedDrain || this.ended) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }
}
