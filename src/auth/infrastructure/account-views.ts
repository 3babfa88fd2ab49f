import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import { type AccountSummary, Accounts } from '../application/accounts.js';
import { AccountNotFound, normalEmail } from '../domain/account.js';
import type { AccountsQuery, AdminAccountResponse } from './accounts-admin.contract.js';
import type { AccountResponse } from './auth.contract.js';

const FOR_ADMINS = `SELECT a.id, a.email, a.name, a.role, a.created_at AS "createdAt", a.suspended_at AS "suspendedAt",
       a.suspended_because AS "suspendedBecause", (SELECT max(s.rotated_at) FROM auth.session s WHERE s.account_id = a.id) AS "lastSeenAt"
  FROM auth.account a`;

/** The read side of accounts. */
@Injectable()
export class AccountViews extends Accounts {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async account(id: string): Promise<AccountResponse> {
    const [row] = await this.transaction.query<AccountResponse>(
      `SELECT id, email, name, role, created_at AS "createdAt" FROM auth.account WHERE id = $1`,
      [id],
    );
    if (!row) throw new AccountNotFound();
    return row;
  }

  async forAdmins(id: string): Promise<AdminAccountResponse> {
    const [row] = await this.transaction.query<AdminAccountResponse>(`${FOR_ADMINS} WHERE a.id = $1`, [id]);
    if (!row) throw new AccountNotFound();
    return row;
  }

  /** Newest first. An index of trigrams finds three characters and more anywhere in e-mail and name; fewer are looked for at the beginning. */
  async search({ q, role, suspended, limit, after }: AccountsQuery): Promise<Page<AdminAccountResponse>> {
    const [before] = readCursor(after, 'uuid') ?? ['ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<AdminAccountResponse>(
      `${FOR_ADMINS}
        WHERE a.id < $1 AND ($2::text IS NULL OR a.email LIKE $2 OR lower(a.name) LIKE $2)
          AND ($3::text IS NULL OR a.role = $3) AND ($4::boolean IS NULL OR $4 = (a.suspended_at IS NOT NULL))
        ORDER BY a.id DESC LIMIT $5`,
      [before, q === undefined ? null : likePattern(normalEmail(q)), role ?? null, suspended ?? null, limit + 1],
    );
    return page(
      rows,
      limit,
      (row) => [row.id],
      (row) => row,
    );
  }

  async idOf(email: string): Promise<string | undefined> {
    const [row] = await this.transaction.query<{ id: string }>(`SELECT id FROM auth.account WHERE email = $1`, [
      normalEmail(email),
    ]);
    return row?.id;
  }

  async summaries(ids: readonly string[]): Promise<Map<string, AccountSummary>> {
    if (!ids.length) return new Map();
    const rows = await this.transaction.query<AccountSummary>(`SELECT id, name FROM auth.account WHERE id = ANY($1)`, [
      [...new Set(ids)],
    ]);
    return new Map(rows.map((row) => [row.id, row]));
  }
}

function likePattern(words: string): string {
  const literal = words.replace(/[\\%_]/g, '\\$&');
  return [...words].length < 3 ? `${literal}%` : `%${literal}%`;
}
