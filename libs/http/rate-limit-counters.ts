/**
 * The two ways to count requests in fixed windows: in Redis, exactly over all processes, and in the memory of this one.
 * RateLimiterMemory of the library keeps a timer for each key and any number of keys; MemoryCounter keeps the 10,000 used last.
 */
import { LRUCache } from 'lru-cache';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Redis } from 'ioredis';
import type { RateBudget } from '#libs/config/rate-limits';

export interface Count {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Until the window ends. */
  readonly msLeft: number;
  /** Takes this one request back. */
  giveBack(): void;
}

const MOST_KEYS = 10_000;

interface Window {
  used: number;
  readonly endsAt: number;
}

export class MemoryCounter {
  private readonly windows = new LRUCache<string, Window>({ max: MOST_KEYS });

  constructor(private readonly budget: RateBudget) {}

  count(key: string, now = Date.now()): Count {
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { used: 0, endsAt: now + this.budget.seconds * 1_000 };
      this.windows.set(key, window);
    }
    window.used++;
    return new MemoryCount(window, this.budget.requests, now);
  }
}

class MemoryCount implements Count {
  readonly isOver: boolean;
  readonly remaining: number;
  readonly msLeft: number;

  constructor(
    private readonly window: Window,
    allowed: number,
    now: number,
  ) {
    this.isOver = window.used > allowed;
    this.remaining = Math.max(0, allowed - window.used);
    this.msLeft = window.endsAt - now;
  }

  giveBack(): void {
    this.window.used--;
  }
}

/** How long a request waits for Redis to count it. */
const PATIENCE_MS = 1_000;
/** How long Redis is left alone after it failed to answer; then one request tries it again, while others count in memory. */
const PAUSE_MS = 1_000;

/** Whether Redis answers, shared by all budgets. Without it each request would wait for the timeout of its own command. */
export class RedisHealth {
  private pausedUntil = 0;

  /** False while Redis is left alone. True for one caller after each pause, and for all once that one has succeeded. */
  mayAsk(now = Date.now()): boolean {
    if (this.pausedUntil === 0) return true;
    if (now < this.pausedUntil) return false;
    this.pausedUntil = now + PAUSE_MS;
    return true;
  }
  succeeded(): void {
    this.pausedUntil = 0;
  }
  failed(now = Date.now()): void {
    this.pausedUntil = now + PAUSE_MS;
  }
}

/**
 * The library's script, with one more line: a request given back after its window has ended changes nothing. The library would
 * begin the next window at -1 and let one more through.
 */
const COUNT = `
if tonumber(ARGV[1]) < 0 and redis.call('exists', KEYS[1]) == 0 then return {0, 1000 * ARGV[2]} end
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
return {redis.call('incrby', KEYS[1], ARGV[1]), redis.call('pttl', KEYS[1])}`;

export class RedisCounter {
  private readonly limiter: RateLimiterRedis;
  /** When the windows end whose budget is spent: until then a flood of requests is refused without asking Redis. */
  private readonly spent = new LRUCache<string, number>({ max: MOST_KEYS });

  /** @param canBeGivenBack whether requests of this budget may be given back, also by another process: then Redis is asked each time. */
  constructor(
    redis: Redis,
    private readonly health: RedisHealth,
    private readonly budget: RateBudget,
    keyPrefix: string,
    private readonly canBeGivenBack: boolean,
  ) {
    this.limiter = new RateLimiterRedis({
      storeClient: redis,
      points: budget.requests,
      duration: budget.seconds,
      keyPrefix,
      rejectIfRedisNotReady: true,
      customIncrTtlLuaScript: COUNT,
    });
  }

  /** @returns undefined when Redis cannot be asked. */
  async count(key: string): Promise<Count | undefined> {
    const msLeft = (this.spent.get(key) ?? 0) - Date.now();
    if (msLeft > 0) return { isOver: true, remaining: 0, msLeft, giveBack: () => undefined };
    if (!this.health.mayAsk()) return undefined;
    const result = await withinPatience(this.limiter.consume(key));
    if (!(result instanceof RateLimiterRes)) {
      this.health.failed();
      return undefined;
    }
    this.health.succeeded();
    const isOver = result.consumedPoints > this.budget.requests;
    if (isOver && !this.canBeGivenBack) this.spent.set(key, Date.now() + result.msBeforeNext);
    return {
      isOver,
      remaining: result.remainingPoints,
      msLeft: result.msBeforeNext,
      giveBack: () => void this.limiter.reward(key).catch(() => undefined),
    };
  }
}

/**
 * What a promise came to, good or bad, or undefined when that took too long. After a long turn of the event loop the timer is due
 * before the answer that has arrived meanwhile is read: setImmediate lets it be read first.
 */
async function withinPatience(result: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((done) => (timer = setTimeout(() => setImmediate(done, undefined), PATIENCE_MS)));
  const outcome = await Promise.race([result.catch((refusal: unknown) => refusal), late]);
  clearTimeout(timer);
  return outcome;
}
