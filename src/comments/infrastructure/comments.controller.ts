import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, Scope } from '#libs/http/access';
import { BodyLimit, COMMENT_BODY } from '#libs/http/body-limit';
import { Idempotent } from '#libs/http/idempotency';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { Commenting } from '../application/commenting.js';
import { CommentViews } from './comment-views.js';
import { CountsResponse, PostCommentBody, ReplyBody, ThreadResponse, ThreadPage, ThreadsQuery } from './comments.contract.js';

@ApiTags('comments')
@Controller('v1')
export class CommentsController {
  constructor(
    private readonly commenting: Commenting,
    private readonly views: CommentViews,
  ) {}

  /** Comment on a published chapter, a paragraph of it, or words in it. Listeners of `chapter:{id}` get it live. */
  @Post('chapters/:id/comments')
  @RateLimit('write', 'comment')
  @BodyLimit(COMMENT_BODY)
  @Scope('comments:write')
  @Idempotent()
  @Sends('Location')
  async postComment(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Body() { body, block, quote, revision }: PostCommentBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ThreadResponse> {
    const id = await this.commenting.post(actor, chapterId, body, block === undefined ? undefined : { block, quote, revision });
    void reply.header('location', `/v1/comments/${id}`);
    return this.views.posted(id, actor);
  }

  /** List the threads of a chapter, oldest first; `block` for those of one paragraph. */
  @Get('chapters/:id/comments')
  @RateLimit('read')
  @Public()
  async listThreads(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Query() query: ThreadsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ThreadPage> {
    const found = await this.views.threads(chapterId, actor, query);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Count the comments of each paragraph. */
  @Get('chapters/:id/comment-counts')
  @RateLimit('read')
  @Public()
  countComments(@Param('id', ParseUUIDPipe) chapterId: string): Promise<CountsResponse> {
    return this.views.counts(chapterId);
  }

  /** Read a comment. */
  @Get('comments/:id')
  @RateLimit('read')
  @Public()
  getComment(@CurrentActor() actor: Actor | undefined, @Param('id', ParseUUIDPipe) id: string): Promise<ThreadResponse> {
    return this.views.comment(id, actor);
  }

  /** List the replies to a comment, oldest first. */
  @Get('comments/:id/replies')
  @RateLimit('read')
  @Public()
  async listReplies(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Query() query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ThreadPage> {
    const found = await this.views.replies(id, actor, query);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Reply to a comment. */
  @Post('comments/:id/replies')
  @RateLimit('write', 'comment')
  @BodyLimit(COMMENT_BODY)
  @Scope('comments:write')
  @Idempotent()
  @Sends('Location')
  async postReply(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { body }: ReplyBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ThreadResponse> {
    const answer = await this.commenting.reply(actor, id, body);
    void reply.header('location', `/v1/comments/${answer}`);
    return this.views.posted(answer, actor);
  }

  /** Delete a comment, as its author or a moderator. Its replies stay. */
  @Delete('comments/:id')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('comments:write')
  withdrawComment(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.commenting.withdraw(actor, id);
  }
}
