import { normalEmail } from '../domain/account.js';
import type { InMemoryAccountRepository } from '../domain/ports.in-memory.js';
import { Accounts, type AccountSummary } from './accounts.js';

/** The public API of auth over the in-memory repository. */
export class InMemoryAccounts extends Accounts {
  constructor(private readonly accounts: InMemoryAccountRepository) {
    super();
  }

  async idOf(email: string): Promise<string | undefined> {
    return (await this.accounts.findByEmail(normalEmail(email)))?.actor.id;
  }

  async summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>> {
    const rows = [...new Set(ids)].flatMap((id) => this.accounts.rows.get(id) ?? []);
    return new Map(rows.map(({ id, name }) => [id, { id, name }]));
  }
}
