/**
 * Who may call a route. Every route bears exactly one mark: a second mark is refused when the class is loaded, and a route
 * without one refuses the start (route-marks.ts) and every request (the guard in auth). A mark knows only the token. What
 * somebody may do to one chapter or work is decided in the module's `domain/policy.ts`.
 *
 *     @Put(':id/draft')
 *     @Scope('chapters:write')
 *     save(@CurrentActor() actor: Actor, …)
 */
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { Actor, Scope as ScopeName } from '#libs/kernel/actor';

export const ACCESS = Symbol('access');
export type Access = 'public' | 'authenticated' | ScopeName;

/** Anyone, also without an account. A token that is sent must still be valid. */
export const Public = (): MethodDecorator => mark('public');

/** Everybody who is signed in, and every client whatever its scopes. */
export const Authenticated = (): MethodDecorator => mark('authenticated', ApiBearerAuth());

/** Tokens with this scope. An account that signed in itself has every scope; `admin` is only for admins. */
export const Scope = (scope: ScopeName): MethodDecorator => mark(scope, ApiBearerAuth(), ApiExtension('x-scope', scope));

function mark(access: Access, ...more: MethodDecorator[]): MethodDecorator {
  return (target, key, descriptor) => {
    if (Reflect.hasMetadata(ACCESS, descriptor.value as object))
      throw new Error(`${target.constructor.name}.${String(key)} has two access marks: leave the one that is meant.`);
    const kind = access === 'public' || access === 'authenticated' ? access : 'scope';
    for (const decorate of [SetMetadata(ACCESS, access), ApiExtension('x-access', kind), ...more])
      decorate(target, key, descriptor);
  };
}

/** What the guard sets on the request. */
export interface RequestWithActor {
  actor?: Actor;
  /** When the authority of this request ends: streams opened by it end then, too. */
  actorUntil?: Date;
  /** The session behind the token. */
  sessionId?: string;
  /** Of the account when its token was made (`Authority.epoch`). */
  tokenEpoch?: number;
}

/** The actor of the request: `undefined` only on `@Public` routes, for a visitor. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor | undefined => context.switchToHttp().getRequest<RequestWithActor>().actor,
);
