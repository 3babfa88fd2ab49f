import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EventStream } from './event-stream.js';
import { Hub } from './hub.js';
import type { Authority } from '#libs/kernel/token-verifier';
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
  ) {}

  onModuleInit(): void {
    this.bus.listen({
      onRevoked: (revoked) => {
        for (const stream of this.open) if (isRevoked(stream.actor, revoked)) stream.end();
      },
    });
  }

  /** @returns when the answer has begun. @throws the refusal, while it still can be told as a problem. */
  async begin(reply: FastifyReply, stream: string, authority: Authority | undefined, since: number | undefined): Promise<void> {
    if (reply.raw.destroyed) return; // left while its token was looked at
    const answer = new EventStream(reply, authority?.actor, authority?.expiresAt);
    this.open.add(answer);
    reply.raw.on('close', () => {
      answer.closed();
      this.hub.leave(answer, stream);
      this.open.delete(answer);
    });
    void this.hub.join(answer, stream, since);
    await answer.begun;
  }

  onModuleDestroy(): void {
    clearInterval(this.heartbeat);
    for (const stream of this.open) stream.restart(Math.floor(Math.random() * COME_BACK_WITHIN_MS));
  }
}
