import { Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Scope } from '#libs/http/access';
import { etag, IfMatchVersion } from '#libs/http/etag';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { Deleting } from '../application/deleting.js';
import { BinViews } from './bin-views.js';
import { BinPage } from './bin.contract.js';
import { ChapterViews } from './chapter-views.js';
import { DraftResponse, WorkResponse } from './chapters.contract.js';
import { WorkViews } from './work-views.js';

/** Deleting works and chapters, and what can be done with them for 30 days after it. */
@Controller('v1')
export class BinController {
  constructor(
    private readonly deleting: Deleting,
    private readonly bin: BinViews,
    private readonly works: WorkViews,
    private readonly chapters: ChapterViews,
  ) {}

  /** List the bin, the newest deletion first: works you own, and chapters of works you own or edit. Each is erased after `erasedAfter`. */
  @Get('bin')
  @ApiTags('works')
  @RateLimit('read')
  @Scope('chapters:read')
  async listBin(
    @CurrentActor() actor: Actor,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BinPage> {
    const found = await this.bin.bin(actor, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Delete a work, with its chapters. It is hidden from everybody at once, stays in your bin for 30 days and is erased then. Only its owner may. */
  @Delete('works/:id')
  @ApiTags('works')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('chapters:write')
  async deleteWork(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
  ): Promise<void> {
    await this.deleting.deleteWork(actor, id, expected);
  }

  /** Restore a work from the bin, as it was: what was published is published again. */
  @Post('works/:id/restore')
  @ApiTags('works')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('chapters:write')
  @Sends('ETag')
  async restoreWork(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    await this.deleting.restoreWork(actor, id);
    const work = await this.works.work(id, actor);
    void reply.header('etag', etag(work.version, work));
    return work;
  }

  /** Erase a work that is in the bin, for good. It leaves the bin at once, and a worker removes its texts, comments and films within seconds. */
  @Delete('bin/works/:id')
  @ApiTags('works')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('chapters:write')
  async eraseWork(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.deleting.expireWork(actor, id);
  }

  /** Delete a chapter. It is hidden from everybody at once, with its comments and films, stays in the bin for 30 days and is erased then. */
  @Delete('chapters/:id')
  @ApiTags('chapters')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('chapters:write')
  async deleteChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
  ): Promise<void> {
    await this.deleting.deleteChapter(actor, id, expected);
  }

  /** Restore a chapter from the bin to its place in the work, as it was: one that was published is published again. */
  @Post('chapters/:id/restore')
  @ApiTags('chapters')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('chapters:write')
  @Sends('ETag')
  async restoreChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DraftResponse> {
    await this.deleting.restoreChapter(actor, id);
    const draft = await this.chapters.draft(id, actor);
    void reply.header('etag', etag(draft.version));
    return draft;
  }

  /** Erase a chapter that is in the bin, for good. Only the owner of its work may. A worker removes its text, comments and films within seconds. */
  @Delete('bin/chapters/:id')
  @ApiTags('chapters')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('chapters:write')
  async eraseChapter(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.deleting.expireChapter(actor, id);
  }
}
