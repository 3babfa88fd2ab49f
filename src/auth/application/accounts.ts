/** What others see of an account. */
export interface AccountSummary {
  id: string;
  name: string;
}

/**
 * The public API of the auth module, for reading.
 *
 * @example
 * const authors = await this.accounts.summaries(rows.map((row) => row.authorId));
 * authors.get(row.authorId)?.name;
 */
export abstract class Accounts {
  /** One call for a whole page. Ids without an account are not in the map. */
  abstract summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>>;
}
