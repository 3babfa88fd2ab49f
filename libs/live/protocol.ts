/** The frames of clients and the close codes. docs/live-protocol.md describes the same: change both. */

export const CLOSE = {
  /** The server restarts. The frame before it says when to reconnect. */
  restart: 1012,
  /** The client reads too slowly. It reconnects with the last sequence number it has. */
  tooSlow: 1013,
  badFrame: 4400,
  /** No hello in time, a token that is wrong, has expired or was revoked. */
  unauthenticated: 4401,
  tooMany: 4429,
  /** A message that does not end, or comes in too many pieces. `ws` closes with it, too. */
  unfinishedMessage: 1008,
} as const;

export const MAX_FRAME_BYTES = 16 * 1024;
/** Pieces of one message, as frames and as packets. Browsers send a message in one frame. */
export const MAX_FRAGMENTS = 4;
export const MAX_CHUNKS = 16;
/** From the first byte of a message to its last. */
export const MESSAGE_WITHIN_MS = 5_000;
export const MAX_STREAMS = 50;
export const HELLO_WITHIN_MS = 5_000;
/** More than this unread by the client, and it is cut off. */
export const MAX_UNREAD_BYTES = 1024 * 1024;

export type ClientFrame =
  | { type: 'hello'; token?: string }
  | { type: 'renew'; token: string }
  | { type: 'subscribe'; stream: string; since?: number; epoch?: string }
  | { type: 'unsubscribe'; stream: string }
  | { type: 'signal'; stream: string; signal: string };

const isText = (value: unknown): value is string => typeof value === 'string';
const isAbsent = (value: unknown): value is undefined => value === undefined;
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Every member that a frame may have, with its type. Other members are refused. */
const SHAPES: Record<ClientFrame['type'], Record<string, (value: unknown) => boolean>> = {
  hello: { token: (v) => isAbsent(v) || isText(v) },
  renew: { token: isText },
  subscribe: { stream: isText, since: (v) => isAbsent(v) || isNumber(v), epoch: (v) => isAbsent(v) || isText(v) },
  unsubscribe: { stream: isText },
  signal: { stream: isText, signal: isText },
};

/** @returns undefined for anything that is no frame of the protocol. */
export function readFrame(text: string): ClientFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    !('type' in value) ||
    !isText(value.type) ||
    !Object.hasOwn(SHAPES, value.type)
  )
    return undefined;
  const { type, ...members } = value as { type: ClientFrame['type'] } & Record<string, unknown>;
  const shape = SHAPES[type];
  const fits =
    Object.entries(shape).every(([name, is]) => is(members[name])) &&
    Object.keys(members).every((name) => Object.hasOwn(shape, name));
  return fits ? (value as ClientFrame) : undefined;
}
