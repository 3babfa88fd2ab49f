import { Injectable } from '@nestjs/common';
import type { Actor, Role } from '#libs/kernel/actor';
import { Clock } from '#libs/kernel/clock';
import { Live } from '#libs/kernel/live';
import { Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Account, type AccountSignedUp, type AccountState, checkPassword, normalEmail } from '../domain/account.js';
import { AccountRepository, Passwords, SessionRepository } from '../domain/ports.js';

/** How accounts come to be and change. */
@Injectable()
export class KeepingAccounts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: Passwords,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly live: Live,
  ) {}

  async signUp(details: { email: string; name: string; password: string; role: Role }): Promise<Readonly<AccountState>> {
    checkPassword(details.password, details.email);
    const passwordHash = await this.passwords.hash(details.password);
    const account = Account.signUp(
      { email: details.email, name: details.name, role: details.role, passwordHash },
      this.clock.now(),
    );
    const { id, role } = account.actor;
    await this.unitOfWork.run(async () => {
      await this.accounts.save(account);
      await this.outbox.record({
        type: 'AccountSignedUp',
        v: 1,
        subject: { kind: 'account', id },
        data: { role },
      } satisfies AccountSignedUp);
    });
    return account.snapshot();
  }

  /** A role counts from the next access token on: the sessions end, so that old tokens cannot be renewed. */
  changeRole(by: Actor, accountId: string, role: Role): Promise<Readonly<AccountState>> {
    return this.unitOfWork.run(async () => {
      const account = await this.accounts.get(accountId);
      const changed = account.changeRole(by, role);
      await this.accounts.save(account);
      for (const session of await this.sessions.ofAccount(accountId)) {
        session.end('role-changed', this.clock.now());
        await this.sessions.save(session);
      }
      await this.outbox.record(changed);
      this.unitOfWork.afterCommit(() => this.live.revoke(accountId));
      return account.snapshot();
    });
  }

  async find(email: string): Promise<Actor | undefined> {
    return (await this.accounts.findByEmail(normalEmail(email)))?.actor;
  }

  /** The first admin, from configuration: made once, when there is none. */
  async ensureFirstAdmin(email: string, password: string): Promise<boolean> {
    if (await this.accounts.anyAdmin()) return false;
    await this.signUp({ email, password, name: 'Admin', role: 'admin' });
    return true;
  }
}
