/**
 * The headers of answers, as the OpenAPI document describes them. Every answer has the first three. Lists have `Link`, creations with an
 * Idempotency-Key `Idempotent-Replayed`: both are known from the parameters. A route names what else its success sends:
 *
 *   @Get(':id')
 *   @Sends('ETag', 'Cache-Control')
 *   read(…) {}
 */
import { ApiExtension } from '@nestjs/swagger';

const text = (description: string, example: string): object => ({
  description,
  required: true,
  schema: { type: 'string', examples: [example] },
});

export const RESPONSE_HEADERS = {
  'X-Request-Id': text(
    'The id of this request in the logs: your own X-Request-Id, or a new one. Quote it when you report a problem.',
    '6f1c2f7e-0d54-4c0a-9a5e-3f0d8f6f2b11',
  ),
  RateLimit: text(
    'What is left of each budget: `r` requests, and `t` seconds until the window ends. The operation names its budget in `x-rate-limit`.',
    '"write";r=59;t=30',
  ),
  'RateLimit-Policy': text('Each budget that counts this request: `q` requests in `w` seconds.', '"write";q=60;w=60'),
  'Accept-Ranges': text('Parts can be asked for by Range.', 'bytes'),
  'Cache-Control': text('Who may keep this answer, and for how long.', 'private, no-cache'),
  'Content-Disposition': text('Whether it is shown or saved, and under which name.', 'inline; filename="film.mp4"'),
  'Content-Range': text('Which bytes these are, and of how many.', 'bytes 0-1023/482000'),
  ETag: text('The version. Send it as If-Match with a change, or as If-None-Match to read again.', '"3"'),
  'Idempotent-Replayed': {
    description: '`true` when this is the stored answer to an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
  Link: text('The first page, and the next one if there is one (RFC 8288).', '</v1/works?limit=20>; rel="first"'),
  Location: text('The address of what was created.', '/v1/works/0197f0f6-3a51-7b3e-8b62-0a4be0d3f002'),
  'Retry-After': {
    description: 'Seconds to wait before the request is sent again.',
    schema: { type: 'integer', format: 'int32', minimum: 0, examples: [30] },
  },
  'WWW-Authenticate': text('How to sign in (RFC 9110).', 'Bearer realm="inkreel"'),
} as const;

export type HeaderName = keyof typeof RESPONSE_HEADERS;

/** Of every answer of a route, also of refusals. */
export const COMMON_HEADERS: readonly HeaderName[] = ['X-Request-Id', 'RateLimit', 'RateLimit-Policy'];

/** Headers of a successful answer beside those that describeApi knows of. */
export const Sends = (...names: HeaderName[]): MethodDecorator => ApiExtension('x-sends', names);

/** References to the components of the document. */
export const headerRefs = (names: readonly HeaderName[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
