/**
 * Requests that reach no route: unreadable HTTP, invalid addresses, and methods that an address does not support. They get
 * problem documents instead of the different answers of Fastify.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BadRequest, problem, sendProblem } from './problems.js';

/** Fastify's option `frameworkErrors`: no hook runs for these, so the headers that hooks set are set here. */
export function refuseUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
  sendProblem(error, request, reply);
}

const UNREADABLE: Record<string, [number, string, string]> = {
  HPE_HEADER_OVERFLOW: [431, 'headers-too-large', 'The headers are larger than 16 KiB together: send fewer or shorter ones.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'too-slow', 'The request did not arrive in time: send it again.'],
};

/** Fastify's option `clientErrorHandler`: there is no request yet, only a socket. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, code, detail] = UNREADABLE[error.code ?? ''] ?? [
    400,
    'malformed-request',
    'This is not HTTP/1.1 as RFC 9112 has it.',
  ];
  const body = JSON.stringify(problem(status, code, detail));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

/**
 * Answers 405 with `Allow` instead of 404 where the address has another method (RFC 9110 §15.5.6). Call it before any route is
 * added.
 */
export function answer405(fastify: FastifyInstance): void {
  const routes: { method: string; path: RegExp }[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url === '*') return; // CORS preflight, of any address
    for (const one of [method].flat()) routes.push({ method: one, path: pattern(url) });
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const path = request.url.split('?')[0];
    const methods = new Set(routes.filter((route) => route.path.test(path)).map(({ method }) => method));
    if (!methods.size) return done();
    void reply.header('allow', [...methods].sort().join(', '));
    done(new BadRequest('method-not-allowed', `This address takes ${[...methods].sort().join(', ')} only.`, {}, 405));
  });
}

/** A Fastify path as a pattern: `:name` is one segment, `*` is anything. */
function pattern(url: string): RegExp {
  const parts = url
    .split(/(:\w+|\*)/)
    .map((part) => (part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('')}$`);
}
