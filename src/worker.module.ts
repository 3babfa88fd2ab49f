import { BullModule } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { HttpWorkerModule } from '#libs/http/http.module';
import { LiveWorkerModule } from '#libs/live/live.module';
import { SchedulingWorkerModule } from '#libs/scheduling/scheduling.module';
import { EventsWorkerModule } from '#libs/events/events.module';
import { bullRoot } from '#libs/events/queues';
import { FOUNDATION, QUEUES } from './app.module.js';
import { AuthWorkerModule } from './auth/index.js';
import { ChaptersWorkerModule } from './chapters/index.js';
import { CommentsWorkerModule } from './comments/index.js';
import { RenderingWorkerModule } from './rendering/index.js';

/** The worker process: the same modules, started by the processors of their queues. */
@Module({
  imports: [
    ...FOUNDATION,
    bullRoot('worker'),
    BullModule.registerQueue(...QUEUES.map((name) => ({ name }))),
    EventsWorkerModule.forRoot(QUEUES),
    HttpWorkerModule,
    LiveWorkerModule,
    SchedulingWorkerModule,
    AuthWorkerModule,
    ChaptersWorkerModule,
    CommentsWorkerModule,
    RenderingWorkerModule,
  ],
})
export class WorkerModule {}
