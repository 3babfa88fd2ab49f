import { Injectable } from '@nestjs/common';
import type { Actor, Role } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Account, type AccountState, checkPassword, normalEmail, type SignUpPolicy } from '../domain/account.js';
import { authorize } from '../domain/policy.js';
import { AccountRepository, PasswordHasher, SessionRepository } from '../domain/ports.js';

interface NewPerson {
  email: string;
  name: string;
  password: string;
}

/** Use cases that create and change accounts. */
@Injectable()
export class ManagingAccounts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
  ) {}

  signUp(details: NewPerson & { role: 'reader' | 'author' }, policy: SignUpPolicy): Promise<Readonly<AccountState>> {
    return this.add(details, (account, now) => Account.signUp({ ...account, role: details.role }, policy, now));
  }

  /** For the operator: configuration and demo content. */
  appoint(details: NewPerson & { role: Role }): Promise<Readonly<AccountState>> {
    return this.add(details, (account, now) => Account.appoint({ ...account, role: details.role }, now));
  }

  /** Counts at once: earlier access tokens are refused, and a refresh brings one with the new role. */
  changeRole(by: Actor, accountId: string, role: Role): Promise<Readonly<AccountState>> {
    return this.unitOfWork.run(async ({ record }) => {
      authorize(by, 'account:change-role');
      const admins = await this.accounts.lockAdmins();
      const account = await this.accounts.get(accountId);
      const changed = account.changeRole(by, role, admins);
      await this.accounts.save(account);
      await record(changed);
      return account.snapshot();
    });
  }

  /** Its next request is refused, its sessions end and its sockets are closed, on every web process within a second. */
  suspend(by: Actor, accountId: string, reason: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'account:suspend');
      const admins = await this.accounts.lockAdmins();
      const account = await this.accounts.get(accountId);
      const suspended = account.suspend(by, reason, admins, now);
      if (!suspended.length) return;
      await this.accounts.save(account);
      await this.sessions.endAll(accountId, 'account-suspended', now);
      await record(...suspended);
    });
  }

  /** Its owner can sign in again. */
  restore(by: Actor, accountId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      authorize(by, 'account:suspend');
      const account = await this.accounts.get(accountId);
      const restored = account.restore();
      await this.accounts.save(account);
      await record(...restored);
    });
  }

  async find(email: string): Promise<Actor | undefined> {
    return (await this.accounts.findByEmail(normalEmail(email)))?.actor;
  }

  /** Creates the first admin from the configuration, if there is no admin. */
  async ensureFirstAdmin(email: string, password: string): Promise<boolean> {
    if (await this.accounts.anyAdmin()) return false;
    await this.appoint({ email, password, name: 'Admin', role: 'admin' });
    return true;
  }

  private async add(
    { email, name, password }: NewPerson,
    create: (details: { email: string; name: string; passwordHash: string }, now: Date) => ReturnType<typeof Account.appoint>,
  ): Promise<Readonly<AccountState>> {
    checkPassword(password, email);
    // before the transaction: it takes some 20 ms by design
    const passwordHash = await this.passwords.hash(password);
    return this.unitOfWork.run(async ({ now, record }) => {
      const { account, signedUp } = create({ email, name, passwordHash }, now);
      await this.accounts.save(account);
      await record(signedUp);
      return account.snapshot();
    });
  }
}
