/**
 * The job board (bull-board) at /admin/queues, read-only and for admins: jobs are repeated through the outbox, which records it.
 * The guard is a root hook on the **matched route**: on Fastify a Nest guard or the middleware option of the board guards only
 * the exact path and leaves its API open.
 */
import { createBullBoard } from '@bull-board/api';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import { FastifyAdapter as BoardAdapter } from '@bull-board/fastify';
import type { Queue } from 'bull';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem, BadRequest } from '#libs/http/problems';

export const BOARD_PATH = '/admin/queues';
/** One event or job as a page (event-page.controller.ts). */
export const EVENT_PATH = '/admin/events';

/** Checks that a request carries the cookie of an open session of an admin. The auth module implements it. */
export abstract class BoardSession {
  abstract admits(request: FastifyRequest): Promise<boolean>;
}

const BOARD_CSP =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Each job links to the page that names its author, work and chapter. */
const OPTIONS = {
  readOnlyMode: true,
  externalJobUrl: ({ data }: { data: unknown }) => ({
    displayText: 'Author, work and chapter',
    href: `${EVENT_PATH}/${(data as { event: string }).event}`,
  }),
};

const FOREIGN_FONTS = /<link href="https:\/\/fonts\.googleapis\.com[^>]*>/;

export async function mountBoard(
  fastify: FastifyInstance,
  session: BoardSession,
  queues: Queue[],
  workerGroupQueues: () => Promise<Queue[]>,
  publicUrl: string,
): Promise<void> {
  const origin = new URL(publicUrl).origin;
  const guard = async (request: FastifyRequest, reply: FastifyReply, isBoard: boolean): Promise<FastifyReply | undefined> => {
    const refused = await refusal(request, origin, session).catch((error: Error) => error);
    if (refused) return refuse(refused, request, reply);
    if (!isBoard) return undefined;
    void reply.header('content-security-policy', BOARD_CSP).header('cache-control', 'no-store');
    // workers open worker groups while they run
    (await workerGroupQueues()).forEach(show);
    return undefined;
  };
  // not an async function: its promise would cost every other request a turn
  fastify.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url ?? '';
    const isBoard = route === BOARD_PATH || route.startsWith(`${BOARD_PATH}/`);
    if (isBoard || route.startsWith(`${EVENT_PATH}/`))
      guard(request, reply, isBoard).then((answer) => (answer ? undefined : done()), done);
    else done();
  });
  // its page loads fonts from Google: a self-hosted product must not tell anyone who looks at it
  fastify.addHook('onSend', (request, _reply, payload, done) => {
    const isPage = typeof payload === 'string' && (request.routeOptions.url ?? '').startsWith(BOARD_PATH);
    done(null, isPage ? payload.replace(FOREIGN_FONTS, '') : payload);
  });
  const shown = new Set(queues.map(({ name }) => name));
  const show = (queue: Queue): void => {
    if (shown.has(queue.name)) return;
    shown.add(queue.name);
    addQueue(new BullAdapter(queue, OPTIONS));
  };
  const adapter = new BoardAdapter();
  adapter.setBasePath(BOARD_PATH);
  const { addQueue } = createBullBoard({
    queues: queues.map((queue) => new BullAdapter(queue, OPTIONS)),
    serverAdapter: adapter as never, // its type asks for optional methods that exactOptional does not see as the same
    options: { uiConfig: { boardTitle: 'Inkreel jobs' } },
  });
  await fastify.register(adapter.registerPlugin(), { prefix: BOARD_PATH });
}

async function refusal(request: FastifyRequest, origin: string, session: BoardSession): Promise<BadRequest | undefined> {
  const { origin: from, host } = request.headers;
  const foreign = from !== undefined && from !== origin && from !== `${request.protocol}://${host}`;
  if (foreign) return new BadRequest('foreign-origin', 'The job board answers only pages of its own.', {}, 403);
  if (!(await session.admits(request))) return new BadRequest('not-signed-in', 'Sign in as an admin at /admin first.', {}, 401);
  // the board's own read-only mode answers these requests with success and does nothing
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new BadRequest('read-only-board', 'The job board shows and changes nothing: replay at /v1/admin/events.', {}, 403);
  return undefined;
}

/** @returns the answer that was begun: the hook ends here. */
function refuse(refused: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const wantsPage = (request.headers.accept ?? '').includes('text/html');
  if (wantsPage && refused instanceof BadRequest && refused.getStatus() === 401) return reply.redirect('/admin');
  sendProblem(refused, request, reply);
  return reply;
}
