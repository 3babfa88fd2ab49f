/** An event of this type makes every listener of its stream prove anew that they may listen, before anything behind it is sent. */
export const ACCESS_CHANGED = 'access.changed';

/** Numbered streams that people listen to: `chapter:<id>`, `rendition:<id>`. Kept in Postgres, woken through Redis. */
export abstract class Live {
  /**
   * Appends within the running unit of work, at its very end and all at once; the numbers are given back if it rolls back.
   * That last moment holds the stream's lock until commit, which is what keeps the numbers gap-free and in order of visibility.
   */
  abstract append(stream: string, ...events: { type: string; body: object }[]): Promise<void>;

  /**
   * Says something that is worth nothing a second later (frames encoded so far, who is typing): at once, without a number,
   * at most four a second for each sender on a stream, the latest winning; lost without Redis.
   */
  abstract signal(stream: string, type: string, body: object, sender?: string): void;

  /** Ends every live connection of an account, on every web process: its sessions were revoked. */
  abstract revoke(accountId: string): void;
}
