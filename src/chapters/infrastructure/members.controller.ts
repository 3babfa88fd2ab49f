import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import type { Actor } from '#libs/kernel/actor';
import { ManagingMembers } from '../application/managing-members.js';
import { MemberViews } from './member-views.js';
import {
  AnswerInvitationBody,
  InvitationCreatedResponse,
  InvitationsResponse,
  InviteBody,
  MemberRoleBody,
  MembershipResponse,
  MembersResponse,
  MyInvitationsResponse,
  OwnerBody,
} from './members.contract.js';

@ApiTags('works')
@Controller('v1')
export class MembersController {
  constructor(
    private readonly managing: ManagingMembers,
    private readonly views: MemberViews,
  ) {}

  /** Who works on a work: for its members. */
  @Get('works/:id/members')
  @RateLimit('read')
  @Scope('chapters:read')
  async listMembers(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) workId: string): Promise<MembersResponse> {
    return { items: await this.views.members(workId, actor) };
  }

  /** Give a member another role. */
  @Put('works/:id/members/:account')
  @RateLimit('write')
  @Scope('members:write')
  async changeMemberRole(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Param('account', ParseUUIDPipe) accountId: string,
    @Body() { role }: MemberRoleBody,
  ): Promise<MembersResponse> {
    await this.managing.changeRole(actor, workId, accountId, role);
    return { items: await this.views.members(workId, actor) };
  }

  /** Remove a member, or leave. The owner cannot leave: transfer the work first. */
  @Delete('works/:id/members/:account')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('members:write')
  removeMember(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Param('account', ParseUUIDPipe) accountId: string,
  ): Promise<void> {
    return this.managing.remove(actor, workId, accountId);
  }

  /** Make a member the owner. You become an editor. */
  @Put('works/:id/owner')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('members:write')
  transferWork(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Body() { accountId }: OwnerBody,
  ): Promise<void> {
    return this.managing.transfer(actor, workId, accountId);
  }

  /** Invite somebody to a role: by the e-mail of their account, or by the token in the answer, which you send them. */
  @Post('works/:id/invitations')
  @RateLimit('write')
  @Scope('members:write')
  async createInvitation(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Body() body: InviteBody,
  ): Promise<InvitationCreatedResponse> {
    const { invitation, token } = await this.managing.invite(actor, workId, body);
    const { id, role, createdAt, expiresAt } = invitation;
    return { id, workId, role, createdAt, expiresAt, token };
  }

  /** Open invitations of a work: for its owner. */
  @Get('works/:id/invitations')
  @RateLimit('read')
  @Scope('members:write')
  async listInvitations(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) workId: string): Promise<InvitationsResponse> {
    return { items: await this.views.ofWork(workId, actor) };
  }

  /** Open invitations of your account. */
  @Get('me/invitations')
  @RateLimit('read')
  @Scope('account:read')
  async listMyInvitations(@CurrentActor() actor: Actor): Promise<MyInvitationsResponse> {
    return { items: await this.views.toAccount(actor) };
  }

  /** Accept: you are a member of the work from now on. */
  @Post('invitations/:id/accept')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('members:write')
  acceptInvitation(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { token }: AnswerInvitationBody,
  ): Promise<MembershipResponse> {
    return this.managing.accept(actor, id, token);
  }

  /** Decline: the invitation ends. */
  @Post('invitations/:id/decline')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('members:write')
  declineInvitation(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { token }: AnswerInvitationBody,
  ): Promise<void> {
    return this.managing.decline(actor, id, token);
  }

  /** Revoke an invitation of your work. */
  @Delete('invitations/:id')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('members:write')
  revokeInvitation(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.managing.revoke(actor, id);
  }
}
