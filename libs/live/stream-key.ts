/** `chapter:0193…`: a kind that some module answers for, and the id of the thing there, always a uuid in lower case. */
const KEY = /^([a-z][a-z-]{0,31}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export interface StreamKey {
  readonly key: string;
  readonly kind: string;
  readonly id: string;
}

export function readStreamKey(text: string): StreamKey | undefined {
  const match = KEY.exec(text);
  return match ? { key: text, kind: match[1], id: match[2] } : undefined;
}

/** @throws for our own mistakes; what clients send is read by `readStreamKey`. */
export function streamKey(text: string): StreamKey {
  const key = readStreamKey(text);
  if (!key) throw new Error(`"${text}" is no stream: name it <kind>:<uuid>.`);
  return key;
}
