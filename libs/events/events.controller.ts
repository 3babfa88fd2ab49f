/** The outbox as a timeline for admins, searchable by chapter: what happened, and what that caused. */
import { Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Transaction } from '#libs/database/transaction';
import { OUTBOX_WAKE } from '#libs/events/outbox';
import { Scope } from '#libs/http/access';
import { linkPages } from '#libs/http/pagination';
import { RateLimit } from '#libs/http/rate-limit';
import { DomainError } from '#libs/kernel/domain-error';
import { RedisClients } from '#libs/redis/redis-clients';
import { EventViews } from './event-views.js';
import { EventPage, EventsQuery } from './events.contract.js';

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
    private readonly events: EventViews,
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
  ) {}

  /**
   * Events and jobs, newest first, each with its deliveries, their attempts and their errors, and the author, work and chapter
   * that it is about. `?actor=` shows what somebody did, `?failed=true` what went wrong.
   */
  @Get()
  @Scope('admin')
  @RateLimit('read')
  async listEvents(
    @Query() query: EventsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventPage> {
    const found = await this.events.list(query);
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
