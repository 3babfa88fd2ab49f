import type { FastifyReply } from 'fastify';
import { BadRequest } from './problems.js';

/**
 * Aborts when the client closes the connection before the answer is sent: nobody waits for the work any more.
 *
 * @example await this.writing.import(actor, workId, source, clientGone(reply));
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded)
      gone.abort(new BadRequest('client-closed-request', 'The connection was closed before the answer.', {}, 499));
  });
  return gone.signal;
}
