import { type DynamicModule, Module } from '@nestjs/common';
import { Draining, HealthController, SCHEMA_VERSION } from './health.controller.js';
import { EventsController } from '#libs/events/events.controller';

/** What people who run Inkreel look at: probes, the outbox timeline, the job board (board.ts). */
@Module({})
export class OperationsWebModule {
  static forRoot(newestMigration: string): DynamicModule {
    return {
      module: OperationsWebModule,
      controllers: [HealthController, EventsController],
      providers: [Draining, { provide: SCHEMA_VERSION, useValue: newestMigration }],
      exports: [Draining],
    };
  }
}
