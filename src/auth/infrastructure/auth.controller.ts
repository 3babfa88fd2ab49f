import { Body, Controller, Get, Header, HttpCode, Param, ParseUUIDPipe, Post, Put, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#libs/config/config';
import { CurrentActor, Public, Scope } from '#libs/http/access';
import { Idempotent } from '#libs/http/idempotency';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import { RateLimiter } from '#libs/http/rate-limiter';
import type { Actor } from '#libs/kernel/actor';
import { ManagingAccounts } from '../application/managing-accounts.js';
import { SigningIn } from '../application/signing-in.js';
import { type AccountState, normalEmail } from '../domain/account.js';
import { AccountViews } from './account-views.js';
import {
  AccountResponse,
  RefreshBody,
  RoleBody,
  SessionResponse,
  SignInBody,
  SignUpBody,
  TokensResponse,
} from './auth.contract.js';
import { JwtTokens } from './jwt-tokens.js';

const presentAccount = ({ id, email, name, role, createdAt }: Readonly<AccountState>): AccountResponse => ({
  id,
  email,
  name,
  role,
  createdAt,
});

@ApiTags('auth')
@Controller('v1')
export class AuthController {
  constructor(
    private readonly signingIn: SigningIn,
    private readonly accounts: ManagingAccounts,
    private readonly views: AccountViews,
    private readonly config: Config,
    private readonly limiter: RateLimiter,
  ) {}

  /** Sign up. */
  @Post('accounts')
  @RateLimit('auth', 'sign-up', 'sign-up-process')
  @Public()
  @Idempotent()
  async createAccount(@Body() { role = 'reader', ...details }: SignUpBody): Promise<AccountResponse> {
    return presentAccount(await this.accounts.signUp({ ...details, role }, this.config.authorSignUp));
  }

  /** Sign in: creates a session and returns its tokens. */
  @Post('sessions')
  @RateLimit('auth', 'sign-in-address')
  @Public()
  @Header('cache-control', 'no-store')
  @Sends('Cache-Control')
  async createSession(
    @Body() { email, password }: SignInBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    await this.limiter.admitSignIn(request, reply, normalEmail(email));
    const { account, ...tokens } = await this.signingIn.signIn(email, password, request.headers['user-agent'] ?? '');
    this.limiter.giveBack(request);
    return { tokenType: 'Bearer', ...tokens, account: presentAccount(account) };
  }

  /**
   * Refresh: swap a refresh token for new tokens. For 30 seconds the same token gets the same next one again, so two tabs may
   * refresh at once and an answer may be lost; any older token ends the session.
   */
  @Post('sessions/refresh')
  @RateLimit('auth')
  @HttpCode(200)
  @Public()
  @Header('cache-control', 'no-store')
  @Sends('Cache-Control')
  async refreshSession(@Body() { refreshToken }: RefreshBody): Promise<TokensResponse> {
    return { tokenType: 'Bearer', ...(await this.signingIn.refresh(refreshToken)) };
  }

  /** Sign out: ends the session. Its refresh and access tokens are refused and its sockets closed, everywhere within a second. */
  @Post('sessions/sign-out')
  @RateLimit('auth')
  @HttpCode(204)
  @Public()
  endSession(@Body() { refreshToken }: RefreshBody): Promise<void> {
    return this.signingIn.signOut(refreshToken);
  }

  /** Read the account that is signed in. */
  @Get('me')
  @RateLimit('read')
  @Scope('account:read')
  getCurrentAccount(@CurrentActor() actor: Actor): Promise<AccountResponse> {
    return this.views.account(actor.id);
  }

  /** Give an account another role. Its access tokens are refused within a second; a refresh brings one with the new role. */
  @Put('accounts/:id/role')
  @RateLimit('write')
  @Scope('admin')
  async changeAccountRole(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { role }: RoleBody,
  ): Promise<AccountResponse> {
    return presentAccount(await this.accounts.changeRole(actor, id, role));
  }
}

@Controller('.well-known')
export class KeysController {
  constructor(private readonly tokens: JwtTokens) {}

  /** The public keys that access tokens are signed with (RFC 7517). */
  @Get('jwks.json')
  @RateLimit('read')
  @Public()
  @ApiExcludeEndpoint()
  @Header('cache-control', 'public, max-age=300')
  keys(): object {
    return { keys: [{ ...this.tokens.publicKey.export({ format: 'jwk' }), kid: this.tokens.keyId, use: 'sig', alg: 'ES256' }] };
  }
}
