/**
 * Counts requests before any work is done for them, and refuses those above a budget with 429. The answer says what is allowed
 * and what is left (draft-ietf-httpapi-ratelimit-headers-10):
 *
 *   RateLimit-Policy: "write";q=60;w=60
 *   RateLimit: "write";r=59;t=60
 *
 * A budget "per account" counts the account of a valid access token, and the address of a request without one, so that made-up
 * tokens earn no budget of their own.
 */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#libs/config/config';
import type { RateBudgetName } from '#libs/config/rate-limits';
import { TokenVerifier } from '#libs/kernel/token-verifier';
import { RedisClients } from '#libs/redis/redis-clients';
import { bearerToken } from './bearer-token.js';
import { addressKey } from './client-address.js';
import { refuseLater } from './late-refusals.js';
import { BadRequest } from './problems.js';
import { BUDGETS, limitOf, type RouteLimit } from './rate-limit.js';
import { type Count, MemoryCounter, RedisCounter, RedisHealth } from './rate-limit-counters.js';

/** For paths that lead nowhere. */
const UNROUTED: RouteLimit = { class: 'read', also: [] };
/** Until sign-in is worth another try while Redis is away. */
const RETRY_SECONDS = 5;

/** What a successful sign-in was counted for is given back. */
const GIVEN_BACK: ReadonlySet<RateBudgetName> = new Set(['auth', 'sign-in', 'sign-in-address']);

interface Counted {
  readonly name: RateBudgetName;
  readonly count: Count;
}

interface RequestWithCounts {
  rateCounts?: Counted[];
}

@Injectable()
export class RateLimiter {
  private readonly exact = new Map<RateBudgetName, RedisCounter>();
  private readonly here = new Map<RateBudgetName, MemoryCounter>();
  private readonly policies = new Map<RateBudgetName, string>();

  constructor(
    config: Config,
    redis: RedisClients,
    private readonly verifier: TokenVerifier,
  ) {
    const health = new RedisHealth();
    for (const name of Object.keys(BUDGETS) as RateBudgetName[]) {
      const budget = config.rateLimits[name];
      this.policies.set(name, `"${name}";q=${budget.requests};w=${budget.seconds}`);
      this.here.set(name, new MemoryCounter(budget));
      if (BUDGETS[name].countedIn === 'redis')
        this.exact.set(name, new RedisCounter(redis.counting, health, budget, redis.key(`rate:${name}`), GIVEN_BACK.has(name)));
    }
  }

  /** Counts a request by the class of its route. @returns undefined when that needed no waiting. */
  admit(request: FastifyRequest, reply: FastifyReply, limit: RouteLimit): Promise<void> | undefined {
    const key = limit.class === 'read' && !limit.also.length ? this.readerKey(request) : undefined;
    if (key === undefined) return this.admitLater(request, reply, limit);
    this.answer(request, reply, { name: 'read', count: this.here.get('read')!.count(key) });
    return undefined;
  }

  /** Whose read this is. @returns undefined when its token was not verified yet. */
  private readerKey(request: FastifyRequest): string | undefined {
    if (request.headers.authorization === undefined) return addressKey(request.ip);
    const token = bearerToken(request);
    return token === null ? addressKey(request.ip) : this.verifier.remembered(token)?.actor.id;
  }

  /**
   * Counts a sign-in by e-mail and address, whether or not there is such an account: the answer does not tell. Call `giveBack`
   * when the password was right.
   */
  async admitSignIn(request: FastifyRequest, reply: FastifyReply, normalEmail: string): Promise<void> {
    const key = createHash('sha256')
      .update(`${normalEmail}\n${addressKey(request.ip)}`)
      .digest('base64url');
    this.answer(request, reply, { name: 'sign-in', count: await this.count('sign-in', key) });
  }

  /** What this request was counted for is not counted after all. */
  giveBack(request: FastifyRequest): void {
    for (const { count } of (request as RequestWithCounts).rateCounts ?? []) count.giveBack();
  }

  /** For what is no HTTP request of ours, such as a WebSocket handshake. @returns seconds to wait when it is one too many. */
  async secondsToWait(name: RateBudgetName, address: string): Promise<number | undefined> {
    const { isOver, msLeft } = await this.count(name, addressKey(address));
    return isOver ? Math.max(1, Math.ceil(msLeft / 1_000)) : undefined;
  }

  private async admitLater(request: FastifyRequest, reply: FastifyReply, limit: RouteLimit): Promise<void> {
    for (const name of [limit.class, ...limit.also]) {
      const { per } = BUDGETS[name];
      const account = per === 'account' ? await this.accountOf(request) : undefined;
      const key = per === 'process' ? '' : (account ?? addressKey(request.ip));
      this.answer(request, reply, { name, count: await this.count(name, key) });
    }
  }

  private async accountOf(request: FastifyRequest): Promise<string | undefined> {
    const token = bearerToken(request);
    if (!token) return undefined;
    try {
      return (await this.verifier.verify(token)).actor.id;
    } catch {
      return undefined; // the guard says so to the client
    }
  }

  private async count(name: RateBudgetName, key: string): Promise<Count> {
    const exact = this.exact.get(name);
    const count = await exact?.count(key);
    if (count) return count;
    if (exact && BUDGETS[name].withoutRedis === 'refuse')
      throw new BadRequest(
        'sign-in-unavailable',
        `Signing in and signing up are not possible just now, as requests cannot be counted: try again in ${RETRY_SECONDS} seconds.`,
        { retryAfter: RETRY_SECONDS },
        503,
      );
    return this.here.get(name)!.count(key);
  }

  private answer(request: FastifyRequest & RequestWithCounts, reply: FastifyReply, counted: Counted): void {
    const counts = (request.rateCounts ??= []);
    const isFirst = counts.push(counted) === 1;
    const { name, count } = counted;
    reply.header(
      'ratelimit-policy',
      isFirst ? this.policies.get(name)! : counts.map((one) => this.policies.get(one.name)!).join(', '),
    );
    reply.header('ratelimit', isFirst ? described(counted) : counts.map(described).join(', '));
    if (!count.isOver) return;
    const seconds = Math.max(1, Math.ceil(count.msLeft / 1_000));
    throw new BadRequest(
      'too-many-requests',
      `The budget "${name}" is spent (RateLimit-Policy says how much it is): try again in ${seconds} seconds.`,
      { retryAfter: seconds },
      429,
    );
  }
}

const described = ({ name, count }: Counted): string => `"${name}";r=${count.remaining};t=${Math.ceil(count.msLeft / 1_000)}`;

/** Counts each request as soon as its route is known: before its body is read. */
export function limitRates(fastify: FastifyInstance, limiter: RateLimiter): void {
  fastify.decorateRequest('rateCounts');
  fastify.addHook('onRequest', (request, reply, done) => {
    const limit = limitOf(request.routeOptions.config) ?? UNROUTED;
    const refuse = (refusal: Error): void => (limit.class === 'live' ? refuseLater(() => done(refusal)) : done(refusal));
    const waiting = limiter.admit(request, reply, limit);
    if (waiting) waiting.then(() => done(), refuse);
    else done();
  });
}
