import { Body, Controller, Delete, HttpCode, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { RateLimiter } from '#libs/http/rate-limiter';
import type { Actor } from '#libs/kernel/actor';
import { ErasingAccounts } from '../application/erasing-accounts.js';
import { AccountViews } from './account-views.js';
import { EraseOwnAccountBody } from './auth.contract.js';

@ApiTags('auth')
@Controller('v1/me')
export class OwnAccountController {
  constructor(
    private readonly erasing: ErasingAccounts,
    private readonly views: AccountViews,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Erase your account. E-mail, name, password and sessions are removed at once, and nobody can undo it; all tokens are refused and
   * sockets closed within a second, and the e-mail can be used to sign up again. You leave the works that you are a member of.
   */
  @Delete()
  @RateLimit('auth', 'sign-in-address')
  @HttpCode(204)
  @Scope('account:write')
  async eraseCurrentAccount(
    @CurrentActor() actor: Actor,
    @Body() { password, works, comments = 'keep' }: EraseOwnAccountBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    // who has a token must not try out passwords here more often than at the sign-in
    await this.limiter.admitSignIn(request, reply, (await this.views.account(actor.id)).email);
    await this.erasing.eraseOwn(actor, password, { works: works ?? null, comments });
    this.limiter.giveBack(request);
  }
}
