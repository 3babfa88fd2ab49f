import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '#libs/kernel/domain-error';
import { RedisClients } from '#libs/redis/redis-clients';
import { type Authority, TokenVerifier } from '#libs/kernel/token-verifier';

export const TICKET_SECONDS = 30;

export class TicketSpent extends DomainError {
  readonly code = 'ticket-spent';
  readonly kind = 'unauthenticated';
  constructor() {
    super(`A ticket opens one stream within ${TICKET_SECONDS} s of its making: get a new one from POST /v1/live/tickets.`);
  }
}

export class TicketsUnavailable extends DomainError {
  readonly code = 'tickets-unavailable';
  readonly kind = 'unavailable';
  constructor() {
    super('Tickets cannot be made or taken just now: try again in a moment, or open the stream with an Authorization header.');
  }
}

/**
 * Single-use tickets for `EventSource`, which sends no headers: a token in a URL would be written to logs. A ticket is stored in
 * Redis under its hash and taken by GETDEL, so of two requests with the same ticket one is accepted.
 */
@Injectable()
export class Tickets {
  constructor(
    private readonly redis: RedisClients,
    private readonly verifier: TokenVerifier,
  ) {}

  async issue(authority: Authority): Promise<string> {
    const ticket = randomBytes(24).toString('base64url');
    await orUnavailable(this.redis.commands.set(this.key(ticket), JSON.stringify(authority), 'EX', TICKET_SECONDS));
    return ticket;
  }

  async take(ticket: string): Promise<Authority> {
    const stored = await orUnavailable(this.redis.commands.getdel(this.key(ticket)));
    if (!stored) throw new TicketSpent();
    const authority = JSON.parse(stored, (key, value: unknown) =>
      key === 'expiresAt' || key === 'authenticatedAt' ? new Date(value as string) : value,
    ) as Authority;
    await this.verifier.confirm(authority);
    return authority;
  }

  private key(ticket: string): string {
    return this.redis.key(`ticket:${createHash('sha256').update(ticket).digest('base64url')}`);
  }
}

async function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch {
    throw new TicketsUnavailable();
  }
}
