import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { Config } from '#libs/config/config';

/**
 * The Redis connections of this process: `commands` for short calls that must not wait for an absent server, `counting` for rate
 * limits, on which requests wait, and one subscriber shared by channel. Bull opens its own (libs/events/queues.ts). Redis may be unavailable or empty at any time, and whoever uses
 * it here must continue without it.
 */
@Injectable()
export class RedisClients implements OnApplicationShutdown {
  readonly commands: Redis;
  private readonly subscriber: Redis;
  private counter?: Redis;
  private readonly listeners = new Map<string, ((message: string) => void)[]>();
  private readonly returned: (() => void)[] = [];

  constructor(private readonly config: Config) {
    this.commands = this.connect({ maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 2_000 });
    this.subscriber = this.connect({ maxRetriesPerRequest: null, enableOfflineQueue: false, autoResubscribe: false });
    this.subscriber.on('message', (channel: string, message: string) =>
      this.listeners.get(channel)?.forEach((hear) => hear(message)),
    );
    let first = true;
    this.subscriber.on('ready', () => {
      // after each `ready`: a SUBSCRIBE sent before the ready check of ioredis ends makes that check fail
      const subscribed = this.listeners.size ? this.subscriber.subscribe(...this.listeners.keys()) : Promise.resolve();
      const isReturn = !first;
      first = false;
      subscribed.then(() => isReturn && this.returned.forEach((hook) => hook())).catch(() => undefined);
    });
  }

  /** Opened when first used: only web processes count. libs/http/rate-limit-counters.ts waits less for an answer than this timeout. */
  get counting(): Redis {
    return (this.counter ??= this.connect({ maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 2_000 }));
  }

  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  key(name: string): string {
    return `${this.config.redis.prefix}:${name}`;
  }

  /** Tells all processes something that each would also notice later without it. Never waits, never throws. */
  publish(channel: string, message: string): void {
    this.commands.publish(this.key(channel), message).catch(() => undefined);
  }

  subscribe(channel: string, hear: (message: string) => void): void {
    const key = this.key(channel);
    const listeners = this.listeners.get(key) ?? [];
    this.listeners.set(key, [...listeners, hear]);
    if (!listeners.length && this.subscriber.status === 'ready') this.subscriber.subscribe(key).catch(() => undefined);
  }

  /** Called when Redis is back after it was lost: whatever was published meanwhile is gone. */
  onReconnect(hook: () => void): void {
    this.returned.push(hook);
  }

  private connect(options: RedisOptions): Redis {
    const redis = new Redis(this.config.redis.url, { ...options, retryStrategy: (times) => Math.min(100 * times, 1_000) });
    redis.on('error', () => undefined); // /readyz reports it; a log line for every retry would say nothing more
    return redis;
  }

  onApplicationShutdown(): void {
    this.commands.disconnect();
    this.subscriber.disconnect();
    this.counter?.disconnect();
  }
}
