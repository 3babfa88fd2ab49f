import { Module } from '@nestjs/common';
import { BullModule } from '@nestjs/bull';
import { ConfigModule } from '#libs/config/config.module';
import { DatabaseModule } from '#libs/database/database.module';
import { EventsModule } from '#libs/events/events.module';
import { bullRoot } from '#libs/events/queues';
import { HttpModule } from '#libs/http/http.module';
import { LiveModule, LiveWebModule } from '#libs/live/live.module';
import { OperationsWebModule } from '#libs/operations/operations.module';
import { SchedulingWebModule } from '#libs/scheduling/scheduling.module';
import { ObjectLinksModule, StorageModule } from '#libs/storage/storage.module';
import { WorkerPoolModule } from '#libs/worker-pool/worker-pool.module';
import { AuthWebModule } from './auth/index.js';
import { ChaptersWebModule } from './chapters/index.js';
import { CommentsWebModule } from './comments/index.js';
import { NEWEST_MIGRATION, SCHEMAS } from './database.js';
import { EventSubjectsModule } from './event-subjects.js';
import { EVENT_QUEUES, REACTIONS } from './reactions.js';
import { RenderingWebModule } from './rendering/index.js';

/** All queues that any worker serves; those of worker groups (libs/events/worker-groups.ts) are added while workers run. */
export const QUEUES = [...EVENT_QUEUES, 'render.plan', 'render.express'];

/** Modules of both processes. */
export const FOUNDATION = [
  ConfigModule,
  DatabaseModule.forRoot(SCHEMAS),
  EventsModule.forRoot(REACTIONS),
  LiveModule,
  StorageModule,
  WorkerPoolModule,
];

/** The web process. */
@Module({
  imports: [
    ...FOUNDATION,
    bullRoot('web'),
    BullModule.registerQueue(...QUEUES.map((name) => ({ name }))),
    HttpModule,
    SchedulingWebModule,
    LiveWebModule,
    ObjectLinksModule,
    EventSubjectsModule,
    OperationsWebModule.forRoot(NEWEST_MIGRATION),
    AuthWebModule,
    ChaptersWebModule,
    CommentsWebModule,
    RenderingWebModule,
  ],
})
export class AppModule {}
