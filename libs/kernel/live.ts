/** After an event of this type, every listener of the stream is checked again before it gets anything later. */
export const ACCESS_CHANGED = 'access.changed';

/**
 * Numbered streams of live events: `chapter:<id>`, `rendition:<id>`. PostgreSQL stores them, Redis wakes their listeners.
 *
 * @example
 * await this.live.append(`chapter:${id}`, { type: 'comment.withdrawn', body: { id: comment.id } });
 */
export abstract class Live {
  /**
   * Appends in the running unit of work, all at once and at its very end; the numbers are given back if it rolls back. Only that
   * last moment holds the lock of the stream, until the commit: so the numbers have no gaps and follow the order of visibility.
   */
  abstract append(stream: string, ...events: { type: string; body: object }[]): Promise<void>;

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
