import type { Account, AccountState } from './account.js';
import type { Session, SessionEnd } from './session.js';

/** Accounts, for use cases that change one. Abstract classes are both port and injection token. */
export abstract class AccountRepository {
  /** Locks the account until the unit of work ends. @throws AccountNotFound */
  abstract get(id: string): Promise<Account>;
  /** Without a lock, for reading. */
  abstract find(id: string): Promise<Account | undefined>;
  abstract findByEmail(normalEmail: string): Promise<Account | undefined>;
  abstract anyAdmin(): Promise<boolean>;
  /**
   * Ids of the admins that are not suspended. Locks them until the unit of work ends: whoever takes an admin away asks first, so
   * that two who take away each other do it one after the other.
   */
  abstract lockAdmins(): Promise<string[]>;
  /**
   * An epoch that has risen revokes the account's access tokens and closes its sockets on every web process.
   * @throws EmailTaken when someone else has the address, also when they took it this very moment.
   */
  abstract save(account: Account): Promise<void>;
  /** Removes an account and revokes its access tokens, as a risen epoch does. */
  abstract remove(account: Account): Promise<void>;
}

/** What is kept of an account beside its row: sessions, and stored answers to its requests. */
export abstract class AccountTraces {
  /** In a unit of work. */
  abstract remove(accountId: string): Promise<void>;
}

export abstract class SessionRepository {
  /** Without a lock: for `rotate`, which compares. */
  abstract find(id: string): Promise<Session | undefined>;
  /** Locks the session until the unit of work ends. */
  abstract get(id: string): Promise<Session | undefined>;
  /**
   * Stores a session whose refresh token was just replaced, in one conditional UPDATE.
   * @returns false when another request replaced it first, or ended the session: look again.
   */
  abstract rotate(session: Session): Promise<boolean>;
  /** Stores a new session, or that one has ended: then its access tokens and sockets are revoked on every web process. */
  abstract save(session: Session): Promise<void>;
  /** Ends every open session of an account. Its access tokens are revoked by its epoch. */
  abstract endAll(accountId: string, because: SessionEnd, now: Date): Promise<void>;
}

/** Hashes passwords: slow by design, outside the event loop. */
export abstract class PasswordHasher {
  abstract hash(password: string): Promise<string>;
  /** @param hash undefined when there is no such account: takes as long, answers false. */
  abstract matches(password: string, hash: string | undefined): Promise<boolean>;
}

export interface IssuedTokens {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  refreshToken: string;
}

/** Issues the tokens of a client. */
export abstract class TokenIssuer {
  /** The same text each time for the same session and generation: nothing about it is stored. */
  abstract refreshToken(sessionId: string, generation: number): string;
  /** @returns undefined for a token that we never made. */
  abstract readRefreshToken(token: string): { sessionId: string; generation: number } | undefined;
  abstract signAccess(
    account: Pick<AccountState, 'id' | 'role' | 'epoch'>,
    session: { id: string; authenticatedAt: Date },
  ): { token: string; expiresIn: number };
}
