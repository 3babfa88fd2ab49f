import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { type Account, AccountNotFound, type AccountState, normalEmail, OnlyAdminsEnter } from '../domain/account.js';
import { AccountRepository, type IssuedTokens, PasswordHasher, SessionRepository, TokenIssuer } from '../domain/ports.js';
import {
  RefreshTokenReplayed,
  Session,
  type SessionEnd,
  SessionNotFound,
  SessionOver,
  WrongEmailOrPassword,
} from '../domain/session.js';

/** The number of attempts of a refresh while other requests with the same token are faster. */
const LOOKS = 5;

/** Use cases of signing in, staying signed in and signing out. */
@Injectable()
export class SigningIn {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
    private readonly tokens: TokenIssuer,
  ) {}

  /** @param device the User-Agent, shown in the list of one's sessions. */
  async signIn(email: string, password: string, device: string): Promise<IssuedTokens & { account: Readonly<AccountState> }> {
    const [account, session] = await this.start(await this.authenticate(email, password), device, 'api');
    return { ...this.issue(account, session), account: account.snapshot() };
  }

  /** To the admin pages. @returns the session, which a cookie will name. */
  async signInAdmin(email: string, password: string, device: string): Promise<Session> {
    const [, session] = await this.start(await this.authenticate(email, password), device, 'admin');
    return session;
  }

  /** Takes no lock: the next generation is stored only if the one it saw is still current. */
  async refresh(refreshToken: string): Promise<IssuedTokens> {
    const presented = this.tokens.readRefreshToken(refreshToken);
    if (!presented) throw new SessionOver();
    const { sessionId, generation } = presented;
    const issued = await this.unitOfWork.run(async ({ now }) => {
      for (let look = 0; look < LOOKS; look++) {
        const session = await this.sessions.find(sessionId);
        const outcome = session?.refresh(generation, now) ?? 'over';
        if (!session || outcome === 'over') break;
        if (outcome === 'replayed') {
          await this.end(sessionId, 'token-replayed');
          return undefined; // refused after the commit, as the session must stay ended
        }
        if (outcome === 'rotated' && !(await this.sessions.rotate(session))) continue;
        return this.issue(await this.accounts.find(session.accountId), session);
      }
      throw new SessionOver();
    });
    if (!issued) throw new RefreshTokenReplayed();
    return issued;
  }

  /** An access token for an open session, without a refresh. @throws SessionOver */
  accessOf(sessionId: string): Promise<Omit<IssuedTokens, 'refreshToken'>> {
    return this.unitOfWork.run(async ({ now }) => {
      const session = await this.sessions.find(sessionId);
      if (!session?.isOpen(now)) throw new SessionOver();
      const { accessToken, expiresIn } = this.issue(await this.accounts.find(session.accountId), session);
      return { accessToken, expiresIn };
    });
  }

  /** Signing out twice, or with a token that is not ours, is not an error. Any genuine token of the session will do. */
  async signOut(refreshToken: string): Promise<void> {
    const presented = this.tokens.readRefreshToken(refreshToken);
    if (presented) await this.end(presented.sessionId, 'signed-out');
  }

  /** A session of one's own, for example on a device that was lost. @throws SessionNotFound also for one of somebody else. */
  async endOwn(by: Actor, sessionId: string): Promise<void> {
    const session = await this.sessions.find(sessionId);
    if (session?.accountId !== by.id) throw new SessionNotFound();
    await this.end(sessionId, 'ended-by-owner');
  }

  /** Does nothing to a session that has ended before or never was. */
  end(sessionId: string, because: SessionEnd): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const session = await this.sessions.get(sessionId);
      const ended = session?.end(because, now);
      if (!session || !ended?.length) return;
      await this.sessions.save(session);
      await record(...ended);
    });
  }

  /** Outside any transaction: it takes some 20 ms by design. */
  private async authenticate(email: string, password: string): Promise<string> {
    const account = await this.accounts.findByEmail(normalEmail(email));
    if (!(await this.passwords.matches(password, account?.snapshot().passwordHash)) || !account) throw new WrongEmailOrPassword();
    return account.actor.id;
  }

  /** The account is looked at once more under its lock: it may have been suspended or erased while the password was checked. */
  private start(id: string, device: string, kind: 'api' | 'admin'): Promise<[Account, Session]> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const account = await this.accounts.get(id).catch((error: unknown) => {
        throw error instanceof AccountNotFound ? new WrongEmailOrPassword() : error;
      });
      account.assertNotSuspended();
      if (kind === 'admin' && account.actor.role !== 'admin') throw new OnlyAdminsEnter();
      const session = Session.start(id, device, now, kind);
      await this.sessions.save(session);
      await record(session.started());
      return [account, session];
    });
  }

  private issue(account: Account | undefined, session: Session): IssuedTokens {
    if (!account) throw new SessionOver();
    const { token, expiresIn } = this.tokens.signAccess(account.snapshot(), session);
    return { accessToken: token, expiresIn, refreshToken: this.tokens.refreshToken(session.id, session.generation) };
  }
}
