import type { Account } from './account.js';
import type { Session } from './session.js';

/** Where accounts are kept, for those about to change one. Abstract classes are port and injection token at once. */
export abstract class AccountRepository {
  /** Locks the account until the unit of work ends. @throws AccountNotFound */
  abstract get(id: string): Promise<Account>;
  abstract findByEmail(normalEmail: string): Promise<Account | undefined>;
  abstract anyAdmin(): Promise<boolean>;
  /** @throws EmailTaken when someone else has the address, also when they took it this very moment. */
  abstract save(account: Account): Promise<void>;
}

export abstract class SessionRepository {
  /** The session that a refresh token belongs to, locked, whether the token is fresh, used or its session over. */
  abstract findByToken(tokenHash: string): Promise<Session | undefined>;
  abstract ofAccount(accountId: string): Promise<Session[]>;
  abstract save(session: Session): Promise<void>;
}

/** Slow on purpose, and off the event loop. */
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

/** Makes the tokens a client holds; the domain knows a refresh token only by its hash. */
export abstract class TokenIssuer {
  abstract newRefreshToken(): { token: string; hash: string };
  abstract hashRefreshToken(token: string): string;
  abstract signAccess(actor: { id: string; role: string }, sessionId: string): { token: string; expiresIn: number };
}
