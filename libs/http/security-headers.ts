/** The headers of helmet on every answer but a 304. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import helmet from 'helmet';
import type { Config } from '#libs/config/config';

/** Filled by `securityHeaders`. */
const names = new Set<string>();

/**
 * For a 304, whose client has them from the answer that it keeps: a cache merges the two (RFC 9111 §3.2, §4.3.4). To write
 * them takes a tenth of all that such an answer costs.
 */
export function withoutSecurityHeaders(reply: FastifyReply): FastifyReply {
  for (const name of names) void reply.removeHeader(name);
  return reply;
}

/**
 * The headers of helmet, computed once, because they are the same for every request. Its Fastify plugin computes them each time,
 * which was a tenth of the work of reading a chapter.
 */
export function securityHeaders(config: Config): Record<string, string> {
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
  for (const name of Object.keys(headers)) names.add(name);
  return headers;
}
