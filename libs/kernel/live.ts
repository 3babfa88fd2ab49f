/** One event of a live stream, as every listener gets it: `seq` runs 1, 2, 3 … in its stream without a gap. */
export interface LiveEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly body: object;
}

/** Numbered streams that people listen to: `chapter:<id>`, `rendition:<id>`. Kept in Postgres, woken through Redis. */
export abstract class Live {
  /**
   * Appends within the running unit of work; the numbers are given back if it rolls back. Make it the **last** statement:
   * it holds the stream's lock until commit, which is what keeps the numbers gap-free and in order of visibility.
   */
  abstract append(stream: string, ...events: { type: string; body: object }[]): Promise<void>;
}
