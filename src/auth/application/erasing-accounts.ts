import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { type Account, type AccountDeleted, type ErasureChoices, WrongPassword } from '../domain/account.js';
import { authorize } from '../domain/policy.js';
import { AccountRepository, AccountTraces, PasswordHasher } from '../domain/ports.js';
import { ErasureChecks } from './erasure-checks.js';

/**
 * Erases accounts. E-mail, name, password and sessions are gone when the transaction commits, and the e-mail can be used to sign
 * up at once. Other modules keep the id, which names nobody any more, and react to `AccountDeleted`.
 */
@Injectable()
export class ErasingAccounts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordHasher,
    private readonly checks: ErasureChecks,
    private readonly traces: AccountTraces,
  ) {}

  /** @param password asked for again, because a token may have been stolen. @throws WrongPassword */
  async eraseOwn(by: Actor, password: string, choices: ErasureChoices): Promise<void> {
    // before the transaction: it takes some 20 ms by design
    const account = await this.accounts.find(by.id);
    if (!(await this.passwords.matches(password, account?.snapshot().passwordHash))) throw new WrongPassword();
    await this.erase(by.id, choices, (locked, admins) => locked.eraseByOwner(choices, admins));
  }

  /** @param reason recorded with who did it. */
  async eraseOther(by: Actor, accountId: string, reason: string, choices: ErasureChoices): Promise<void> {
    authorize(by, 'account:erase');
    await this.erase(accountId, choices, (locked, admins) => locked.eraseByAdmin(by, reason, choices, admins));
  }

  private erase(
    id: string,
    choices: ErasureChoices,
    decide: (account: Account, admins: readonly string[]) => AccountDeleted,
  ): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const admins = await this.accounts.lockAdmins();
      const account = await this.accounts.get(id);
      const deleted = decide(account, admins);
      await this.checks.run(id, choices);
      await this.accounts.remove(account);
      await this.traces.remove(id);
      await record(deleted);
    });
  }
}
