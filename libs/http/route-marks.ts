/**
 * Refuses the start while a handler has no access mark (access.ts), so that a forgotten one is found before it is deployed.
 * GraphQL resolvers and socket messages count as handlers, too.
 */
import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ACCESS } from './access.js';

/** What Nest stores on a method that answers HTTP, GraphQL or socket messages. */
const HANDLER_METADATA = ['method', 'graphql:resolver_type', 'websockets:message_mapping'];

@Injectable()
export class RouteMarks implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  /** @throws Error that names every handler without a mark. */
  onModuleInit(): void {
    const unmarked = [...this.modules.values()].flatMap(({ controllers, providers }) =>
      [...controllers.values(), ...providers.values()].flatMap(({ metatype }) =>
        typeof metatype === 'function' ? handlersWithoutMark(metatype) : [],
      ),
    );
    if (unmarked.length)
      throw new Error(
        `Give each of these a mark, @Public(), @Authenticated() or @Scope('…'): ${[...new Set(unmarked)].join(', ')}`,
      );
  }
}

function handlersWithoutMark({ name, prototype }: { name: string; prototype?: unknown }): string[] {
  const found: string[] = [];
  for (
    let level = prototype as object | null;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  )
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      const method: unknown = value;
      if (typeof method !== 'function' || !HANDLER_METADATA.some((kind) => Reflect.hasMetadata(kind, method))) continue;
      if (!Reflect.hasMetadata(ACCESS, method)) found.push(`${routeOf(method)} (${name}.${key})`);
    }
  return found;
}

function routeOf(method: object): string {
  const verb = Reflect.getMetadata('method', method) as RequestMethod | undefined;
  return verb === undefined ? 'message' : `${RequestMethod[verb]} ${String(Reflect.getMetadata('path', method))}`;
}
