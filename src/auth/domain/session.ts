import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';

/** A refresh token as it is kept: only its sha256, so that a stolen database signs nobody in. */
export interface RefreshTokenState {
  hash: string;
  sessionId: string;
  createdAt: Date;
  usedAt: Date | null;
}

export interface SessionState {
  id: string;
  accountId: string;
  createdAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
  endedBecause: 'signed-out' | 'token-replayed' | 'role-changed' | null;
  tokens: RefreshTokenState[];
}

const DAYS = 30;

/**
 * One sign-in on one device: a family of refresh tokens, of which only the newest is good. Using a token issues the next.
 * A used token that comes back was copied by someone, and as nobody can tell who holds which, the whole family ends
 * (RFC 9700 §4.14.2).
 */
export class Session {
  private constructor(private readonly state: SessionState) {}

  static create(accountId: string, firstTokenHash: string, now: Date): Session {
    const id = newId(now.getTime());
    return new Session({
      id,
      accountId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + DAYS * 86_400_000),
      endedAt: null,
      endedBecause: null,
      tokens: [{ hash: firstTokenHash, sessionId: id, createdAt: now, usedAt: null }],
    });
  }

  static restore(state: SessionState): Session {
    return new Session({ ...state, tokens: state.tokens.map((token) => ({ ...token })) });
  }

  /**
   * @returns whether the session goes on. `replayed` has ended it already: the caller must save that **and** refuse, so it
   * is an answer and not an exception, which would roll the ending back.
   */
  renew(tokenHash: string, nextHash: string, now: Date): 'renewed' | 'replayed' | 'over' {
    if (this.state.endedAt || this.state.expiresAt <= now) return 'over';
    const token = this.state.tokens.find((one) => one.hash === tokenHash);
    if (!token) return 'over';
    if (token.usedAt) {
      this.end('token-replayed', now);
      return 'replayed';
    }
    token.usedAt = now;
    this.state.tokens.push({ hash: nextHash, sessionId: this.state.id, createdAt: now, usedAt: null });
    return 'renewed';
  }

  end(because: NonNullable<SessionState['endedBecause']>, now: Date): void {
    if (this.state.endedAt) return;
    this.state.endedAt = now;
    this.state.endedBecause = because;
  }

  get id(): string {
    return this.state.id;
  }
  get accountId(): string {
    return this.state.accountId;
  }

  snapshot(): Readonly<SessionState> {
    return { ...this.state, tokens: this.state.tokens.map((token) => ({ ...token })) };
  }
}

export class WrongEmailOrPassword extends DomainError {
  readonly code = 'wrong-email-or-password';
  readonly kind = 'unauthenticated';
  constructor() {
    super('E-mail or password is wrong. Check both, or sign up.');
  }
}
export class SessionOver extends DomainError {
  readonly code = 'session-over';
  readonly kind = 'unauthenticated';
  constructor() {
    super('This refresh token is no longer good. Sign in again.');
  }
}
export class RefreshTokenReplayed extends DomainError {
  readonly code = 'refresh-token-replayed';
  readonly kind = 'unauthenticated';
  constructor() {
    super('This refresh token was used before, so it may be in other hands: the session has ended everywhere. Sign in again.');
  }
}
