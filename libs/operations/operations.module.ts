import { type DynamicModule, Module } from '@nestjs/common';
import { Draining, HealthController, SCHEMA_VERSION } from './health.controller.js';
import { EventPageController } from './event-page.controller.js';
import { EventViews } from '#libs/events/event-views';
import { EventsController } from '#libs/events/events.controller';
import { LandingController } from './landing.controller.js';

/** The landing page, and for operators health probes, the outbox timeline and the job board (board.ts). */
@Module({})
export class OperationsWebModule {
  static forRoot(newestMigration: string): DynamicModule {
    return {
      module: OperationsWebModule,
      controllers: [LandingController, HealthController, EventsController, EventPageController],
      providers: [Draining, EventViews, { provide: SCHEMA_VERSION, useValue: newestMigration }],
      exports: [Draining],
    };
  }
}
