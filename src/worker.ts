/** The worker process: relays the outbox, reacts to events and runs jobs. It serves no HTTP. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { endWithStarter, logger, readConfig, notifyStarter } from '#libs/operations/process';
import { WorkerModule } from './worker.module.js';

const config = readConfig();
const app = await NestFactory.createApplicationContext(WorkerModule, { logger: logger(config, 'worker'), abortOnError: false });
app.enableShutdownHooks();
endWithStarter(app);
notifyStarter({ ready: true });
