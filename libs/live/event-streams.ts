import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { addressKey } from '#libs/http/client-address';
import { EventStream } from './event-stream.js';
import { Hub } from './hub.js';
import type { Authority } from '#libs/kernel/token-verifier';
import type { Since } from './listener.js';
import { LiveLimits, TooManyConnections, TooManyStreams } from './live-limits.js';
import { isRevoked, LiveBus } from './live-bus.js';

const HEARTBEAT_MS = 15_000;
const COME_BACK_WITHIN_MS = 5_000;

/** The open SSE answers of this process. */
@Injectable()
export class EventStreams implements OnModuleInit, OnModuleDestroy {
  private readonly open = new Set<EventStream>();
  private readonly heartbeat = setInterval(() => this.open.forEach((stream) => stream.heartbeat()), HEARTBEAT_MS).unref();

  constructor(
    private readonly hub: Hub,
    private readonly bus: LiveBus,
    private readonly limits: LiveLimits,
  ) {}

  onModuleInit(): void {
    this.bus.listen({
      onRevoked: (revoked) => {
        for (const stream of this.open) if (isRevoked(stream.actor, revoked)) stream.end();
      },
    });
  }

  /**
   * @param address of the client, as Fastify's `request.ip`
   * @returns when the answer has begun. @throws the refusal, while it still can be told as a problem.
   */
  async begin(
    reply: FastifyReply,
    stream: string,
    { address, authority, from }: { address: string; authority?: Authority; from: Since },
  ): Promise<void> {
    if (reply.raw.destroyed) return; // left while its token was looked at
    const origin = { address: addressKey(address), account: authority?.actor.id };
    const giveBack = this.limits.connection(origin);
    if (!giveBack) throw new TooManyConnections();
    const giveBackStream = this.limits.stream(origin);
    const answer = new EventStream(reply, origin.address, authority);
    this.open.add(answer);
    const closed = (): void => {
      answer.closed();
      this.hub.leave(answer, stream);
      this.open.delete(answer);
      giveBackStream?.();
      giveBack();
    };
    reply.raw.on('close', closed);
    if (!giveBackStream) throw new TooManyStreams();
    this.hub.join(answer, stream, from);
    await answer.begun;
  }

  onModuleDestroy(): void {
    clearInterval(this.heartbeat);
    for (const stream of this.open) stream.restart(Math.floor(Math.random() * COME_BACK_WITHIN_MS));
  }
}
