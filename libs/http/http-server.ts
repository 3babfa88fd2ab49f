/**
 * The Fastify server below Nest: limits, headers, request ids, and the hooks that must hold for every route, also those that Nest
 * does not know (the job board). Do not authorise in Nest middleware: on Fastify it guards only the exact path
 * (docs/decisions/0003).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import cookie from '@fastify/cookie';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LogController } from 'fastify';
import type { FastifyHttpOptions, FastifyInstance, RawServerDefault } from 'fastify';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Config } from '#libs/config/config';
import { DEFAULT_BODY_LIMIT, limitBodies } from './body-limit.js';
import { enableCors } from './cors.js';
import { connectionLimits, guardConnections } from './connections.js';
import { openFastPaths } from './fast-path.js';
import { rejectInvalidText } from './input.js';
import { RateLimiter, limitRates } from './rate-limiter.js';
import { requireRateLimits } from './rate-limit.js';
import { startCauses } from './request-cause.js';
import { refuseUnreadable, refuseUnroutable, answer405 } from './unrouted.js';

/** Routes that no controller declares: the documents of the API, the job board, and preflights of any address. */
const OTHER_ROUTES = {
  '/docs': 'read',
  '/openapi.json': 'read',
  '/openapi.yaml': 'read',
  '/admin/queues': 'read',
  '*': 'read',
} as const;

export function fastifyAdapter(config: Config, log: Logger): FastifyAdapter {
  const options = {
    loggerInstance: log,
    childLoggerFactory: (logger: Logger) => logger, // each line names its request by itself (request-cause.ts)
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: DEFAULT_BODY_LIMIT,
    trustProxy: config.trustProxy > 0 && ((_address: string, hop: number): boolean => hop < config.trustProxy),
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    },
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    ...connectionLimits(config),
    forceCloseConnections: 'idle',
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  };
  return new FastifyAdapter(options as unknown as FastifyHttpOptions<RawServerDefault>);
}

export async function prepareServer(app: NestFastifyApplication, config: Config): Promise<FastifyInstance> {
  const fastify = app.getHttpAdapter().getInstance();
  startCauses(fastify, config.logLevel === 'debug');
  await enableCors(fastify, config); // first: a page may read why it was refused, and its preflights are not counted
  guardConnections(fastify, config);
  limitBodies(fastify);
  await fastify.register(cookie);
  // Manuscripts and pictures are passed on unparsed; their routes check them.
  fastify.addContentTypeParser(['text/plain', 'text/markdown'], { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  fastify.addContentTypeParser(/^image\/(png|jpeg|webp)$/, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const security = securityHeaders(config);
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(security).header('x-request-id', request.id);
    done();
  });
  requireRateLimits(fastify, OTHER_ROUTES);
  limitRates(fastify, app.get(RateLimiter));
  answer405(fastify);
  openFastPaths(app);
  fastify.addHook('preHandler', (request, _reply, done) => {
    rejectInvalidText(request);
    done();
  });
  return fastify;
}

/**
 * The headers of helmet, computed once, because they are the same for every request. Its Fastify plugin computes them each time,
 * which was a tenth of the work of reading a chapter.
 */
function securityHeaders(config: Config): Record<string, string> {
  const headers: Record<string, string> = {};
  const setHeader = (name: string, value: string): void => void (headers[name.toLowerCase()] = value);
  const response = { setHeader, removeHeader: () => undefined } as unknown as ServerResponse;
  helmet({
    // /docs and /admin/queues loosen this for themselves (openapi.ts, board.ts)
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // a film or poster opened alone in a tab is a page that loads itself
        mediaSrc: ["'self'"],
        imgSrc: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    strictTransportSecurity: config.publicUrl.startsWith('https:') ? { maxAge: 63_072_000 } : false,
    referrerPolicy: { policy: 'no-referrer' },
  })({} as IncomingMessage, response, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}
