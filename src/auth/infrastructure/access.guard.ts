import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Causation } from '#libs/events/causation';
import { type Access, ACCESS, type RequestWithActor } from '#libs/http/access';
import { bearerToken } from '#libs/http/bearer-token';
import { hasScope, type Scope } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { AccessTokens } from './access-tokens.js';
import { AccessTokenRefused } from './jwt-tokens.js';

class ScopeMissing extends DomainError {
  readonly code = 'scope-missing';
  readonly kind = 'forbidden';
  constructor(scope: Scope) {
    super(
      scope === 'admin'
        ? 'Only admins may do this: sign in with an admin account.'
        : `The access token lacks the scope ${scope}: ask for a token that has it.`,
      { scope },
    );
  }
}
class RouteWithoutMark extends DomainError {
  readonly code = 'route-without-mark';
  readonly kind = 'forbidden';
  constructor() {
    super('This route does not say who may call it, so nobody may. Report it to whoever runs this site.');
  }
}

/** Deny by default: a route is for whom its mark says (libs/http/access.ts), and without a mark for nobody. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AccessTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return false; // sockets verify their tokens themselves (libs/live/sockets.ts)
    const access = this.reflector.get<Access | undefined>(ACCESS, context.getHandler());
    if (!access) throw new RouteWithoutMark();
    const request = context.switchToHttp().getRequest<FastifyRequest & RequestWithActor>();
    const { authorization } = request.headers;
    if (authorization === undefined && access === 'public') return true;
    const token = bearerToken(request);
    if (!token) throw new AccessTokenRefused();
    const { actor, expiresAt, sessionId, epoch } = await this.tokens.verify(token);
    Object.assign(request, { actor, actorUntil: expiresAt, sessionId, tokenEpoch: epoch } satisfies RequestWithActor);
    Causation.actor(actor.id);
    if (access !== 'public' && access !== 'authenticated' && !hasScope(actor, access)) throw new ScopeMissing(access);
    return true;
  }
}
