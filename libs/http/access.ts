/**
 * Who may call a route. Every route carries one mark; one without is refused by the guard (auth) and by a test that
 * walks all routes. Marks say only what the whole site knows: whether the chapter is *yours* is the domain's to refuse.
 */
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { Actor, Role } from '#libs/kernel/actor';

export const ACCESS = Symbol('access');
export type Access = 'public' | Role;

/** Anyone, also without an account; a token that is sent must still be valid. */
export const Public = (): MethodDecorator & ClassDecorator => mark('public');

/** Accounts of at least this role. */
export const Allow = (role: Role): MethodDecorator & ClassDecorator => mark(role);

function mark(access: Access): MethodDecorator & ClassDecorator {
  const decorators = [
    SetMetadata(ACCESS, access),
    ApiExtension('x-access', access),
    ...(access === 'public' ? [] : [ApiBearerAuth()]),
  ];
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    for (const decorate of decorators)
      (decorate as (t: object, k?: string | symbol, d?: PropertyDescriptor) => void)(target, key, descriptor);
  };
}

/** What the guard leaves on the request. */
export interface RequestWithActor {
  actor?: Actor;
  /** When the authority of this request ends: streams opened by it end then, too. */
  actorUntil?: Date;
  /** The session behind the token. */
  sessionId?: string;
  /** Of the account when its token was made (`Authority.epoch`). */
  tokenEpoch?: number;
}

/** The account that asks: always there on `@Allow` routes, perhaps on `@Public` ones. */
export const SignedIn = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor | undefined => context.switchToHttp().getRequest<RequestWithActor>().actor,
);
