import type { FastifyReply } from 'fastify';
import type { Actor } from '#libs/kernel/actor';
import type { DomainError } from '#libs/kernel/domain-error';
import { eventId, SERVER_SENT, serverSent } from './encoding.js';
import type { Listener, Subscribed } from './listener.js';
import { MAX_UNREAD_BYTES } from './protocol.js';
import type { Authority } from '#libs/kernel/token-verifier';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One answer of server-sent events: a listener that writes `text/event-stream` to the raw response until either side ends it. */
export class EventStream implements Listener {
  readonly encoding = SERVER_SENT;
  /** Resolves when the answer has begun; rejects with the refusal if it is refused before that. */
  readonly begun: Promise<void>;
  private begin!: () => void;
  private refuse!: (error: Error) => void;
  private isOpen = false;
  private expiry?: NodeJS.Timeout;

  constructor(
    private readonly reply: FastifyReply,
    readonly address: string,
    private readonly authority: Authority | undefined,
  ) {
    this.begun = new Promise((resolve, reject) => {
      this.begin = resolve;
      this.refuse = reject;
    });
  }

  get actor(): Actor | undefined {
    return this.authority?.actor;
  }

  subscribed({ from, ...answer }: Subscribed): void {
    this.reply.hijack();
    const { raw } = this.reply;
    const headers = {
      ...this.reply.getHeaders(), // CORS and security headers that hooks have set
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no', // nginx would gather events to fill a buffer
    };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200);
    this.isOpen = true;
    this.endWithToken();
    // with this id a browser that is disconnected before the first event resumes at the same position
    this.write(serverSent(JSON.stringify({ ...answer, from }), { id: eventId(from, answer.epoch), event: 'subscribed' }));
    this.begin();
  }

  refused(error: DomainError): void {
    if (!this.isOpen) return this.refuse(error);
    const { code, message: detail } = error;
    this.write(serverSent(JSON.stringify({ code, detail }), { event: 'refused' }));
    this.end();
  }

  write(bytes: Buffer): void {
    if (!this.isOpen) return;
    const { raw } = this.reply;
    if (raw.writableLength <= MAX_UNREAD_BYTES) raw.write(bytes);
    else {
      this.closed();
      raw.destroy(); // the client does not read, so it would not get a proper end. It resumes by Last-Event-ID
    }
  }

  drained(): Promise<void> {
    const { raw } = this.reply;
    if (!this.isOpen || !raw.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        raw.off('drain', done).off('close', done);
        resolve();
      };
      raw.on('drain', done).on('close', done);
    });
  }

  /** Keeps proxies from closing an idle connection, and detects a broken one. */
  heartbeat(): void {
    this.write(Buffer.from(':\n\n'));
  }

  /** @param retryMs when a browser may come back. */
  restart(retryMs: number): void {
    this.write(Buffer.from(`retry: ${retryMs}\n\n`));
    this.end();
  }

  end(): void {
    if (!this.isOpen) return;
    this.closed();
    this.reply.raw.end();
  }

  /** The connection is gone, or about to be. */
  closed(): void {
    this.isOpen = false;
    clearTimeout(this.expiry);
    this.begin();
  }

  private endWithToken(): void {
    if (!this.authority) return;
    const left = this.authority.expiresAt.getTime() - Date.now();
    if (left <= 0) this.end();
    else this.expiry = setTimeout(() => this.endWithToken(), Math.min(left, LONGEST_TIMER_MS));
  }
}
