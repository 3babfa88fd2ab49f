import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

const FORMAT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9]\d{0,8})\.[\w-]{43}$/;

/** `<session>.<generation>.<MAC over both>`: nothing about it has to be stored, and only who has the key can make one. */
export function writeRefreshToken(key: KeyObject, sessionId: string, generation: number): string {
  const named = `${sessionId}.${generation}`;
  return `${named}.${createHmac('sha256', key).update(named).digest('base64url')}`;
}

/** @returns undefined when it is not one of ours. */
export function readRefreshToken(key: KeyObject, token: string): { sessionId: string; generation: number } | undefined {
  const [, sessionId, generation] = FORMAT.exec(token) ?? [];
  if (!sessionId) return undefined;
  const genuine = writeRefreshToken(key, sessionId, Number(generation));
  // compared as text: base64url has several spellings of the same bytes, and only one of them is the token
  return timingSafeEqual(Buffer.from(genuine), Buffer.from(token)) ? { sessionId, generation: Number(generation) } : undefined;
}
