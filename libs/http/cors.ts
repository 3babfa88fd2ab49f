/** What pages of other origins may do (https://fetch.spec.whatwg.org/#http-cors-protocol). No cookies: pages send their token themselves. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#libs/config/config';
import { originMatcher } from '#libs/config/web-origins';

const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'last-event-id',
  'range',
  'traceparent',
  'tracestate',
  'x-request-id',
];

/** Beside those that a page may always read, such as Content-Type. */
const RESPONSE_HEADERS = [
  'accept-ranges',
  'content-range',
  'etag',
  'idempotent-replayed',
  'link',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'x-request-id',
];

export function enableCors(app: NestFastifyApplication, { webOrigins }: Config): void {
  const isAllowed = originMatcher(webOrigins);
  app.enableCors({
    origin: (origin: string | undefined, done: (error: null, isAllowed: boolean) => void) =>
      done(null, origin !== undefined && isAllowed(origin)),
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: 600,
  });
}
