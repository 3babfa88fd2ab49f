import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/kernel/clock';
import { Live } from '#libs/kernel/live';
import { Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { type AccountState, normalEmail } from '../domain/account.js';
import { AccountRepository, type IssuedTokens, PasswordHasher, SessionRepository, TokenIssuer } from '../domain/ports.js';
import { RefreshTokenReplayed, Session, SessionOver, WrongEmailOrPassword } from '../domain/session.js';

/** What someone with an account does to get in, stay in and leave. */
@Injectable()
export class SigningIn {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
    private readonly tokens: TokenIssuer,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly live: Live,
  ) {}

  async signIn(email: string, password: string): Promise<IssuedTokens & { account: Readonly<AccountState> }> {
    const account = await this.accounts.findByEmail(normalEmail(email));
    // before the transaction: it takes some 20 ms by design
    if (!(await this.passwords.matches(password, account?.snapshot().passwordHash)) || !account) throw new WrongEmailOrPassword();
    const refresh = this.tokens.newRefreshToken();
    const session = Session.create(account.actor.id, refresh.hash, this.clock.now());
    await this.unitOfWork.run(() => this.sessions.save(session));
    const access = this.tokens.signAccess(account.actor, session.id);
    return { accessToken: access.token, expiresIn: access.expiresIn, refreshToken: refresh.token, account: account.snapshot() };
  }

  async refresh(refreshToken: string): Promise<IssuedTokens> {
    const next = this.tokens.newRefreshToken();
    const outcome = await this.unitOfWork.run(async () => {
      const session = await this.sessions.findByToken(this.tokens.hashRefreshToken(refreshToken));
      if (!session) throw new SessionOver();
      const result = session.renew(this.tokens.hashRefreshToken(refreshToken), next.hash, this.clock.now());
      if (result === 'over') throw new SessionOver();
      await this.sessions.save(session);
      if (result === 'replayed') {
        await this.outbox.record({
          type: 'RefreshTokenReplayed',
          v: 1,
          subject: { kind: 'account', id: session.accountId },
          data: { session: session.id },
        });
        this.unitOfWork.afterCommit(() => this.live.revoke(session.accountId));
        return undefined; // thrown after the commit: the family must stay dead
      }
      return { session, account: await this.accounts.get(session.accountId) };
    });
    if (!outcome) throw new RefreshTokenReplayed();
    const access = this.tokens.signAccess(outcome.account.actor, outcome.session.id);
    return { accessToken: access.token, expiresIn: access.expiresIn, refreshToken: next.token };
  }

  /** Signing out twice, or with a token nobody knows, is as good as once. */
  signOut(refreshToken: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const session = await this.sessions.findByToken(this.tokens.hashRefreshToken(refreshToken));
      if (!session) return;
      session.end('signed-out', this.clock.now());
      await this.sessions.save(session);
    });
  }
}
