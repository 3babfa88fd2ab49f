/**
 * Writes the OpenAPI document of the web process to standard output. Nothing is created or connected: no database, no Redis, no
 * environment. `npm run openapi` checks it.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi } from '#libs/http/openapi';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  preview: true, // Nest reads the classes and makes no instances
  logger: ['error'],
  abortOnError: false,
});
process.stdout.write(`${JSON.stringify(describeApi(app), null, 2)}\n`);
