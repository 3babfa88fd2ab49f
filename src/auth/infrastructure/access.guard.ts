import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { Causation } from '#libs/events/causation';
import { type Access, ACCESS, type RequestWithActor } from '#libs/http/access';
import { bearerToken } from '#libs/http/bearer-token';
import { isAtLeast } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { type AccessClaims, AccessTokenRefused, AUDIENCE, JwtTokens } from './jwt-tokens.js';

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(tokens: JwtTokens) {
    super({
      jwtFromRequest: bearerToken,
      // a KeyObject, as trap of the string key goes; the type knows only strings and buffers
      secretOrKey: tokens.publicKey as unknown as Buffer,
      algorithms: ['ES256'],
      issuer: tokens.issuer,
      audience: AUDIENCE.api,
    });
  }

  validate(claims: AccessClaims): AccessClaims {
    return claims;
  }
}

class RoleTooLow extends DomainError {
  readonly code = 'role-too-low';
  readonly kind = 'forbidden';
  constructor(needed: string) {
    super(`This needs the role ${needed}: ask an admin for it.`);
  }
}
class RouteWithoutMark extends DomainError {
  readonly code = 'route-without-mark';
  readonly kind = 'forbidden';
  constructor() {
    super('This route says not who may call it, so nobody may.');
  }
}

/** Deny by default: a route is for whom its mark says (libs/http/access.ts), and without a mark for nobody. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return false; // sockets have their own door (libs/live/sockets.ts)
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
    if (!access) throw new RouteWithoutMark();
    const request = context.switchToHttp().getRequest<FastifyRequest & RequestWithActor & { user?: AccessClaims }>();
    if (request.headers.authorization === undefined) {
      if (access === 'public') return true;
      throw new AccessTokenRefused();
    }
    await super.canActivate(context);
    const claims = request.user!;
    request.actor = { id: claims.sub, role: claims.role };
    request.actorUntil = new Date(claims.exp * 1000);
    Causation.actor(claims.sub);
    if (access !== 'public' && !isAtLeast(request.actor, access)) throw new RoleTooLow(access);
    return true;
  }

  override handleRequest<T>(error: unknown, user: T): T {
    if (error || !user) throw new AccessTokenRefused();
    return user;
  }
}
