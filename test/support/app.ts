/**
 * The modules of the web process inside the test's process, for tests that need more than requests. Requests are tested against built
 * processes (stack.ts).
 */
import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { RequestMethod, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { freshDatabase, freshRedisPrefix, tempFolder } from './database.js';
import { until } from './until.js';

export interface App {
  fastify: FastifyInstance;
  /** Every route of the server, of Nest and of Fastify, as `GET /v1/works/:id`. HEAD, which Fastify adds to every GET, is left out. */
  routes: string[];
  /** The handlers of Nest's controllers by route, to ask for their decorators. */
  handlers: Map<string, { controller: object; method: object }>;
}

const open: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/**
 * @param controllers of the test's own, beside those of the product.
 * @param more routes that Nest knows nothing of.
 * @param without providers of the product that are left out.
 */
export async function startApp(
  controllers: Type[] = [],
  more: (fastify: FastifyInstance) => void = () => undefined,
  without: Type[] = [],
): Promise<App> {
  const [database, folder] = [await freshDatabase(), await tempFolder()];
  open.push(database.drop, folder.drop);
  Object.assign(process.env, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    RATE_LIMITS: 'all=1000000/60',
    DATABASE_URL: database.url,
    REDIS_URL: process.env.TEST_REDIS_URL,
    REDIS_PREFIX: freshRedisPrefix(),
    INKREEL_HOME: folder.path,
    SIGNING_KEY: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
  // after the environment is set: modules read it as they load
  const { Test } = await import('@nestjs/testing');
  const { getQueueToken } = await import('@nestjs/bull');
  const { AppModule, QUEUES } = await import('../../src/app.module.js');
  const { AdminSession } = await import('../../src/auth/index.js');
  const { Config } = await import('#libs/config/config');
  const { WorkerGroupQueues } = await import('#libs/events/worker-groups');
  const { fastifyAdapter, prepareServer } = await import('#libs/http/http-server');
  const { strictValidation } = await import('#libs/http/input');
  const { describeApi, serveDocs } = await import('#libs/http/openapi');
  const { createLog } = await import('#libs/logging/log');
  const { ProblemFilter } = await import('#libs/http/problems');
  const { mountBoard } = await import('#libs/operations/board');

  const config = new Config();
  const building = Test.createTestingModule({ imports: [AppModule], controllers });
  for (const provider of without) building.overrideProvider(provider).useValue({});
  const module = await building.compile();
  const nest = module.createNestApplication<NestFastifyApplication>(fastifyAdapter(config, createLog(config, 'test')), {
    logger: false,
  });
  open.push(() => nest.close());
  const routes: string[] = [];
  nest
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`);
    });
  const fastify = await prepareServer(nest, config);
  nest.useGlobalPipes(strictValidation());
  nest.useGlobalFilters(new ProblemFilter());
  const queues = QUEUES.map((name) => nest.get<never>(getQueueToken(name), { strict: false }));
  const workerGroupQueues = nest.get(WorkerGroupQueues);
  await mountBoard(fastify, nest.get(AdminSession), queues, () => workerGroupQueues.list(), config.publicUrl);
  serveDocs(nest, fastify, describeApi(nest));
  more(fastify);
  await nest.init();
  await fastify.ready();
  // until then sign-up and sign-in are refused, as requests cannot be counted
  await until(async () => (await fastify.inject('/readyz')).json<{ redis: string }>().redis === 'ready', 10_000);
  return { fastify, routes, handlers: handlersOf(nest) };
}

function handlersOf(nest: NestFastifyApplication): App['handlers'] {
  const handlers: App['handlers'] = new Map();
  for (const module of nest.get(ModulesContainer).values())
    for (const { metatype } of module.controllers.values()) {
      const controller = metatype as Type;
      for (const name of Object.getOwnPropertyNames(controller.prototype)) {
        const method = (controller.prototype as Record<string, object>)[name];
        const verb = Reflect.getMetadata('method', method) as RequestMethod | undefined;
        if (verb === undefined) continue;
        const paths = [controller, method].map((part) => [Reflect.getMetadata('path', part) as string | string[]].flat());
        for (const before of paths[0])
          for (const after of paths[1]) {
            const url = `/${before}/${after}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
            handlers.set(`${RequestMethod[verb]} ${url}`, { controller, method });
          }
      }
    }
  return handlers;
}
