/** A client of `GET /v1/live/{stream}/events`, written from docs/live-protocol.md with plain `http`. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Frame, LiveEvent } from './live-client.js';
import { until } from './until.js';

/** One block of `text/event-stream`, its data parsed as JSON. */
export interface Message {
  id?: string;
  event?: string;
  data: unknown;
}

export class EventSource {
  readonly messages: Message[] = [];
  /** The numbered events among them. */
  readonly events: LiveEvent[] = [];
  /** Once the server has ended the answer, or the connection is gone. */
  readonly ended: Promise<void>;
  private unread = '';

  private constructor(
    private readonly stream: string,
    private readonly call: ClientRequest,
    readonly answer: IncomingMessage,
  ) {
    answer.setEncoding('utf8').on('data', (text: string) => this.read(text));
    this.ended = new Promise((done) => answer.once('close', done));
    answer.once('error', () => undefined); // cut off: `ended` tells
  }

  /** @param url of the web process, `http://…`. @param query what follows the question mark. */
  static open(
    url: string,
    stream: string,
    { token, lastEventId, query = '' }: { token?: string; lastEventId?: string | number; query?: string } = {},
  ): Promise<EventSource> {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    return new Promise((done, fail) => {
      const call = request(`${url}/v1/live/${stream}/events${query && `?${query}`}`, { headers, agent: false });
      call.once('response', (answer) => done(new EventSource(stream, call, answer)));
      call.once('error', fail);
      call.end();
    });
  }

  get status(): number {
    return this.answer.statusCode!;
  }

  /** The Last-Event-ID that a browser would reconnect with. */
  get lastEventId(): string {
    return this.messages.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  /** The first message with this name, received before or after this call. */
  async hears(event: string): Promise<Frame> {
    const message = await until(() => this.messages.find((one) => one.event === event), 5_000, `an event named ${event}`);
    return message.data as Frame;
  }

  /** Ends the connection without a message to the server, as when the network fails. */
  async cut(): Promise<void> {
    this.call.destroy();
    await this.ended;
  }

  private read(text: string): void {
    const blocks = (this.unread + text).split('\n\n');
    this.unread = blocks.pop()!;
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
      if (fields.data === undefined) continue; // a heartbeat, or `retry:`
      const message = { ...fields, data: JSON.parse(fields.data) as unknown } as Message;
      this.messages.push(message);
      if (message.event === undefined) this.events.push({ stream: this.stream, ...(message.data as Omit<LiveEvent, 'stream'>) });
    }
  }
}
