import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type AccountSummary, Accounts } from '../application/accounts.js';
import { AccountNotFound, type AccountState } from '../domain/account.js';

/** The read side of auth. */
@Injectable()
export class AccountViews extends Accounts {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async account(id: string): Promise<AccountState> {
    const [row] = await this.transaction.query<AccountState>(
      `SELECT id, email, name, role, created_at AS "createdAt", epoch, '' AS "passwordHash" FROM auth.account WHERE id = $1`,
      [id],
    );
    if (!row) throw new AccountNotFound();
    return row;
  }

  /** Whether a session is open and its account an admin, now. */
  async isAdminSession(sessionId: string): Promise<boolean> {
    const found = await this.transaction.query(
      `SELECT FROM auth.session s JOIN auth.account a ON a.id = s.account_id
        WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND a.role = 'admin'`,
      [sessionId],
    );
    return found.length > 0;
  }

  async summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>> {
    if (!ids.length) return new Map();
    const rows = await this.transaction.query<AccountSummary>(`SELECT id, name FROM auth.account WHERE id = ANY($1)`, [
      [...new Set(ids)],
    ]);
    return new Map(rows.map((row) => [row.id, row]));
  }
}
