/**
 * Turns every refusal and every error into a problem document (RFC 9457). `type` is a stable URI, `detail` a sentence that says
 * what to do. An unexpected error reveals nothing but its request id.
 */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Causation } from '#libs/events/causation';
import { DomainError, type RefusalKind } from '#libs/kernel/domain-error';
import { causeOf } from './request-cause.js';

export const STATUS: Record<RefusalKind, number> = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  gone: 410,
  conflict: 409,
  stale: 412,
  'too-many': 429,
  unavailable: 503,
};

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  [member: string]: unknown;
}

export const problem = (status: number, code: string, detail: string, more: Record<string, unknown> = {}): Problem => ({
  type: `urn:inkreel:problem:${code}`,
  title: code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' '),
  status,
  detail,
  ...more,
});

/** Thrown by HTTP code for a request that cannot be understood; domain rules throw a DomainError. */
export class BadRequest extends HttpException {
  constructor(code: string, detail: string, more: Record<string, unknown> = {}, status = 400) {
    super(problem(status, code, detail, more), status);
  }
}

const FASTIFY: Record<string, [number, string, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported-media-type',
    'Send the body as application/json, and say so in Content-Type.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body-too-large', 'The body is larger than this route takes: send less at once.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [
    400,
    'empty-body',
    'Content-Type says JSON but the body is empty: send an object, or no Content-Type.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed-json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'wrong-content-length', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: [400, 'bad-url', 'The path holds a broken percent-encoding.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'parameter-too-long', 'A part of the path is too long.'],
};

const BY_STATUS: Record<number, [string, string]> = {
  400: ['bad-request', 'The request cannot be understood: check it against /openapi.json.'],
  401: ['not-signed-in', 'Sign in and send the access token as: Authorization: Bearer <token>.'],
  403: ['not-allowed', 'Your account may not do this.'],
  404: ['no-such-route', 'There is no route at this address: /openapi.json lists all routes.'],
  405: ['method-not-allowed', 'This address does not take that method.'],
  413: ['body-too-large', 'The body is larger than this route takes: send less at once.'],
  415: ['unsupported-media-type', 'Send the body as application/json, and say so in Content-Type.'],
};

/** Postgres did not answer, or not in time (classes 08, 53, 57 and lock/statement timeouts of its appendix A). */
const isDatabaseUnavailable = (error: { code?: string; message?: string }): boolean =>
  /^(08|53|57P0)/.test(error.code ?? '') ||
  ['55P03', '57014', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(error.code ?? '') ||
  /Connection terminated|timeout exceeded when trying to connect|is not established|client was closed|not queryable/i.test(
    error.message ?? '',
  );

export function toProblem(error: unknown): Problem {
  if (error instanceof DomainError) return problem(STATUS[error.kind], error.code, error.message, error.details);
  if (error instanceof BadRequest) return error.getResponse() as Problem;
  // Nest wraps errors of Fastify and keeps them as the cause
  const source = error instanceof HttpException && error.cause instanceof Error ? error.cause : error;
  const { code, status, statusCode } = source as { code?: string; status?: number; statusCode?: number };
  if (code && FASTIFY[code]) return problem(...FASTIFY[code]);
  if (isDatabaseUnavailable(source as { code?: string }))
    return problem(503, 'database-unavailable', 'The database does not answer at the moment: try again in a few seconds.');
  const known = error instanceof HttpException ? error.getStatus() : (statusCode ?? status ?? 500);
  if (known >= 400 && known < 500) {
    const [name, sentence] = BY_STATUS[known] ?? ['request-refused', 'The request was refused.'];
    return problem(known, name, sentence);
  }
  return problem(500, 'internal-error', 'An error occurred in the server. Quote the request id if you report it.');
}

const log = new Logger('Problem');

/**
 * Fastify closes the connection when a body is too large, and the answer is lost with it. Up to this many bytes are read and
 * dropped instead, so that the sender gets the answer.
 */
const READ_AND_THROWN_AWAY = 64_000_000;

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const body = toProblem(error);
  if (body.status === 500)
    Causation.run(causeOf(request), () => log.error(`${request.method} ${request.url.split('?')[0]} failed`, error));
  if (body.status === 401) void reply.header('www-authenticate', 'Bearer realm="inkreel"');
  if (body.status === 503 || body.status === 429 || body.retryAfter !== undefined)
    void reply.header('retry-after', typeof body.retryAfter === 'number' ? String(body.retryAfter) : '2');
  if (Array.isArray(body.accepts)) void reply.headers(acceptHeaders(request.method, body.accepts.join(', ')));
  if (body.status === 413 && Number(request.headers['content-length'] ?? Infinity) <= READ_AND_THROWN_AWAY)
    void reply.removeHeader('connection');
  if (reply.sent) return;
  void reply
    .status(body.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify({ ...body, instance: request.url.split('?')[0], request: request.id }));
}

/** What a 415 names: `Accept` for every method, and the fields of RFC 5789 and Linked Data Platform 1.0 for theirs. */
const acceptHeaders = (method: string, types: string): Record<string, string> => ({
  accept: types,
  ...(method === 'POST' && { 'accept-post': types }),
  ...(method === 'PATCH' && { 'accept-patch': types }),
});

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
