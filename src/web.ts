/** The web process: REST, live connections, documentation and the job board. Jobs run in worker.ts. */
import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bull';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bull';
import { WorkerGroupQueues } from '#libs/events/worker-groups';
import { fastifyAdapter, prepareServer } from '#libs/http/http-server';
import { strictValidation } from '#libs/http/input';
import { describeApi, serveDocs } from '#libs/http/openapi';
import { ProblemFilter } from '#libs/http/problems';
import { rejectUndocumentedInput } from '#libs/http/route-inputs';
import { createLog, NestLog } from '#libs/logging/log';
import { mountBoard } from '#libs/operations/board';
import { Draining } from '#libs/operations/health.controller';
import { endOnError, endWithStarter, notifyStarter, readConfig } from '#libs/operations/process';
import { AppModule, QUEUES } from './app.module.js';
import { AdminSession } from './auth/index.js';

const config = readConfig();
const log = createLog(config, 'web');
endOnError(log);
const app = await NestFactory.create<NestFastifyApplication>(AppModule, fastifyAdapter(config, log), {
  logger: new NestLog(log),
  abortOnError: false,
});
const fastify = await prepareServer(app, config);
app.useGlobalPipes(strictValidation());
app.useGlobalFilters(new ProblemFilter());
app.enableShutdownHooks();
const queues = QUEUES.map((name) => app.get<Queue>(getQueueToken(name), { strict: false }));
const workerGroupQueues = app.get(WorkerGroupQueues);
await mountBoard(fastify, app.get(AdminSession), queues, () => workerGroupQueues.list(), config.publicUrl);
const document = describeApi(app);
serveDocs(app, fastify, document);
rejectUndocumentedInput(app, document);
process.once('SIGTERM', () => (app.get(Draining).now = true));
endWithStarter(app);
try {
  await app.listen({ port: config.port, host: config.host });
} catch (error) {
  const taken = (error as { code?: string }).code === 'EADDRINUSE';
  log.fatal(taken ? `Port ${config.port} is taken: stop what listens there or set PORT to another.` : (error as Error).message);
  process.exit(1);
}
notifyStarter({ ready: true, port: (fastify.server.address() as { port: number }).port });
