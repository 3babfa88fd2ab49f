import { Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Scope } from '#libs/http/access';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import type { Actor } from '#libs/kernel/actor';
import { SigningIn } from '../application/signing-in.js';
import { SessionPage } from './sessions.contract.js';
import { SessionViews } from './session-views.js';

/** One's own sessions. Signing in, refreshing and signing out: auth.controller.ts. */
@ApiTags('auth')
@Controller('v1/me/sessions')
export class SessionsController {
  constructor(
    private readonly signingIn: SigningIn,
    private readonly views: SessionViews,
  ) {}

  /** List your open sessions, newest first. */
  @Get()
  @RateLimit('read')
  @Scope('account:read')
  async listSessions(
    @CurrentActor() actor: Actor,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionPage> {
    const found = await this.views.ofAccount(actor.id, { current: actor.sessionId, limit, after });
    linkPages(request, reply, found.next);
    return found;
  }

  /** End one of your sessions, for example on a lost device. Its tokens are refused and its sockets closed within a second. */
  @Delete(':id')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('account:write')
  async endOwnSession(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.signingIn.endOwn(actor, id);
  }
}
