/** After an event of this type, every listener of the stream is checked again before it gets anything later. */
export const ACCESS_CHANGED = 'access.changed';

/**
 * What listeners are told at once and what is not stored. Use cases send no live *events*: they record domain events, and the
 * projector of the module turns those into live events (libs/live/live-projections.ts).
 *
 * @example
 * live.signal(`rendition:${id}`, 'progress', { scene: 3, frames: 120 });
 */
export abstract class Live {
  /**
   * Sends something that is worthless a second later (frames encoded so far, who is typing): at once, without a number, at most
   * four a second for each sender on a stream, of which the latest wins. Lost without Redis.
   */
  abstract signal(stream: string, type: string, body: object, sender?: string): void;

  /** Ends the live connections of an account in this process. Auth calls it in every web process when tokens are revoked. */
  abstract revoke(accountId: string): void;

  /** As `revoke`, for the connections that were opened with tokens of one session. */
  abstract revokeSession(sessionId: string): void;
}
