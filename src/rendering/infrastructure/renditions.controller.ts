import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, Scope } from '#libs/http/access';
import { BodyLimit, CHAPTER_BODY } from '#libs/http/body-limit';
import { etag, IfMatchVersion } from '#libs/http/etag';
import { Idempotent } from '#libs/http/idempotency';
import { PageQuery } from '#libs/http/page.contract';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { ObjectStore } from '#libs/storage/object-store';
import { serveObject } from '#libs/storage/serve-object';
import { ServesObject } from '#libs/storage/serves-object';
import { Foreseeing } from '../application/foreseeing.js';
import { Requesting } from '../application/requesting.js';
import { InstalledVoices } from './installed-voices.js';
import { objectKey } from './object-key.js';
import { FilmFiles } from './film-files.js';
import { RenditionViews } from './rendition-views.js';
import {
  AttemptsResponse,
  CuesResponse,
  DryRunResponse,
  DryRunBody,
  LinkResponse,
  RenditionResponse,
  RenditionPage,
  RequestRenditionBody,
  ScenesResponse,
  SettingsResponse,
  SettingsBody,
  VoicesResponse,
} from './renditions.contract.js';

@ApiTags('films')
@Controller('v1')
export class RenditionsController {
  constructor(
    private readonly requesting: Requesting,
    private readonly foreseeing: Foreseeing,
    private readonly views: RenditionViews,
    private readonly files: FilmFiles,
    private readonly objects: ObjectStore,
    private readonly voices: InstalledVoices,
  ) {}

  /** Voices that can speak here. A speech server takes any as `api:<name>`. */
  @Get('voices')
  @RateLimit('read')
  @Public()
  listVoices(): VoicesResponse {
    return {
      items: this.voices
        .list()
        .map(({ id, languages, draft, isDefaultFor }) => ({ id, languages: [...languages], draft, isDefaultFor })),
    };
  }

