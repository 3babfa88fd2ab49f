/** Runs a use case as one all-or-nothing step. Nested calls join the step already running. */
export abstract class UnitOfWork {
  abstract run<T>(work: () => Promise<T>): Promise<T>;

  /**
   * Work for after the commit, lost if the process dies first; so something durable must always repeat it.
   * Dropped when the step rolls back; outside any step it runs at once.
   */
  abstract afterCommit(work: () => void): void;
}
