/** The HTTP process: REST, live sockets, docs and the job board. Queues are worked off by worker.ts. */
import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bull';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bull';
import { LanesToSee } from '#libs/events/lanes';
import { fastifyAdapter, prepareServer, takeOnlyWhatIsDescribed } from '#libs/http/http-server';
import { strictValidation } from '#libs/http/input';
import { describeApi, serveDocs } from '#libs/http/openapi';
import { ProblemFilter } from '#libs/http/problems';
import { mountBoard } from '#libs/operations/board';
import { Draining } from '#libs/operations/health.controller';
import { endWithStarter, logger, readConfig, tellStarter } from '#libs/operations/process';
import { AppModule, QUEUES } from './app.module.js';
import { AdminDoor } from './auth/index.js';

const config = readConfig();
const app = await NestFactory.create<NestFastifyApplication>(AppModule, fastifyAdapter(config), {
  logger: logger(config, 'web'),
  abortOnError: false,
});
const fastify = await prepareServer(app, config);
app.useGlobalPipes(strictValidation());
app.useGlobalFilters(new ProblemFilter());
app.enableShutdownHooks();
const queues = QUEUES.map((name) => app.get<Queue>(getQueueToken(name), { strict: false }));
const lanes = app.get(LanesToSee);
await mountBoard(fastify, app.get(AdminDoor), queues, () => lanes.list(), config.publicUrl);
const document = describeApi(app, config);
serveDocs(app, fastify, document);
takeOnlyWhatIsDescribed(fastify, document);
process.once('SIGTERM', () => (app.get(Draining).now = true));
endWithStarter(app);
try {
  await app.listen({ port: config.port, host: config.host });
} catch (error) {
  const taken = (error as { code?: string }).code === 'EADDRINUSE';
  console.error(
    taken ? `Port ${config.port} is taken: stop what listens there or set PORT to another.` : (error as Error).message,
  );
  process.exit(1);
}
tellStarter({ ready: true, port: (fastify.server.address() as { port: number }).port });
