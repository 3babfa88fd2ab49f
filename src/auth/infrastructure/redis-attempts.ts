import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisClients } from '#libs/redis/redis-clients';
import { Attempts } from '../domain/ports.js';

const ALLOWED = 10;
const WINDOW_SECONDS = 15 * 60;
const MOST_REMEMBERED = 10_000;

/** Counted in Redis for all processes together; while it is away each process counts for itself, so the door never stands open. */
@Injectable()
export class RedisAttempts extends Attempts {
  private readonly here = new Map<string, { failures: number; until: number }>();

  constructor(private readonly redis: RedisClients) {
    super();
  }

  async secondsToWait(email: string, address: string): Promise<number> {
    const key = this.key(email, address);
    const own = this.here.get(key);
    const remaining = own && own.failures >= ALLOWED ? Math.ceil((own.until - Date.now()) / 1_000) : 0;
    if (remaining > 0) return remaining;
    try {
      const [[, failures], [, ttl]] = (await this.redis.commands.multi().get(key).ttl(key).exec()) as [
        [null, string | null],
        [null, number],
      ];
      return Number(failures ?? 0) >= ALLOWED ? Math.max(ttl, 1) : 0;
    } catch {
      return 0;
    }
  }

  async failed(email: string, address: string): Promise<void> {
    const key = this.key(email, address);
    const own = this.here.get(key);
    if (this.here.size > MOST_REMEMBERED) this.here.clear();
    if (own && own.until > Date.now()) own.failures++;
    else this.here.set(key, { failures: 1, until: Date.now() + WINDOW_SECONDS * 1_000 });
    await this.redis.commands
      .multi()
      .set(key, 0, 'EX', WINDOW_SECONDS, 'NX')
      .incr(key)
      .exec()
      .catch(() => undefined);
  }

  async succeeded(email: string, address: string): Promise<void> {
    const key = this.key(email, address);
    this.here.delete(key);
    await this.redis.commands.del(key).catch(() => undefined);
  }

  private key(email: string, address: string): string {
    return this.redis.key(`attempts:${createHash('sha256').update(`${email}\n${address}`).digest('base64url')}`);
  }
}
