/** What pages of other origins may do (https://fetch.spec.whatwg.org/#http-cors-protocol). No cookies: pages send their token themselves. */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
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

/** Not by `app.enableCors` of Nest, which sets the headers a second time, for middleware, and so doubles what all headers cost. */
export async function enableCors(fastify: FastifyInstance, { webOrigins }: Config): Promise<void> {
  const isAllowed = originMatcher(webOrigins);
  await fastify.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && isAllowed(origin)),
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: 600,
  });
}
