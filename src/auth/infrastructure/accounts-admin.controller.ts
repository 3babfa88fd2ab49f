import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Scope } from '#libs/http/access';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import type { Actor } from '#libs/kernel/actor';
import { ErasingAccounts } from '../application/erasing-accounts.js';
import { ManagingAccounts } from '../application/managing-accounts.js';
import { AccountViews } from './account-views.js';
import { AccountPage, AccountsQuery, AdminAccountResponse, EraseAccountBody, SuspensionBody } from './accounts-admin.contract.js';
import { SessionPage } from './sessions.contract.js';
import { SessionViews } from './session-views.js';

/** Accounts as admins manage them. What an account did: `GET /v1/admin/events?actor=<id>`. */
@ApiTags('admin')
@Controller('v1/admin/accounts')
export class AccountsAdminController {
  constructor(
    private readonly accounts: ManagingAccounts,
    private readonly views: AccountViews,
    private readonly sessions: SessionViews,
    private readonly erasing: ErasingAccounts,
  ) {}

  /** List and search accounts, newest first. */
  @Get()
  @RateLimit('read')
  @Scope('admin')
  async listAccounts(
    @Query() query: AccountsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccountPage> {
    const found = await this.views.search(query);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Read an account. */
  @Get(':id')
  @RateLimit('read')
  @Scope('admin')
  getAccount(@Param('id', ParseUUIDPipe) id: string): Promise<AdminAccountResponse> {
    return this.views.forAdmins(id);
  }

  /** List the sessions of an account, newest first, also those that have ended. */
  @Get(':id/sessions')
  @RateLimit('read')
  @Scope('admin')
  async listAccountSessions(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { limit, after }: PageQuery,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionPage> {
    await this.views.forAdmins(id); // 404 when there is no such account
    const found = await this.sessions.ofAccount(id, { all: true, current: actor.sessionId, limit, after });
    linkPages(request, reply, found.next);
    return found;
  }

  /**
   * Suspend an account. Its requests are refused and its sockets closed within a second, its sessions end, and nobody can sign
   * in to it until it is restored. Recorded as `AccountSuspended` with the reason.
   */
  @Put(':id/suspension')
  @RateLimit('write')
  @Scope('admin')
  async suspendAccount(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: SuspensionBody,
  ): Promise<AdminAccountResponse> {
    await this.accounts.suspend(actor, id, reason);
    return this.views.forAdmins(id);
  }

  /** Restore a suspended account: its owner can sign in again. Recorded as `AccountRestored`. */
  @Delete(':id/suspension')
  @RateLimit('write')
  @Scope('admin')
  async restoreAccount(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<AdminAccountResponse> {
    await this.accounts.restore(actor, id);
    return this.views.forAdmins(id);
  }

  /**
   * Erase an account: e-mail, name, password and sessions are removed, and its tokens refused within a second. Nobody can undo it.
   * Recorded as `AccountDeleted` with the reason. The last admin of the site stays.
   */
  @Delete(':id')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('admin')
  eraseAccount(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason, works, comments = 'keep' }: EraseAccountBody,
  ): Promise<void> {
    return this.erasing.eraseOther(actor, id, reason, { works: works ?? null, comments });
  }
}
