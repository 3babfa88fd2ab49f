/** How an account is shown to others. */
export interface AccountSummary {
  id: string;
  name: string;
}

/** What other modules may ask of auth. */
export abstract class Accounts {
  /** One call for a whole page. Ids without an account are missing from the map. */
  abstract summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>>;
}
