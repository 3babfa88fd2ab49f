import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RedisClients } from '#libs/operations/redis';

/** Something that is not kept: `at` is when it was said. */
export interface Tick {
  readonly type: string;
  readonly at: string;
  readonly body: object;
}

type Wake = { key: string; head: number };
type Passing = { key: string; tick: Tick } | { revoked: string };

/** Who wants to know: any of these. */
export interface Ear {
  woken?(stream: string, head: number): void;
  ticked?(stream: string, tick: Tick): void;
  revoked?(accountId: string): void;
  /** Redis is back; what was said meanwhile is gone. */
  back?(): void;
}

/** `{ key, head }` of a stream that has come further. */
const WAKES = 'live';
/** What nobody finds out later: ticks, and accounts whose sessions were revoked. */
const PASSING = 'live:passing';

/**
 * How web processes hear at once what they would mostly also find out by themselves a little later. Nothing waits for it and
 * nothing fails by it; when Redis is away at least this process hears what it says.
 */
@Injectable()
export class Wire implements OnModuleInit {
  private readonly ears: Ear[] = [];

  constructor(private readonly redis: RedisClients) {}

  onModuleInit(): void {
    this.redis.onReturn(() => this.ears.forEach((ear) => ear.back?.()));
  }

  wake(wake: Wake): void {
    this.publish(WAKES, wake, () => this.hearWake(wake));
  }

  pass(passing: Passing): void {
    this.publish(PASSING, passing, () => this.hearPassing(passing));
  }

  listen(ear: Ear): void {
    if (this.ears.push(ear) > 1) return;
    this.redis.subscribe(WAKES, (text) => this.hearWake(JSON.parse(text) as Wake));
    this.redis.subscribe(PASSING, (text) => this.hearPassing(JSON.parse(text) as Passing));
  }

  private publish(channel: string, message: object, otherwise: () => void): void {
    this.redis.commands.publish(this.redis.key(channel), JSON.stringify(message)).catch(otherwise);
  }

  private hearWake({ key, head }: Wake): void {
    for (const ear of this.ears) ear.woken?.(key, head);
  }

  private hearPassing(passing: Passing): void {
    for (const ear of this.ears)
      if ('tick' in passing) ear.ticked?.(passing.key, passing.tick);
      else ear.revoked?.(passing.revoked);
  }
}
