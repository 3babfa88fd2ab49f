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
  /** The account of an e-mail. Callers must not let an answer tell whether there is one. */
  abstract idOf(email: string): Promise<string | undefined>;
  /** One call for a whole page. Ids without an account are not in the map. */
  abstract summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>>;
}
