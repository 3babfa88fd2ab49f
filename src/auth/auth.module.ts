import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Schema } from '#libs/database/database.module';
import { TokenVerifier } from '#libs/kernel/token-verifier';
import { Accounts } from './application/accounts.js';
import { ErasingAccounts } from './application/erasing-accounts.js';
import { ErasureChecks } from './application/erasure-checks.js';
import { ManagingAccounts } from './application/managing-accounts.js';
import { SigningIn } from './application/signing-in.js';
import { AccountRepository, AccountTraces, PasswordHasher, SessionRepository, TokenIssuer } from './domain/ports.js';
import { AccessGuard } from './infrastructure/access.guard.js';
import { AccessTokens } from './infrastructure/access-tokens.js';
import { AccountViews } from './infrastructure/account-views.js';
import { AccountsAdminController } from './infrastructure/accounts-admin.controller.js';
import { AdminPages } from './infrastructure/admin-pages.js';
import { AdminSession, AdminController } from './infrastructure/admin.controller.js';
import { Argon2PasswordHasher } from './infrastructure/argon2-password-hasher.js';
import { AuthController, KeysController } from './infrastructure/auth.controller.js';
import { AccountRow, RevocationRow, SessionRow } from './infrastructure/auth.rows.js';
import { FirstAdmin } from './infrastructure/first-admin.js';
import { JwtTokens } from './infrastructure/jwt-tokens.js';
import { AuthBaseline1795996801000 } from './infrastructure/migrations/1795996801000-auth-baseline.js';
import { OwnAccountController } from './infrastructure/own-account.controller.js';
import { RevocationLog } from './infrastructure/revocation-log.js';
import { RevocationWatch } from './infrastructure/revocation-watch.js';
import { SessionViews } from './infrastructure/session-views.js';
import { SessionsController } from './infrastructure/sessions.controller.js';
import { SessionRetention } from './infrastructure/session-retention.js';
import { StoredTraces } from './infrastructure/stored-traces.js';
import { TypeormAccountRepository } from './infrastructure/typeorm-account.repository.js';
import { TypeormSessionRepository } from './infrastructure/typeorm-session.repository.js';

export const authSchema: Schema = {
  rows: [AccountRow, SessionRow, RevocationRow],
  migrations: [AuthBaseline1795996801000],
  retention: {
    'auth.account': 'Until the account is erased; then the row is removed.',
    'auth.session': '30 days after it ended or expired, or until its account is erased.',
    'auth.revocation': 'As long as an access token is good, and two minutes.',
  },
};

/** Accounts, and the public API of the module. */
@Module({
  providers: [
    ManagingAccounts,
    ErasureChecks,
    SigningIn,
    AccountViews,
    SessionViews,
    JwtTokens,
    RevocationLog,
    { provide: Accounts, useExisting: AccountViews },
    { provide: AccountRepository, useClass: TypeormAccountRepository },
    { provide: SessionRepository, useClass: TypeormSessionRepository },
    { provide: PasswordHasher, useClass: Argon2PasswordHasher },
    { provide: TokenIssuer, useExisting: JwtTokens },
  ],
  exports: [
    Accounts,
    AccountRepository,
    ErasureChecks,
    PasswordHasher,
    ManagingAccounts,
    SigningIn,
    AccountViews,
    SessionViews,
    JwtTokens,
    RevocationLog,
  ],
})
export class AuthModule {}

/** Only for the web process: routes, the guard of every route, and the first admin. */
@Global()
@Module({
  imports: [AuthModule],
  controllers: [
    AuthController,
    OwnAccountController,
    SessionsController,
    KeysController,
    AccountsAdminController,
    AdminController,
  ],
  providers: [
    FirstAdmin,
    ErasingAccounts,
    { provide: AccountTraces, useClass: StoredTraces },
    AdminSession,
    AdminPages,
    RevocationWatch,
    AccessTokens,
    { provide: TokenVerifier, useExisting: AccessTokens },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [TokenVerifier, AdminSession],
})
export class AuthWebModule {}

/** What only workers need: the chores. */
@Module({ providers: [SessionRetention] })
export class AuthWorkerModule {}
