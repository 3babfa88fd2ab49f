/**
 * Rate limits as routes declare them. Every route names its class; a server with a route that names none does not start.
 *
 *   @Post('works/:id/imports')
 *   @RateLimit('heavy')
 *   @Authenticated()
 *   import(…) {}
 *
 * How requests are counted: rate-limiter.ts. The budgets and their defaults: docs/limits.md.
 */
import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { RateBudgetName } from '#libs/config/rate-limits';
import { RouteOption } from './route-config.js';

export type RateLimitClass = 'read' | 'write' | 'heavy' | 'live' | 'auth';

export interface RouteLimit {
  readonly class: RateLimitClass;
  /** Budgets that count beside the one of the class. */
  readonly also: readonly RateBudgetName[];
}

interface BudgetRule {
  /** Whose requests are added up. `account`: of a valid access token; the address of a request without one. */
  readonly per: 'account' | 'address' | 'e-mail and address' | 'process';
  /** `redis`: exactly, over all processes. `process`: by each web process for itself. */
  readonly countedIn: 'redis' | 'process';
  /** While Redis cannot be asked: counted by each process for itself, or answered 503. */
  readonly withoutRedis: 'count in process' | 'refuse';
  readonly counts: string;
}

export const BUDGETS: Readonly<Record<RateBudgetName, BudgetRule>> = {
  read: {
    per: 'account',
    countedIn: 'process',
    withoutRedis: 'count in process',
    counts: 'GET and HEAD that cost little, and paths that lead nowhere',
  },
  write: { per: 'account', countedIn: 'redis', withoutRedis: 'count in process', counts: 'changes' },
  heavy: {
    per: 'account',
    countedIn: 'redis',
    withoutRedis: 'count in process',
    counts: 'imports, pictures and covers, renditions and their dry runs',
  },
  live: {
    per: 'address',
    countedIn: 'redis',
    withoutRedis: 'count in process',
    counts: 'WebSocket handshakes, event streams, tickets and pages of history',
  },
  auth: {
    per: 'address',
    countedIn: 'redis',
    withoutRedis: 'count in process',
    counts: 'sign-in, sign-up, refresh and sign-out together',
  },
  'sign-in': {
    per: 'e-mail and address',
    countedIn: 'redis',
    withoutRedis: 'refuse',
    counts: 'sign-ins for one e-mail address; a successful one is given back',
  },
  'sign-in-address': {
    per: 'address',
    countedIn: 'redis',
    withoutRedis: 'refuse',
    counts: 'sign-ins for any e-mail address; a successful one is given back',
  },
  'sign-up': { per: 'address', countedIn: 'redis', withoutRedis: 'refuse', counts: 'sign-ups' },
  'sign-up-process': {
    per: 'process',
    countedIn: 'process',
    withoutRedis: 'count in process',
    counts: 'sign-ups from all addresses together',
  },
  comment: { per: 'account', countedIn: 'redis', withoutRedis: 'count in process', counts: 'comments and replies' },
};

/** Declares the class of a route, and budgets that count beside it. See the head. */
export const RateLimit = (kind: RateLimitClass, ...also: RateBudgetName[]): MethodDecorator =>
  applyDecorators(RouteOption({ rateLimit: { class: kind, also } satisfies RouteLimit }), ApiExtension('x-rate-limit', kind));

interface ConfigWithLimit {
  rateLimit?: RouteLimit;
}

export const limitOf = (config: object): RouteLimit | undefined => (config as ConfigWithLimit).rateLimit;

/**
 * Refuses the start of a server that has a route without a class. Call it before any route is added.
 * @param others classes of the routes that no controller of ours declares, by the beginning of their path
 */
export function requireRateLimits(fastify: FastifyInstance, others: Readonly<Record<string, RateLimitClass>>): void {
  const unlimited: string[] = [];
  fastify.addHook('onRoute', (route) => {
    route.config ??= {};
    if (limitOf(route.config)) return;
    const [, kind] = Object.entries(others).find(([path]) => route.url === path || route.url.startsWith(`${path}/`)) ?? [];
    if (kind) (route.config as ConfigWithLimit).rateLimit = { class: kind, also: [] };
    else unlimited.push(`${[route.method].flat().join(',')} ${route.url}`);
  });
  fastify.addHook('onReady', (done) => {
    const sentence = `These routes have no rate limit: ${unlimited.join('; ')}. Add @RateLimit('read'), or the class that fits (libs/http/rate-limit.ts).`;
    done(unlimited.length ? new Error(sentence) : undefined);
  });
}
