import { Global, Module } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { ConnectionServices } from './connection.js';
import { EventLog } from './event-log.js';
import { EventPresenters, EventReader } from './event-presenters.js';
import { EventStreams } from './event-streams.js';
import { Hub } from './hub.js';
import { LiveController } from './live.controller.js';
import { LiveLimits } from './live-limits.js';
import { LiveProjections } from './live-projections.js';
import { LiveRetention } from './live-retention.js';
import { LiveStreams } from './live-streams.js';
import { Sockets } from './sockets.js';
import { StreamAppender } from './stream-appender.js';
import { StreamKinds } from './stream-kinds.js';
import { Tickets } from './tickets.js';
import { LiveBus } from './live-bus.js';

/**
 * Writing, for every process. What modules register in `onModuleInit` (projections, presenters, kinds of streams) stands here,
 * so that they need not ask where they run.
 */
@Global()
@Module({
  providers: [LiveBus, { provide: Live, useClass: LiveStreams }, StreamAppender, LiveProjections, EventPresenters, StreamKinds],
  exports: [Live, LiveBus, LiveProjections, EventPresenters, StreamKinds],
})
export class LiveModule {}

/** Listening, for web processes. Needs `TokenVerifier`, which the auth module answers globally. */
@Global()
@Module({
  imports: [LiveModule],
  controllers: [LiveController],
  providers: [EventLog, EventReader, Hub, LiveLimits, ConnectionServices, Sockets, EventStreams, Tickets],
  exports: [Hub],
})
export class LiveWebModule {}

/** For workers: the chore that removes old events. */
@Module({ providers: [LiveRetention] })
export class LiveWorkerModule {}
