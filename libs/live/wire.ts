import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RedisClients } from '#libs/operations/redis';

/** Something that is not kept: `at` is when it was said. */
export interface Tick {
  readonly type: string;
  readonly at: string;
  readonly body: object;
}

export type Message = { wake: string; head: number } | { about: string; tick: Tick } | { revoked: string };

/** Who wants to know: any of these. */
export interface Ear {
  woken?(stream: string, head: number): void;
  ticked?(stream: string, tick: Tick): void;
  revoked?(accountId: string): void;
  /** Redis is back; what was said meanwhile is gone. */
  back?(): void;
}

const CHANNEL = 'live';

/**
 * How processes tell each other, over one Redis channel, what they would also find out by themselves a little later.
 * Nothing waits for it and nothing fails by it; when Redis is away at least this process hears what it says.
 */
@Injectable()
export class Wire implements OnModuleInit {
  private readonly ears: Ear[] = [];

  constructor(private readonly redis: RedisClients) {}

  onModuleInit(): void {
    this.redis.onReturn(() => this.ears.forEach((ear) => ear.back?.()));
  }

  say(message: Message): void {
    const { commands } = this.redis;
    commands.publish(this.redis.key(CHANNEL), JSON.stringify(message)).catch(() => this.hear(message));
  }

  listen(ear: Ear): void {
    if (this.ears.push(ear) > 1) return;
    this.redis.subscribe(CHANNEL, (text) => this.hear(JSON.parse(text) as Message));
  }

  private hear(message: Message): void {
    for (const ear of this.ears)
      if ('wake' in message) ear.woken?.(message.wake, message.head);
      else if ('tick' in message) ear.ticked?.(message.about, message.tick);
      else ear.revoked?.(message.revoked);
  }
}
