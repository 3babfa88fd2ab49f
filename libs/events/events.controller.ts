/** The outbox as a timeline for admins, searchable by chapter: what happened, and what that caused. */
import { Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Transaction } from '#libs/database/transaction';
import { OUTBOX_WAKE } from '#libs/events/outbox';
import { Scope } from '#libs/http/access';
import { linkPages, page, readCursor } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import { DomainError } from '#libs/kernel/domain-error';
import { RedisClients } from '#libs/redis/redis-clients';
import { EventResponse, EventPage, EventsQuery } from './events.contract.js';

class NothingToReplay extends DomainError {
  readonly code = 'nothing-to-replay';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such event, or it has no delivery for that consumer: see the deliveries of GET /v1/admin/events.');
  }
}

@ApiTags('admin')
@Controller('v1/admin/events')
export class EventsController {
  constructor(
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
  ) {}

  /** Events and jobs, newest first, each with its deliveries, their attempts and their errors. */
  @Get()
  @Scope('admin')
  @RateLimit('read')
  async listEvents(
    @Query() { about, cause, kind, open = false, limit, after }: EventsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventPage> {
    const [before] = readCursor(after, 'uuid') ?? ['ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<EventResponse>(
      `SELECT e.id, e.kind, e.type, e.v, e.cause, e.request, e.actor, e.at, e.data, e.about,
              json_build_object('kind', e.subject_kind, 'id', e.subject_id, 'version', e.subject_version) AS subject,
              (SELECT coalesce(json_agg(json_build_object('consumer', d.consumer, 'queue', d.queue, 'epoch', d.epoch, 'relayedAt', d.relayed_at,
                        'handledAt', d.handled_at, 'failedAt', d.failed_at, 'attempts', d.attempts, 'errors', d.errors) ORDER BY d.consumer), '[]')
                 FROM events.delivery d WHERE d.event = e.id) AS deliveries,
              (SELECT coalesce(json_agg(x.id ORDER BY x.id), '[]') FROM events.event x WHERE x.cause = e.id) AS effects
         FROM events.event e
        WHERE e.id < $1 AND ($2::text IS NULL OR e.about @> ARRAY[$2::text]) AND ($3::uuid IS NULL OR e.cause = $3) AND ($4::text IS NULL OR e.kind = $4)
          AND (NOT $5 OR EXISTS (SELECT FROM events.delivery d WHERE d.event = e.id AND d.handled_at IS NULL))
        ORDER BY e.id DESC LIMIT $6`,
      [before, about ?? null, cause ?? null, kind ?? null, open, limit + 1],
    );
    const found = page(
      rows,
      limit,
      (row) => [row.id],
      (row) => row,
    );
    linkPages(request, reply, found.next);
    return found;
  }

  /** Deliver an event to one consumer again, for example after it failed for good or an older version handled it wrongly. */
  @Post(':id/deliveries/:consumer/replay')
  @Scope('admin')
  @RateLimit('write')
  @HttpCode(202)
  async replayDelivery(@Param('id', ParseUUIDPipe) id: string, @Param('consumer') consumer: string): Promise<void> {
    const [, changed] = (await this.transaction.query<never>(
      `UPDATE events.delivery SET epoch = epoch + 1, relayed_at = NULL, claimed_until = NULL, handled_at = NULL, failed_at = NULL, attempts = 0
        WHERE event = $1 AND consumer = $2`,
      [id, consumer],
    )) as unknown as [unknown, number];
    if (!changed) throw new NothingToReplay();
    this.redis.publish(OUTBOX_WAKE, '');
  }
}
