import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { LinkGuards } from './link-guards.js';
import { ObjectNotFound, ObjectStore } from './object-store.js';
import { serveObject } from './serve-object.js';
import { OBJECTS_ROUTE, SignedUrls } from './signed-urls.js';

/** Serves the objects of signed links. The signature is the permission, so no account is needed. */
@ApiExcludeController()
@Controller(OBJECTS_ROUTE)
export class ObjectsController {
  constructor(
    private readonly objects: ObjectStore,
    private readonly links: SignedUrls,
    private readonly guards: LinkGuards,
  ) {}

  @Get('*')
  @Public()
  @RateLimit('read')
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const now = new Date();
    // The raw URL: what was signed is what was sent, before any router decoded it.
    const { key, expiresAt, filename, contentType } = this.links.verifySignedUrl(request.raw.url ?? '', now);
    const mayShow = this.guards.of(key);
    if (mayShow && !(await mayShow(key))) throw new ObjectNotFound(key);
    const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
    await serveObject(request, reply, this.objects, key, {
      filename,
      contentType,
      disposition: filename === undefined ? 'inline' : 'attachment',
      cacheControl: mayShow ? 'private, no-cache' : `private, max-age=${seconds}`,
    });
  }
}
