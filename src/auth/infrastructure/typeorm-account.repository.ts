import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { Account, AccountNotFound, EmailTaken } from '../domain/account.js';
import { AccountRepository } from '../domain/ports.js';
import { AccountRow } from './auth.rows.js';
import { RevocationLog } from './revocation-log.js';

@Injectable()
export class TypeormAccountRepository extends AccountRepository {
  constructor(
    private readonly transaction: Transaction,
    private readonly revocations: RevocationLog,
  ) {
    super();
  }

  async get(id: string): Promise<Account> {
    const row = await this.transaction.writing.findOne(AccountRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new AccountNotFound();
    return Account.restore(row);
  }

  async find(id: string): Promise<Account | undefined> {
    const row = await this.transaction.manager.findOneBy(AccountRow, { id });
    return row ? Account.restore(row) : undefined;
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const row = await this.transaction.manager.findOneBy(AccountRow, { email });
    return row ? Account.restore(row) : undefined;
  }

  anyAdmin(): Promise<boolean> {
    return this.transaction.manager.existsBy(AccountRow, { role: 'admin' });
  }

  async lockAdmins(): Promise<string[]> {
    // in one order, so that two of these wait for each other; a row that changed meanwhile is looked at again
    const rows = await this.transaction.writing.query<{ id: string }[]>(
      `SELECT id FROM auth.account WHERE role = 'admin' AND suspended_at IS NULL ORDER BY id FOR UPDATE`,
    );
    return rows.map(({ id }) => id);
  }

  async save(account: Account): Promise<void> {
    const { id, email, ...rest } = account.snapshot();
    const [saved] = await this.transaction.query<{ before: number | null }>(
      `INSERT INTO auth.account (id, email, name, password_hash, role, created_at, epoch, suspended_at, suspended_because)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, password_hash = EXCLUDED.password_hash, role = EXCLUDED.role,
           epoch = EXCLUDED.epoch, suspended_at = EXCLUDED.suspended_at, suspended_because = EXCLUDED.suspended_because
         WHERE auth.account.id = EXCLUDED.id
       RETURNING (SELECT a.epoch FROM auth.account a WHERE a.id = $1) AS before`,
      [id, email, rest.name, rest.passwordHash, rest.role, rest.createdAt, rest.epoch, rest.suspendedAt, rest.suspendedBecause],
    );
    if (!saved) throw new EmailTaken();
    if (saved.before !== null && saved.before < rest.epoch)
      await this.revocations.record({ kind: 'account', subject: id, epoch: rest.epoch });
  }

  async remove(account: Account): Promise<void> {
    const { id, epoch } = account.snapshot();
    await this.transaction.writing.delete(AccountRow, { id });
    await this.revocations.record({ kind: 'account', subject: id, epoch: epoch + 1 });
  }
}
