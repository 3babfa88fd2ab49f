/**
 * Sends answers that are in memory from a Fastify hook, before Nest's router: its guards, pipes and interceptors cost several
 * times as much CPU as such an answer.
 *
 *     @Get(':id')
 *     @RateLimit('read')
 *     @Public()
 *     @FastPath(PublishedChapters)
 *     getChapter(…) {}
 *
 * The hook belongs to this route alone, and runs after the rate limiter. It sends what the handler would send, and only when
 * that is certain without waiting: the route is marked `@Public`; the request has no query and no body; an access token, if
 * there is one, was verified before and is not revoked; and the source has the answer. Everything else goes on to the guard
 * and the handler. The hook refuses nothing, so it needs no rule of its own about who may read.
 */
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Causation } from '#libs/events/causation';
import type { Actor } from '#libs/kernel/actor';
import { TokenVerifier } from '#libs/kernel/token-verifier';
import { ACCESS } from './access.js';
import { bearerToken } from './bearer-token.js';
import { type CachedAnswer, sendCached } from './cached-answer.js';
import { RouteOption } from './route-config.js';

/** Where the answers of a route are kept, by the parameter `:id`. */
export interface FastPathSource {
  /** @returns undefined when the handler has to be asked: the answer is not in memory, too old, or a refusal. */
  peek(id: string, actor: Actor | undefined): CachedAnswer | undefined;
}

interface Marked {
  readonly source: Type<FastPathSource>;
  readonly handler: object;
}

/** See the head. */
export const FastPath =
  (source: Type<FastPathSource>): MethodDecorator =>
  (target, key, descriptor) =>
    RouteOption({ fastPath: { source, handler: descriptor.value as object } satisfies Marked })(target, key, descriptor);

/** After the rate limiter, and before any route is added. */
export function openFastPaths(app: NestFastifyApplication): void {
  const verifier = app.get(TokenVerifier, { strict: false });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      const { fastPath } = (route.config ?? {}) as { fastPath?: Marked };
      if (!fastPath) return;
      const answer = answerer(fastPath.handler, app.get(fastPath.source, { strict: false }), verifier);
      route.onRequest = [route.onRequest ?? [], answer].flat();
    });
}

function answerer(handler: object, source: FastPathSource, verifier: TokenVerifier) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const cached = Reflect.getMetadata(ACCESS, handler) === 'public' && isPlain(request) && answerOf(request);
    if (cached) sendCached(request, reply, cached);
    else done();
  };

  function answerOf(request: FastifyRequest): CachedAnswer | undefined {
    const { id } = request.params as { id: string };
    if (request.headers.authorization === undefined) return source.peek(id, undefined);
    const token = bearerToken(request);
    const actor = token === null ? undefined : verifier.remembered(token)?.actor;
    if (!actor) return undefined;
    Causation.actor(actor.id);
    return source.peek(id, actor);
  }
}

/** Neither a query nor a body, which the checks of route-inputs.ts would have to see. */
function isPlain({ raw: { url = '', headers } }: FastifyRequest): boolean {
  return (
    !url.includes('?') &&
    !url.includes('#') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}
