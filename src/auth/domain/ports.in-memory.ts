import type { InMemoryTable, InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { Account, AccountNotFound, type AccountState, EmailTaken } from './account.js';
import { AccountRepository, AccountTraces, PasswordHasher, SessionRepository, TokenIssuer } from './ports.js';
import { Session, type SessionEnd, type SessionState } from './session.js';

export class InMemoryAccountRepository extends AccountRepository {
  readonly rows: InMemoryTable<AccountState>;
  /** The unique index: e-mail → account. */
  private readonly emails: InMemoryTable<{ id: string }>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
    this.emails = unitOfWork.table();
  }

  async get(id: string): Promise<Account> {
    await this.rows.lock(id);
    const account = await this.find(id);
    if (!account) throw new AccountNotFound();
    return account;
  }

  async find(id: string): Promise<Account | undefined> {
    const row = this.rows.get(id);
    return row && Account.restore(row);
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const entry = this.emails.get(email);
    return entry && this.find(entry.id);
  }

  async anyAdmin(): Promise<boolean> {
    return this.rows.all().some(({ role }) => role === 'admin');
  }

  async lockAdmins(): Promise<string[]> {
    const ids = this.rows
      .all()
      .filter(isAdmin)
      .map(({ id }) => id);
    for (const id of ids.sort()) await this.rows.lock(id);
    return ids.filter((id) => isAdmin(this.rows.get(id)));
  }

  async remove(account: Account): Promise<void> {
    const { id, email } = account.snapshot();
    await this.emails.delete(email);
    await this.rows.delete(id);
  }

  async save(account: Account): Promise<void> {
    const state = account.snapshot();
    await this.emails.lock(state.email);
    if ((this.emails.get(state.email)?.id ?? state.id) !== state.id) throw new EmailTaken();
    await this.emails.put(state.email, { id: state.id });
    await this.rows.put(state.id, state);
  }
}

const isAdmin = (row: AccountState | undefined): boolean => row?.role === 'admin' && !row.suspendedAt;

export class InMemoryAccountTraces extends AccountTraces {
  readonly removed: string[] = [];

  remove(accountId: string): Promise<void> {
    this.removed.push(accountId);
    return Promise.resolve();
  }
}

export class InMemorySessionRepository extends SessionRepository {
  readonly rows: InMemoryTable<SessionState>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
  }

  async find(id: string): Promise<Session | undefined> {
    const row = this.rows.get(id);
    return row && Session.restore(row);
  }

  async get(id: string): Promise<Session | undefined> {
    await this.rows.lock(id);
    const row = this.rows.get(id);
    return row && Session.restore(row);
  }

  async rotate(session: Session): Promise<boolean> {
    const { id, generation, rotatedAt } = session.snapshot();
    await this.rows.lock(id);
    const row = this.rows.get(id);
    if (!row || row.endedAt || row.generation !== generation - 1) return false;
    await this.rows.put(id, { ...row, generation, rotatedAt });
    return true;
  }

  save(session: Session): Promise<void> {
    return this.rows.put(session.id, session.snapshot());
  }

  async endAll(accountId: string, because: SessionEnd, now: Date): Promise<void> {
    for (const { id } of this.rows.all().filter((row) => row.accountId === accountId)) {
      await this.rows.lock(id);
      const row = this.rows.get(id)!;
      if (!row.endedAt) await this.rows.put(id, { ...row, endedAt: now, endedBecause: because });
    }
  }
}

/** Fast, and of no use to keep a password secret. */
export class PlainPasswordHasher extends PasswordHasher {
  async hash(password: string): Promise<string> {
    return `hash of ${password}`;
  }
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    return hash === `hash of ${password}`;
  }
}

/** Anybody can forge its tokens. */
export class PlainTokenIssuer extends TokenIssuer {
  refreshToken(sessionId: string, generation: number): string {
    return `${sessionId} ${generation}`;
  }
  readRefreshToken(token: string): { sessionId: string; generation: number } | undefined {
    const [sessionId, generation] = token.split(' ');
    return Number(generation) >= 1 ? { sessionId, generation: Number(generation) } : undefined;
  }
  signAccess(account: { id: string }): { token: string; expiresIn: number } {
    return { token: `access of ${account.id}`, expiresIn: 600 };
  }
}
