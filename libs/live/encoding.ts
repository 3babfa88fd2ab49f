import type { PresentedEvent } from './event-presenters.js';
import type { Signal } from './live-bus.js';

/** The stream that something is said in. */
export interface StreamName {
  readonly key: string;
  readonly epoch: string;
}

/** How one transport writes what passes in a stream: ready-made bytes, so that a room writes the same ones to everybody. */
export interface Encoding {
  event(stream: StreamName, event: PresentedEvent): Buffer;
  signal(stream: StreamName, signal: Signal): Buffer;
}

/** One unmasked, unfragmented text frame (RFC 6455 §5.2), the form in which servers send. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = 0x81;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}

/** docs/live-protocol.md, "WebSocket". Stream keys and finished JSON need no escaping. */
export const WEBSOCKET: Encoding = {
  event: ({ key }, { json }) => textFrame(`{"type":"event","stream":"${key}","event":${json}}`),
  signal: ({ key }, signal) => textFrame(`{"type":"signal","stream":"${key}","signal":${JSON.stringify(signal)}}`),
};

/** What a browser sends back as Last-Event-ID: the number of the last event, and the epoch of the stream it belongs to. */
export const eventId = (seq: number, epoch: string): string => `${seq}-${epoch}`;

const EVENT_ID = /^(\d{1,15})(?:-([0-9a-f]{16}))?$/;

/** @returns undefined for what is no event's id. The number alone is one, too. */
export function readEventId(text: string): { since: number; epoch?: string } | undefined {
  const match = EVENT_ID.exec(text);
  return match ? { since: Number(match[1]), epoch: match[2] } : undefined;
}

/**
 * One block of `text/event-stream`.
 * @param id what a browser will send back as Last-Event-ID
 * @param event none for numbered events: so they all reach `onmessage`, also types a client does not know yet
 */
export const serverSent = (json: string, { id, event }: { id?: string; event?: string }): Buffer =>
  Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${json}\n\n`);

/** docs/live-protocol.md, "Server-sent events". */
export const SERVER_SENT: Encoding = {
  event: ({ epoch }, { seq, json }) => serverSent(json, { id: eventId(seq, epoch) }),
  signal: (_, signal) => serverSent(JSON.stringify(signal), { event: 'signal' }),
};
