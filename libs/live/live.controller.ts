import { Controller, Get, Header, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, type RequestWithActor, Scope } from '#libs/http/access';
import { BadRequest } from '#libs/http/problems';
import { EXAMPLE_IDS } from '#libs/http/path-parameters';
import { RateLimit } from '#libs/http/rate-limit';
import { Sends } from '#libs/http/response-headers';
import type { Actor } from '#libs/kernel/actor';
import { readEventId } from './encoding.js';
import { EventLog } from './event-log.js';
import { EventReader } from './event-presenters.js';
import { EventStreams } from './event-streams.js';
import { isWithin } from './joins.js';
import { type Since, StreamReset } from './listener.js';
import { EventsQuery, HistoryResponse, HistoryQuery, TicketResponse } from './live.contract.js';
import { StreamKinds } from './stream-kinds.js';
import { TICKET_SECONDS, Tickets } from './tickets.js';
import type { Authority } from '#libs/kernel/token-verifier';

const STREAM = { name: 'stream', description: '`<kind>:<id>`', example: `chapter:${EXAMPLE_IDS.chapter}` };

/** Of a page of history, while its beginning is purged. */
const TRIES = 3;

@ApiTags('live')
@Controller('v1/live')
export class LiveController {
  constructor(
    private readonly streams: EventStreams,
    private readonly tickets: Tickets,
    private readonly kinds: StreamKinds,
    private readonly log: EventLog,
    private readonly reader: EventReader,
  ) {}

  /** Changes the access token of this request for a ticket that opens one event stream within 30 s. */
  @Post('tickets')
  @RateLimit('live')
  @HttpCode(201)
  @Scope('live:listen')
  @Header('cache-control', 'no-store')
  @Sends('Cache-Control')
  async createTicket(@Req() request: RequestWithActor): Promise<TicketResponse> {
    return { ticket: await this.tickets.issue(authorityOf(request)!), expiresInSeconds: TICKET_SECONDS };
  }

  /**
   * What happens in a stream, as server-sent events: the same events in the same order as over the WebSocket at `/live`.
   * The answer goes on until the client leaves, the token expires or access is withdrawn.
   */
  @Get(':stream/events')
  @RateLimit('live')
  @Public()
  @ApiParam(STREAM)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Sent by browsers that come back. Goes before `since`.',
    schema: { type: 'string', example: '42-8d3c1f0a5b7e9246' },
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    schema: { type: 'string', example: 'id: 42-0123456789abcdef\ndata: {"seq":42,"type":"comment.posted",…}\n\n' },
  })
  @Sends('Cache-Control')
  async streamEvents(
    @Param('stream') stream: string,
    @Query() query: EventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest & RequestWithActor,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const from = readLastEventId(lastEventId) ?? { since: query.since, epoch: query.epoch };
    if (request.method === 'HEAD') {
      await this.kinds.admit(stream, request.actor);
      return void reply.type('text/event-stream').send();
    }
    const authority = query.ticket === undefined ? authorityOf(request) : await this.tickets.take(query.ticket);
    await this.streams.begin(reply, stream, { address: request.ip, authority, from });
  }

  /** A page of what happened, to catch up without an open connection: the same events, by number. */
  @Get(':stream/history')
  @RateLimit('live')
  @Public()
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  @ApiParam(STREAM)
  @ApiOkResponse({ type: HistoryResponse })
  @Sends('Cache-Control')
  async listPastEvents(
    @Param('stream') stream: string,
    @Query() query: HistoryQuery,
    @CurrentActor() actor: Actor | undefined,
  ): Promise<string> {
    await this.kinds.admit(stream, actor);
    for (let tries = 0; tries < TRIES; tries++) {
      const position = await this.log.position(stream);
      const { head, epoch, first } = position;
      const reset = !isWithin(position, query);
      // of another history nothing is a continuation: the page begins with the oldest event there is
      const after = reset ? first - 1 : query.since;
      const events = await this.reader.read(stream, after, head, query.limit);
      // the next event was purged since the position was read
      if (after < head && events[0]?.seq !== after + 1) continue;
      const texts = events.map(({ json }) => json).join(',');
      return `{"stream":"${stream}","epoch":"${epoch}","head":${head},${reset ? '"reset":true,' : ''}"events":[${texts}]}`;
    }
    throw new StreamReset(stream);
  }
}

function authorityOf({ actor, actorUntil, sessionId, tokenEpoch }: RequestWithActor): Authority | undefined {
  if (!actor) return undefined;
  if (!actorUntil || !sessionId || tokenEpoch === undefined)
    throw new Error('The guard must set actorUntil, sessionId and tokenEpoch on the request (RequestWithActor).');
  return { actor, sessionId, expiresAt: actorUntil, epoch: tokenEpoch };
}

function readLastEventId(header: string | undefined): Since | undefined {
  if (header === undefined || header === '') return undefined;
  const from = readEventId(header);
  if (!from)
    throw new BadRequest('bad-last-event-id', 'Last-Event-ID must be the id of an event as you got it: 42-0123456789abcdef.');
  return from;
}
