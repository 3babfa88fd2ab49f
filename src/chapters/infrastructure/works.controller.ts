import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, Scope } from '#libs/http/access';
import { clientGone } from '#libs/http/client-gone';
import { BodyLimit, CHAPTER_BODY, MANUSCRIPT_BODY, PICTURE_BODY, WORK_BODY } from '#libs/http/body-limit';
import { etag, IfMatchVersion } from '#libs/http/etag';
import { Idempotent } from '#libs/http/idempotency';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { BadRequest } from '#libs/http/problems';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { ObjectStore } from '#libs/storage/object-store';
import { serveObject } from '#libs/storage/serve-object';
import { ServesObject } from '#libs/storage/serves-object';
import { ManagingWorks } from '../application/managing-works.js';
import { Writing } from '../application/writing.js';
import { ChapterViews } from './chapter-views.js';
import {
  CreateChapterBody,
  CreateWorkBody,
  ChapterPage,
  UpdateWorkBody,
  DraftResponse,
  ImportResponse,
  WorkResponse,
  WorkPage,
  WorksQuery,
} from './chapters.contract.js';
import { WorkViews } from './work-views.js';

@ApiTags('works')
@Controller('v1/works')
export class WorksController {
  constructor(
    private readonly managing: ManagingWorks,
    private readonly writing: Writing,
    private readonly works: WorkViews,
    private readonly chapters: ChapterViews,
    private readonly objects: ObjectStore,
  ) {}

  /** Create a work. */
  @Post()
  @RateLimit('write')
  @BodyLimit(WORK_BODY)
  @Scope('chapters:write')
  @Idempotent()
  @Sends('ETag', 'Location')
  async createWork(
    @CurrentActor() actor: Actor,
    @Body() body: CreateWorkBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    const id = await this.managing.create(actor, body);
    const work = await this.works.work(id, actor);
    void reply.headers({ location: `/v1/works/${id}`, etag: etag(work.version, work) });
    return work;
  }

  /** List works, newest first. */
  @Get()
  @RateLimit('read')
  @Public()
  async listWorks(
    @CurrentActor() actor: Actor | undefined,
    @Query() { mine = false, limit, after }: WorksQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkPage> {
    if (mine && !actor)
      throw new BadRequest('not-signed-in', 'Only somebody who is signed in has works of their own: sign in.', {}, 401);
    const found = await this.works.works(actor, mine, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Read a work. */
  @Get(':id')
  @RateLimit('read')
  @Public()
  @Sends('ETag')
  async getWork(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    const work = await this.works.work(id, actor);
    void reply.header('etag', etag(work.version, work));
    return work;
  }

  /** Change title, summary or language. */
  @Patch(':id')
  @RateLimit('write')
  @BodyLimit(WORK_BODY)
  @Scope('chapters:write')
  @Sends('ETag')
  async updateWork(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() body: UpdateWorkBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    await this.managing.update(actor, id, expected, body);
    return this.getWork(actor, id, reply);
  }

  /** The cover. */
  @Get(':id/cover')
  @RateLimit('read')
  @Public()
  @ServesObject('The picture.', ['image/jpeg', 'image/png', 'image/webp'])
  async getCover(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await serveObject(request, reply, this.objects, await this.works.cover(id, actor));
  }

  /** Set the cover, with the picture as body. Films show it behind the text. */
  @Put(':id/cover')
  @RateLimit('heavy')
  @BodyLimit(PICTURE_BODY)
  @Scope('chapters:write')
  @ApiConsumes('image/jpeg', 'image/png', 'image/webp')
  @ApiBody({ description: 'JPEG, PNG or WebP.', schema: { type: 'string', format: 'binary' } })
  @Sends('ETag')
  async setCover(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    if (!Buffer.isBuffer(request.body))
      throw new BadRequest('unsupported-media-type', 'Send the picture as image/jpeg, image/png or image/webp.', {}, 415);
    await this.managing.changeCover(actor, id, expected, request.body);
    return this.getWork(actor, id, reply);
  }

  /** Delete the cover. Its bytes count no longer against the storage quota. */
  @Delete(':id/cover')
  @RateLimit('write')
  @Scope('chapters:write')
  @Sends('ETag')
  async deleteCover(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WorkResponse> {
    await this.managing.removeCover(actor, id, expected);
    return this.getWork(actor, id, reply);
  }

  /** List the chapters of a work in reading order; for its author with drafts. */
  @Get(':id/chapters')
  @RateLimit('read')
  @Public()
  async listChapters(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChapterPage> {
    await this.works.work(id, actor);
    const found = await this.chapters.ofWork(id, actor, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Create a chapter at the end of the work, as a draft. */
  @Post(':id/chapters')
  @RateLimit('write')
  @BodyLimit(CHAPTER_BODY)
  @Scope('chapters:write')
  @Idempotent()
  @Sends('ETag', 'Location')
  async createChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Body() { title, markdown = '' }: CreateChapterBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DraftResponse> {
    const id = await this.writing.create(actor, workId, title, { markdown }, clientGone(reply));
    const draft = await this.chapters.draft(id, actor);
    void reply.headers({ location: `/v1/chapters/${id}`, etag: etag(draft.version) });
    return draft;
  }

  /** Import a manuscript, with a Markdown or plain text file as body. Its headings divide it into chapters, which are drafts. */
  @Post(':id/imports')
  @RateLimit('heavy')
  @BodyLimit(MANUSCRIPT_BODY)
  @Scope('chapters:write')
  @HttpCode(201)
  @Idempotent()
  @ApiConsumes('text/markdown', 'text/plain')
  @ApiBody({ description: 'The file, UTF-8.', schema: { type: 'string', example: '# Chapter 1\n\nThe lamp had been lit.\n' } })
  async importManuscript(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Headers('content-type') type: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportResponse> {
    if (typeof request.body !== 'string')
      throw new BadRequest('unsupported-media-type', 'Send the file as text/markdown or text/plain.', {}, 415);
    const { language } = await this.works.work(workId, actor);
    const format = type?.startsWith('text/markdown') ? 'markdown' : 'text';
    const { chapters, ...about } = await this.writing.import(
      actor,
      workId,
      { text: request.body, format, language },
      clientGone(reply),
    );
    return { ...about, chapters: [...chapters] };
  }
}
