import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { RawData, WebSocket } from 'ws';
import type { Actor } from '#libs/kernel/actor';
import type { Live } from '#libs/kernel/live';
import { DomainError } from '#libs/kernel/domain-error';
import { WEBSOCKET } from './encoding.js';
import type { Hub, Listener } from './hub.js';
import { type ClientFrame, CLOSE, HELLO_WITHIN_MS, MAX_STREAMS, MAX_UNREAD_BYTES, readFrame } from './protocol.js';
import type { Authority, TokenVerifier } from '#libs/kernel/token-verifier';

const PING_EVERY_MS = 25_000;
/** With a sweep each second, a half-open connection is gone 35 s after it last spoke. */
const PONG_WITHIN_MS = 8_000;
const LINGER_MS = 10_000;
/** Frames a client may send at once, and per second. */
const BURST = 100;
const PER_SECOND = 20;
/** `setTimeout` takes no more than this; a token that lasts longer is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const log = new Logger('Live');

/** One WebSocket, from hello to close: whom it speaks for, what it listens to, and whether it keeps up. */
export class Connection {
  private authority?: Authority;
  private token?: string;
  private greeted = false;
  private ended = false;
  private readonly listeners = new Map<string, Listener>();
  /** Frames are answered in the order they came, also where an answer takes a while. */
  private turn: Promise<void> = Promise.resolve();
  private deadline: NodeJS.Timeout;
  private heardAt = Date.now();
  private pingedAt = Date.now();
  private allowance = BURST;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Duplex,
    private readonly hub: Hub,
    private readonly live: Live,
    private readonly verifier: TokenVerifier,
    private readonly gone: () => void,
  ) {
    this.deadline = setTimeout(() => this.end(CLOSE.unauthenticated, 'hello expected'), HELLO_WITHIN_MS);
    ws.on('message', (data, isBinary) => this.take(data, isBinary));
    for (const sign of ['ping', 'pong']) ws.on(sign, () => (this.heardAt = Date.now()));
    ws.on('error', () => this.cleanUp());
    ws.on('close', () => this.cleanUp());
  }

  get actor(): Actor | undefined {
    return this.authority?.actor;
  }

  /** Called each second: asks the silent whether they are there, and drops who does not answer. */
  sweep(now: number): void {
    this.allowance = Math.min(BURST, this.allowance + PER_SECOND);
    if (this.heardAt < this.pingedAt && now - this.pingedAt >= PONG_WITHIN_MS) return this.ws.terminate();
    if (now - Math.max(this.pingedAt, this.heardAt) < PING_EVERY_MS) return;
    this.pingedAt = now;
    this.ws.ping();
  }

  /** A token can lose its worth before its time. @returns when that is known. */
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
    setTimeout(() => this.ws.terminate(), LINGER_MS).unref(); // who does not read does not see the close frame either
  }

  private cleanUp(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.deadline);
    for (const [stream, listener] of this.listeners) this.hub.leave(listener, stream);
    this.listeners.clear();
    this.gone();
  }

  private take(data: RawData, isBinary: boolean): void {
    if (this.ended) return;
    this.heardAt = Date.now();
    if (--this.allowance < 0) return this.end(CLOSE.tooMany, 'too many frames');
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
    if (frame.type === 'subscribe') return this.subscribe(frame.stream, frame.since);
    const listener = this.listeners.get(frame.stream);
    if (frame.type === 'unsubscribe') {
      if (listener) this.forget(listener, frame.stream);
      this.send({ type: 'unsubscribed', stream: frame.stream });
    } else if (listener && this.actor && this.hub.maySignal(listener, frame.stream, frame.signal))
      this.live.signal(frame.stream, frame.signal, { by: this.actor.id }, this.actor.id);
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
    this.authority = proof;
    this.token = token;
    this.endWithToken();
    return !this.ended;
  }

  private async prove(token: string): Promise<Authority | DomainError> {
    try {
      return await this.verifier.verify(token);
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

  private subscribe(stream: string, since: number | undefined): void {
    if (this.listeners.has(stream))
      return this.refuse(stream, 'already-subscribed', 'You listen to this stream already: unsubscribe first.');
    if (this.listeners.size >= MAX_STREAMS)
      return this.refuse(
        stream,
        'too-many-streams',
        `One connection listens to ${MAX_STREAMS} streams at most: unsubscribe from one first.`,
      );
    const listener = this.listener(stream);
    this.listeners.set(stream, listener);
    void this.hub.join(listener, stream, since);
  }

  private listener(stream: string): Listener {
    const actor = (): Actor | undefined => this.actor;
    const listener: Listener = {
      encoding: WEBSOCKET,
      get actor() {
        return actor();
      },
      write: (bytes) => this.write(bytes),
      drained: () => this.drained(),
      subscribed: ({ stream: name, head, from, reset, snapshot }) =>
        this.send({ type: 'subscribed', stream: name, head, from, reset, snapshot }),
      refused: (error) => {
        if (this.listeners.get(stream) === listener) this.listeners.delete(stream);
        this.refuse(stream, error.code, error.message);
      },
    };
    return listener;
  }

  private forget(listener: Listener, stream: string): void {
    this.listeners.delete(stream);
    this.hub.leave(listener, stream);
  }

  private refuse(stream: string, code: string, detail: string): void {
    this.send({ type: 'refused', stream, code, detail });
  }

  private send(message: object): void {
    if (!this.ended && this.ws.readyState === this.ws.OPEN) this.ws.send(JSON.stringify(message));
  }

  /**
   * Past `ws`, straight to its socket: the bytes are whole frames that a room made once for all. Without compression `ws`
   * writes each of its own frames at once too, so the two never mix within a frame.
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
