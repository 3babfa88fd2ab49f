import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';

export type SessionEnd = 'signed-out' | 'token-replayed' | 'ended-by-owner' | 'account-suspended';

/**
 * What is stored of a session. Its refresh tokens are not: a token is the session's id, a generation and a MAC over both, so
 * the number of the current generation says which tokens are valid.
 */
export interface SessionState {
  id: string;
  accountId: string;
  /** User-Agent of the sign-in, so that its owner can tell one session from another. */
  device: string;
  createdAt: Date;
  expiresAt: Date;
  /** Of the current refresh token; the first is 1. */
  generation: number;
  /** When the current refresh token replaced the previous one. */
  rotatedAt: Date;
  endedAt: Date | null;
  endedBecause: SessionEnd | null;
}

const DAYS = 30;
const ADMIN_HOURS = 8;
const LONGEST_DEVICE = 200;
/** For this long after its replacement the previous refresh token still gets the current one. */
export const REUSE_GRACE_MS = 30_000;

/**
 * One sign-in on one device. Two of its refresh tokens are accepted: the current one is replaced by the next; the previous
 * one, within 30 s, gets the current one again, because two tabs may refresh at once and an answer may be lost. Any older
 * token was copied by somebody, and nobody can tell who holds which, so it ends the session (RFC 9700 §4.14.2).
 */
export class Session {
  private constructor(private readonly state: SessionState) {}

  /** @param kind `admin` sessions are for the admin pages and shorter. */
  static start(accountId: string, device: string, now: Date, kind: 'api' | 'admin' = 'api'): Session {
    const lifetime = kind === 'admin' ? ADMIN_HOURS * 3_600_000 : DAYS * 86_400_000;
    return new Session({
      id: newId(now.getTime()),
      accountId,
      device: device.slice(0, LONGEST_DEVICE),
      createdAt: now,
      expiresAt: new Date(now.getTime() + lifetime),
      generation: 1,
      rotatedAt: now,
      endedAt: null,
      endedBecause: null,
    });
  }

  static restore(state: SessionState): Session {
    return new Session({ ...state });
  }

  /**
   * Somebody presents a genuine refresh token of this generation.
   * - `rotated`: it was the current one, and the next is current now.
   * - `repeated`: it was the previous one, a moment ago: the current one is the answer once more.
   * - `replayed`: an older one. The caller must end the session, commit that and then refuse.
   * - `over`: the session had ended before, or the generation lies ahead (the database was restored from a backup).
   */
  refresh(generation: number, now: Date): 'rotated' | 'repeated' | 'replayed' | 'over' {
    const { state } = this;
    if (!this.isOpen(now) || generation > state.generation) return 'over';
    if (generation === state.generation) {
      state.generation++;
      state.rotatedAt = now;
      return 'rotated';
    }
    const isPrevious = generation === state.generation - 1;
    return isPrevious && now.getTime() - state.rotatedAt.getTime() <= REUSE_GRACE_MS ? 'repeated' : 'replayed';
  }

  /** @returns nothing when it had ended before. */
  end(because: SessionEnd, now: Date): SessionEnded[] {
    if (this.state.endedAt) return [];
    this.state.endedAt = now;
    this.state.endedBecause = because;
    const { id, accountId } = this.state;
    return [{ type: 'SessionEnded', v: 1, subject: { kind: 'account', id: accountId }, data: { session: id, because } }];
  }

  isOpen(now: Date): boolean {
    return !this.state.endedAt && this.state.expiresAt > now;
  }

  /** What to record after `start`. */
  started(): SessionStarted {
    const { id, accountId } = this.state;
    return { type: 'SessionStarted', v: 1, subject: { kind: 'account', id: accountId }, data: { session: id } };
  }

  get id(): string {
    return this.state.id;
  }
  get accountId(): string {
    return this.state.accountId;
  }
  /** When the password was given. */
  get authenticatedAt(): Date {
    return this.state.createdAt;
  }
  get generation(): number {
    return this.state.generation;
  }

  snapshot(): Readonly<SessionState> {
    return { ...this.state };
  }
}

export type SessionStarted = {
  type: 'SessionStarted';
  v: 1;
  subject: { kind: 'account'; id: string };
  data: { session: string };
};
export type SessionEnded = {
  type: 'SessionEnded';
  v: 1;
  subject: { kind: 'account'; id: string };
  data: { session: string; because: SessionEnd };
};

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
    super('This refresh token is not valid, or its session has ended. Sign in again.');
  }
}
export class RefreshTokenReplayed extends DomainError {
  readonly code = 'refresh-token-replayed';
  readonly kind = 'unauthenticated';
  constructor() {
    super(
      'This refresh token was replaced before, so somebody may have copied it: its session has ended. Sign in again, and keep only the newest token.',
    );
  }
}
export class SessionNotFound extends DomainError {
  readonly code = 'session-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('You have no such session: see GET /v1/me/sessions.');
  }
}
