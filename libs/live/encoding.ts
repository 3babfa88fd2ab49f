import type { StoredEvent } from './event-log.js';
import type { Signal } from './live-bus.js';

/** How one transport writes what passes in a stream: ready-made bytes, so that a room writes the same ones to everybody. */
export interface Encoding {
  event(stream: string, event: StoredEvent): Buffer;
  signal(stream: string, signal: Signal): Buffer;
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

/** docs/live-protocol.md, "WebSocket". Stream keys and the stored JSON need no escaping. */
export const WEBSOCKET: Encoding = {
  event: (stream, { json }) => textFrame(`{"type":"event","stream":"${stream}","event":${json}}`),
  signal: (stream, signal) => textFrame(`{"type":"signal","stream":"${stream}","signal":${JSON.stringify(signal)}}`),
};

/**
 * One block of `text/event-stream`.
 * @param id what a browser will send back as Last-Event-ID
 * @param event none for numbered events: so they all reach `onmessage`, also types a client does not know yet
 */
export const serverSent = (json: string, { id, event }: { id?: number; event?: string }): Buffer =>
  Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${json}\n\n`);

/** docs/live-protocol.md, "Server-sent events". */
export const SERVER_SENT: Encoding = {
  event: (_, { seq, json }) => serverSent(json, { id: seq }),
  signal: (_, signal) => serverSent(JSON.stringify(signal), { event: 'signal' }),
};
