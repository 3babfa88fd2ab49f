export class ChoreRunResponse {
  /** @example 41 */
  number!: number;
  startedAt!: Date;
  /** Null while it runs, and of a run whose process died. */
  endedAt!: Date | null;
  /** How many things it handled. */
  handled!: number | null;
  /** Why it failed. */
  error!: string | null;
}

export class ChoreResponse {
  /** @example purge-idempotency */
  name!: string;
  /** @example 1 h */
  every!: string;
  nextAt!: Date;
  isRunning!: boolean;
  /** The last ten, newest first. */
  runs!: ChoreRunResponse[];
}

export class ChoreListResponse {
  items!: ChoreResponse[];
}
