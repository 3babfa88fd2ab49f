import { BullModule } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { EventsWorkerModule } from '#libs/events/events.module';
import { bullRoot } from '#libs/events/queues';
import { FOUNDATION, QUEUES } from './app.module.js';
import { CommentsWorkerModule } from './comments/index.js';
import { RenderingWorkerModule } from './rendering/index.js';

/** The worker process: the same modules, started by the processors of their queues. */
@Module({
  imports: [
    ...FOUNDATION,
    bullRoot('worker'),
    BullModule.registerQueue(...QUEUES.map((name) => ({ name }))),
    EventsWorkerModule.forRoot(QUEUES),
    CommentsWorkerModule,
    RenderingWorkerModule,
  ],
})
export class WorkerModule {}
