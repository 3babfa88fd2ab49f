export class ChoreRunResponse {
  /** @example 41 */
  number!: number;
  startedAt!: Date;
  /** Null while it runs, and of a run whose process died. */
  endedAt!: Date | null;
  /**
   * How many things it handled.
   * @example 12
   */
  handled!: number | null;
  /**
   * Why it failed.
   * @example "The database did not answer in time."
   */
  error!: string | null;
}

export class ChoreResponse {
  /** @example "Mira Lindqvist" */
  name!: string;
  /** @example "1 h" */
  every!: string;
  nextAt!: Date;
  isRunning!: boolean;
  /** The last ten, newest first. */
  runs!: ChoreRunResponse[];
}

export class ChoreListResponse {
  items!: ChoreResponse[];
}
