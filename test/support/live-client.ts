/** A client of `/live`, written from docs/live-protocol.md with plain `ws` and no code of the product. */
import { WebSocket } from 'ws';
import { until } from './until.js';

export interface LiveEvent {
  stream: string;
  seq: number;
  type: string;
  at: string;
  body: Record<string, unknown>;
}

export interface Frame {
  type: string;
  stream?: string;
  head?: number;
  from?: number;
  code?: string;
  event?: Omit<LiveEvent, 'stream'>;
  [member: string]: unknown;
}

export class LiveClient {
  /** All frames received, in order. */
  readonly frames: Frame[] = [];
  /** The numbered events among it. */
  readonly events: LiveEvent[] = [];
  /** With the close code, once it is closed by either side. */
  readonly closed: Promise<number>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as Frame;
      this.frames.push(frame);
      if (frame.type === 'event') this.events.push({ stream: frame.stream!, ...frame.event! });
    });
    this.closed = new Promise((done) => socket.once('close', done));
  }

  /** @param url of the web process, `http://…`. @param token left out: a visitor without an account. */
  static async connect(url: string, token?: string, headers: Record<string, string> = {}): Promise<LiveClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/live`, { headers });
    const client = new LiveClient(socket);
    await new Promise((done, fail) => socket.once('open', done).once('error', fail));
    client.send({ type: 'hello', ...(token !== undefined && { token }) });
    await Promise.race([client.waitFor((frame) => frame.type === 'welcome'), client.closed]);
    return client;
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** @returns the `subscribed` or `refused` frame that answered. */
  async subscribe(stream: string, since?: number, epoch?: string): Promise<Frame> {
    const before = this.frames.length;
    this.send({ type: 'subscribe', stream, ...(since !== undefined && { since }), ...(epoch !== undefined && { epoch }) });
    return until(
      () => this.frames.slice(before).find((f) => f.stream === stream && (f.type === 'subscribed' || f.type === 'refused')),
      5_000,
      `an answer to subscribe ${stream}`,
    );
  }

  /** The first frame for which `is` is true, received before or after this call. */
  waitFor(is: (frame: Frame) => boolean, ms = 5_000): Promise<Frame> {
    return until(() => this.frames.find(is), ms, `a live frame for which ${is.toString()}`);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