  /** Ask for a film of the published chapter. 201 for a new one, 200 when there is one of the same wish already. Listen to `rendition:{id}`. */
  @Post('chapters/:id/renditions')
  @RateLimit('heavy')
  @Scope('films:write')
  @Idempotent()
  @Sends('Location')
  @ApiResponse({ status: 201, type: RenditionResponse })
  @ApiResponse({ status: 200, description: 'The film of such a request that there is already.', type: RenditionResponse })
  async requestRendition(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Body() body: RequestRenditionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RenditionResponse> {
    const { id, isNew } = await this.requesting.request(actor, chapterId, body);
    void reply.status(isNew ? 201 : 200).header('location', `/v1/renditions/${id}`);
    return this.views.rendition(id, actor);
  }

  /** What such a request would make, and why: nothing is made and nothing changed. Tells which scenes a change would cost before it is done. */
  @Post('chapters/:id/renditions/dry-run')
  @RateLimit('heavy')
  @BodyLimit(CHAPTER_BODY)
  @HttpCode(200)
  @Scope('films:write')
  async dryRunRendition(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Body() body: DryRunBody,
  ): Promise<DryRunResponse> {
    return this.views.foreseen(await this.foreseeing.foresee(actor, chapterId, body));
  }

  /** Films of a chapter, newest first. Its author sees those under way, too. */
  @Get('chapters/:id/renditions')
  @RateLimit('read')
  @Public()
  async listRenditions(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RenditionPage> {
    const found = await this.views.ofChapter(chapterId, actor, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** Films of all chapters of a work, newest first. Its author sees those under way, too. */
  @Get('works/:id/renditions')
  @RateLimit('read')
  @Public()
  async listWorkRenditions(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) workId: string,
    @Query() { limit, after }: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RenditionPage> {
    const found = await this.views.ofWork(workId, actor, limit, after);
    linkPages(request, reply, found.next);
    return found;
  }

  /** One film: its state, and its progress in encoded frames. */
  @Get('renditions/:id')
  @RateLimit('read')
  @Public()
  getRendition(@CurrentActor() actor: Actor | undefined, @Param('id', ParseUUIDPipe) id: string): Promise<RenditionResponse> {
    return this.views.rendition(id, actor);
  }

  /** Stop making it. What is drawn already stays for the next film. */
  @Delete('renditions/:id')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('films:write')
  cancelRendition(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.requesting.cancel(actor, id);
  }

  /** Every scene: reused, or made anew and why. */
  @Get('renditions/:id/scenes')
  @RateLimit('read')
  @Scope('films:read')
  listScenes(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<ScenesResponse> {
    return this.views.scenes(id, actor);
  }

  /** For admins: each try to make its sounds and pictures, by which worker, how far it came and how it ended. */
  @Get('renditions/:id/attempts')
  @RateLimit('read')
  @Scope('admin')
  listAttempts(@Param('id', ParseUUIDPipe) id: string): Promise<AttemptsResponse> {
    return this.views.attempts(id);
  }

  /** The film: 1080×1920, 30 frames a second, H.264 and AAC. Takes Range. */
  @Get('renditions/:id/film.mp4')
  @RateLimit('read')
  @Public()
  @ServesObject('The film.', ['video/mp4'])
  getFilm(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.serve(actor, id, 'sha256', 'mp4', request, reply, 'video/mp4');
  }

  /** A link to the film that needs no account and takes Range, for players. It ends by itself, and at once when the chapter is taken back (on S3 within a minute). */
  @Get('renditions/:id/link')
  @RateLimit('read')
  @Public()
  @Sends('Cache-Control')
  createFilmLink(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LinkResponse> {
    void reply.header('cache-control', 'no-store');
    return this.files.link(id, actor);
  }

  /** A still of the film. */
  @Get('renditions/:id/poster.jpg')
  @RateLimit('read')
  @Public()
  @ServesObject('The still.', ['image/jpeg'])
  getPoster(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.serve(actor, id, 'poster', 'jpg', request, reply, 'image/jpeg');
  }

  /** Captions as WebVTT. */
  @Get('renditions/:id/captions.vtt')
  @RateLimit('read')
  @Public()
  @ServesObject('The captions.', ['text/vtt'])
  getWebvttCaptions(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.serve(actor, id, 'webvtt', 'vtt', request, reply, 'text/vtt; charset=utf-8');
  }

  /** Captions as SubRip. */
  @Get('renditions/:id/captions.srt')
  @RateLimit('read')
  @Public()
  @ServesObject('The captions.', ['application/x-subrip'])
  getSrtCaptions(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.serve(actor, id, 'srt', 'srt', request, reply, 'application/x-subrip; charset=utf-8');
  }

  /** Which words of which block are spoken when: cues and blocks with their times, as JSON. */
  @Get('renditions/:id/cues.json')
  @RateLimit('read')
  @Public()
  @ServesObject('Cues and blocks with their times.', ['application/json'], CuesResponse)
  getCues(
    @CurrentActor() actor: Actor | undefined,
    @Param('id', ParseUUIDPipe) id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.serve(actor, id, 'cues', 'json', request, reply, 'application/json; charset=utf-8');
  }

  /** How a work is filmed. */
  @Get('works/:id/rendering')
  @RateLimit('read')
  @Scope('films:read')
  @Sends('ETag')
  async getRenderSettings(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingsResponse> {
    const settings = await this.files.settings(workId, actor);
    void reply.header('etag', etag(settings.version));
    return settings;
  }

  /** Set how a work is filmed: by which voice and theme, and whether each chapter when it is published. */
  @Put('works/:id/rendering')
  @RateLimit('write')
  @Scope('films:write')
  @Sends('ETag')
  async setRenderSettings(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() body: SettingsBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingsResponse> {
    const settings = await this.requesting.set(actor, workId, expected, body);
    void reply.header('etag', etag(settings.version));
    return settings;
  }

  private async serve(
    actor: Actor | undefined,
    id: string,
    file: 'sha256' | 'poster' | 'webvtt' | 'srt' | 'cues',
    extension: string,
    request: FastifyRequest,
    reply: FastifyReply,
    contentType: string,
  ): Promise<void> {
    const { film, filename } = await this.files.film(id, actor);
    // the address is the rendition's, but a chapter may be taken back: ask each time
    await serveObject(request, reply, this.objects, objectKey(film[file]), {
      contentType,
      filename: filename(extension),
      cacheControl: 'private, no-cache',
    });
  }
}
