/** Ties a request to its id, its account and its trace: for the log, and for the events that it records (libs/events/causation.ts). */
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Cause, Causation } from '#libs/events/causation';

interface RequestWithCause {
  cause?: Cause;
}

const log = new Logger('Request');

export const causeOf = (request: FastifyRequest): Cause => (request as RequestWithCause).cause ?? { request: request.id };

/** Call it before any other hook is added. @param logsRequests one line at level debug for each answer. */
export function startCauses(fastify: FastifyInstance, logsRequests: boolean): void {
  fastify.decorateRequest('cause');
  fastify.addHook('onRequest', (request: FastifyRequest & RequestWithCause, _reply, done) => {
    const { traceparent } = request.headers;
    request.cause = { request: request.id, parent: typeof traceparent === 'string' ? traceparent : undefined };
    Causation.run(request.cause, done);
  });
  // again: the parser of a body goes on in the context of the socket
  fastify.addHook('preHandler', (request, _reply, done) => Causation.run(causeOf(request), done));
  if (!logsRequests) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    // the path only: a query may hold a ticket or a signature
    const line = `${request.method} ${request.url.split('?')[0]} ${reply.statusCode} in ${Math.round(reply.elapsedTime)} ms`;
    Causation.run(causeOf(request), () => log.debug(line));
    done();
  });
}
