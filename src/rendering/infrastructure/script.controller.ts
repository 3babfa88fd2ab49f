import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Scope } from '#libs/http/access';
import { BodyLimit, CHAPTER_BODY, PICTURE_BODY, SCRIPT_BODY } from '#libs/http/body-limit';
import { etag, IfMatchVersion } from '#libs/http/etag';
import { BadRequest } from '#libs/http/problems';
import { WholeNumberPipe } from '#libs/http/whole-number';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { ObjectStore } from '#libs/storage/object-store';
import { serveObject } from '#libs/storage/serve-object';
import { ServesObject } from '#libs/storage/serves-object';
import { Scripting } from '../application/scripting.js';
import {
  LexiconResponse,
  LexiconBody,
  PictureResponse,
  ScriptResponse,
  ScriptEntryBody,
  ScriptQuery,
} from './script.contract.js';
import { ScriptViews } from './script-views.js';

@ApiTags('films')
@Controller('v1')
export class ScriptController {
  constructor(
    private readonly scripting: Scripting,
    private readonly views: ScriptViews,
    private readonly objects: ObjectStore,
  ) {}

  /** What is otherwise in the film than in the prose, block by block. Its ETag goes back as If-Match. */
  @Get('chapters/:id/script')
  @RateLimit('read')
  @Scope('films:read')
  @Sends('ETag', 'Cache-Control')
  async getScript(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Query() { revision }: ScriptQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScriptResponse> {
    const script = await this.views.script(chapterId, actor, revision);
    void reply.headers({ etag: etag(script.version, script), 'cache-control': 'private, no-cache' });
    return script;
  }

  /** Set all that is otherwise with one block. The entry stays with the block through every revision. */
  @Put('chapters/:id/script/:block')
  @RateLimit('write')
  @Scope('films:write')
  @Sends('ETag', 'Cache-Control')
  async putScriptEntry(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Param('block', ParseUUIDPipe) block: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() entry: ScriptEntryBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScriptResponse> {
    await this.scripting.put(actor, chapterId, block.toLowerCase(), expected, entry);
    return this.getScript(actor, chapterId, {}, reply);
  }

  /** Set some fields of one block's entry and keep the others; null takes a field away. */
  @Patch('chapters/:id/script/:block')
  @RateLimit('write')
  @BodyLimit(SCRIPT_BODY)
  @Scope('films:write')
  @Sends('ETag', 'Cache-Control')
  async updateScriptEntry(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Param('block', ParseUUIDPipe) block: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() entry: ScriptEntryBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScriptResponse> {
    await this.scripting.change(actor, chapterId, block.toLowerCase(), expected, entry);
    return this.getScript(actor, chapterId, {}, reply);
  }

  /** Leave a block as the prose has it. Throws a detached entry away, too. */
  @Delete('chapters/:id/script/:block')
  @RateLimit('write')
  @Scope('films:write')
  @Sends('ETag', 'Cache-Control')
  async removeScriptEntry(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) chapterId: string,
    @Param('block', ParseUUIDPipe) block: string,
    @IfMatchVersion() expected: number | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScriptResponse> {
    await this.scripting.remove(actor, chapterId, block.toLowerCase(), expected);
    return this.getScript(actor, chapterId, {}, reply);
  }

  /** How the words of a work are pronounced. */
  @Get('works/:id/lexicon')
  @RateLimit('read')
  @Scope('films:read')
  @Sends('ETag', 'Cache-Control')
  async getLexicon(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LexiconResponse> {
    const lexicon = (await this.views.lexicon(workId, actor))!;
    void reply.headers({ etag: etag(lexicon.version), 'cache-control': 'private, no-cache' });
    return lexicon;
  }

  /** An older version, as the films that name it were spoken. */
  @Get('works/:id/lexicon/:version')
  @RateLimit('read')
  @Scope('films:read')
  async getLexiconVersion(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Param('version', WholeNumberPipe) version: number,
  ): Promise<LexiconResponse> {
    const lexicon = await this.views.lexicon(workId, actor, version);
    if (!lexicon) throw new BadRequest('no-such-version', 'The lexicon has no version of that number.', {}, 404);
    return lexicon;
  }

  /** Set the whole lexicon. Only scenes in which a changed entry occurs sound otherwise then, and only they are made anew. */
  @Put('works/:id/lexicon')
  @RateLimit('write')
  @BodyLimit(CHAPTER_BODY)
  @Scope('films:write')
  @Sends('ETag', 'Cache-Control')
  async setLexicon(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @IfMatchVersion() expected: number | undefined,
    @Body() { entries }: LexiconBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LexiconResponse> {
    await this.scripting.pronounce(actor, workId, expected, entries);
    return this.getLexicon(actor, workId, reply);
  }

  /** Upload a picture for blocks of the work: the picture itself as body. A script names it by the sha256 answered; it is encoded anew without metadata, and the same again is the same picture. */
  @Post('works/:id/pictures')
  @RateLimit('heavy')
  @BodyLimit(PICTURE_BODY)
  @Scope('films:write')
  @ApiConsumes('image/jpeg', 'image/png', 'image/webp')
  @ApiBody({ description: 'JPEG, PNG or WebP.', schema: { type: 'string', format: 'binary' } })
  @Sends('Location')
  async addPicture(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PictureResponse> {
    if (!Buffer.isBuffer(request.body))
      throw new BadRequest('unsupported-media-type', 'Send the picture as image/jpeg, image/png or image/webp.', {}, 415);
    const sha256 = await this.scripting.addPicture(actor, workId, request.body);
    void reply.header('location', `/v1/works/${workId}/pictures/${sha256}`);
    return { sha256 };
  }

  /** Delete a picture that no script shows. Its bytes count no longer against the storage quota; films that show it stay. */
  @Delete('works/:id/pictures/:sha256')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('films:write')
  deletePicture(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Param('sha256') sha256: string,
  ): Promise<void> {
    return this.scripting.removePicture(actor, workId, sha256);
  }

  /** A picture, as it was encoded anew. */
  @Get('works/:id/pictures/:sha256')
  @RateLimit('read')
  @Scope('films:read')
  @ServesObject('The picture.', ['image/jpeg', 'image/png', 'image/webp'])
  async getPicture(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) workId: string,
    @Param('sha256') sha256: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await serveObject(request, reply, this.objects, await this.views.picture(workId, sha256, actor));
  }
}
