/** The worker process: relays the outbox, reacts to events and runs jobs. It serves no HTTP. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createLog, NestLog } from '#libs/logging/log';
import { endOnError, endWithStarter, notifyStarter, readConfig } from '#libs/operations/process';
import { WorkerModule } from './worker.module.js';

const config = readConfig();
const log = createLog(config, 'worker');
endOnError(log);
const app = await NestFactory.createApplicationContext(WorkerModule, { logger: new NestLog(log), abortOnError: false });
app.enableShutdownHooks();
endWithStarter(app);
notifyStarter({ ready: true });
