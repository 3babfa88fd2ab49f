import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, Scope } from '#libs/http/access';
import { clientGone } from '#libs/http/client-gone';
import { BodyLimit, CHAPTER_BODY } from '#libs/http/body-limit';
import { sendCached } from '#libs/http/cached-answer';
import { etag, IfMatchVersion } from '#libs/http/etag';
import { FastPath } from '#libs/http/fast-path';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { EXAMPLE_IDS } from '#libs/http/path-parameters';
import { BadRequest } from '#libs/http/problems';
import { WholeNumberPipe } from '#libs/http/whole-number';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { contentDisposition, downloadName } from '#libs/storage/content-disposition';
import { Writing } from '../application/writing.js';
import { ChapterViews } from './chapter-views.js';
import {
  ChapterResponse,
  DraftResponse,
  MoveBody,
  PublishBody,
  PublishedResponse,
  RevisionResponse,
  RevisionPage,
  SaveDraftBody,
  SavedResponse,
} from './chapters.contract.js';
import { PublishedChapters } from './published-chapters.js';

const DRAFT_EXAMPLES = {
  markdown: {
    summary: 'The whole text in Markdown',
    value: {
      title: 'I. The Third Window',
      markdown: 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom, or for whom.',
    },
  },
  blocks: {
    summary: 'Blocks, with the ids they had when they were read',
    value: {
      blocks: [
        {
          id: EXAMPLE_IDS.block,
          kind: 'paragraph',
          text: 'The lamp in the third window had been lit since before the harbour froze.',
        },
      ],
    },
  },
};

@ApiTags('chapters')
@Controller('v1/chapters')
export class ChaptersController {
  constructor(
    private readonly writing: Writing,
    private readonly views: ChapterViews,
    private readonly published: PublishedChapters,
  ) {}

  /** Read a published chapter. Send the ETag as If-None-Match to get 304 when it has not changed. */
  @Get(':id')
  @RateLimit('read')
  @Public()
  @FastPath(PublishedChapters)
  @ApiOkResponse({ type: ChapterResponse })
  @ApiResponse({ status: 304, description: 'Not changed since the ETag in If-None-Match.' })
  @ApiHeader({ name: 'If-None-Match', description: 'The ETag you have.', schema: { type: 'string', example: '"2"' } })
  @Sends('ETag', 'Cache-Control')
  async getChapter(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendCached(request, reply, await this.published.get(id, actor));
  }

  /** Read the draft of a chapter, as its author. Send its ETag back as If-Match. */
  @Get(':id/draft')
  @RateLimit('read')
  @Scope('chapters:read')
  @Header('cache-control', 'private, no-cache')
  @Sends('ETag', 'Cache-Control')
  async getDraft(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DraftResponse> {
    const draft = await this.views.draft(id, actor);
    void reply.header('etag', etag(draft.version));
    return draft;
  }

  /** Save a draft as a new revision. Blocks that are the same paragraphs keep their ids; `changes` lists the others. */
  @Put(':id/draft')
  @RateLimit('write')
  @BodyLimit(CHAPTER_BODY)
  @Scope('chapters:write')
  @ApiBody({ type: SaveDraftBody, examples: DRAFT_EXAMPLES })
  @Sends('ETag')
  async saveDraft(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() { title, markdown, blocks }: SaveDraftBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SavedResponse> {
    if (blocks && markdown !== undefined)
      throw new BadRequest('text-given-twice', 'Give the text as "markdown" or as "blocks", not as both.');
    const text = blocks
      ? { blocks: blocks.map(({ id: claimedId, kind, text }) => ({ kind, text, claimedId })) }
      : markdown === undefined
        ? undefined
        : { markdown };
    const saved = await this.writing.save(actor, id, expected, { title, text }, clientGone(reply));
    void reply.header('etag', etag(saved.version));
    return { id, revision: saved.revision, version: saved.version, changes: [...saved.changes] };
  }

  /** Move the chapter within its work. */
  @Put(':id/position')
  @RateLimit('write')
  @Scope('chapters:write')
  @Sends('ETag')
  async moveChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() { after }: MoveBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DraftResponse> {
    await this.writing.move(actor, id, expected, after);
    return this.getDraft(actor, id, reply);
  }

  /** Publish one revision. Readers see it, and later edits only when those are published too. */
  @Post(':id/publication')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('chapters:write')
  @Sends('ETag')
  async publishChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() { revision }: PublishBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PublishedResponse> {
    const published = await this.writing.publish(actor, id, expected, revision);
    void reply.header('etag', etag(published.version));
    return { id, ...published };
  }

  /** Unpublish the chapter. Only its author sees it then; comments and revisions stay. */
  @Delete(':id/publication')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('chapters:write')
  async unpublishChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @IfMatchVersion() expected: number | undefined,
  ): Promise<void> {
    await this.writing.unpublish(actor, id, expected);
  }

  /** List the revisions, newest first. */
  @Get(':id/revisions')
  @RateLimit('read')
  @Scope('chapters:read')
  async listRevisions(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevisionPage> {
    const found = await this.views.revisions(id, actor, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Read one revision, with what happened to each block since the one before. */
  @Get(':id/revisions/:number')
  @RateLimit('read')
  @Scope('chapters:read')
  getRevision(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Param('number', WholeNumberPipe) number: number,
  ): Promise<RevisionResponse> {
    return this.views.revision(id, number, actor);
  }

  /** Read one revision as Markdown, byte for byte as it was saved (in canonical form). */
  @Get(':id/revisions/:number/markdown')
  @RateLimit('read')
  @Scope('chapters:read')
  @Header('content-type', 'text/markdown; charset=utf-8')
  @ApiProduces('text/markdown')
  @Sends('Content-Disposition')
  async getRevisionMarkdown(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Param('number', WholeNumberPipe) number: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { title, blocks } = await this.getRevision(actor, id, number);
    const filename = downloadName([await this.views.workTitle(id), title], 'md');
    void reply.header('content-disposition', contentDisposition('inline', filename));
    return this.views.markdown(blocks, clientGone(reply));
  }
}
