import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { Account, AccountNotFound, EmailTaken } from '../domain/account.js';
import { AccountRepository } from '../domain/ports.js';
import { AccountRow } from './auth.rows.js';

@Injectable()
export class TypeormAccountRepository extends AccountRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Account> {
    const row = await this.transaction.writing.findOne(AccountRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new AccountNotFound();
    return Account.restore(row);
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const row = await this.transaction.manager.findOneBy(AccountRow, { email });
    return row ? Account.restore(row) : undefined;
  }

  anyAdmin(): Promise<boolean> {
    return this.transaction.manager.existsBy(AccountRow, { role: 'admin' });
  }

  async save(account: Account): Promise<void> {
    const { id, email, ...rest } = account.snapshot();
    const [saved] = await this.transaction.query<{ id: string }>(
      `INSERT INTO auth.account (id, email, name, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, password_hash = EXCLUDED.password_hash, role = EXCLUDED.role
         WHERE auth.account.id = EXCLUDED.id
       RETURNING id`,
      [id, email, rest.name, rest.passwordHash, rest.role, rest.createdAt],
    );
    if (!saved) throw new EmailTaken();
  }
}
