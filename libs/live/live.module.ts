import { Global, Module } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { EventLog } from './event-log.js';
import { EventStreams } from './event-streams.js';
import { Hub } from './hub.js';
import { LiveController } from './live.controller.js';
import { LiveStreams } from './live-streams.js';
import { Sockets } from './sockets.js';
import { StreamKinds } from './stream-kinds.js';
import { Tickets } from './tickets.js';
import { LiveBus } from './live-bus.js';

/** Appending, for every process. `StreamKinds` stands here so that modules may register theirs without asking where they run. */
@Global()
@Module({
  providers: [LiveBus, LiveStreams, { provide: Live, useExisting: LiveStreams }, StreamKinds],
  exports: [Live, LiveBus, StreamKinds],
})
export class LiveModule {}

/** Listening, for web processes. Needs `TokenVerifier`, which the auth module answers globally. */
@Global()
@Module({
  imports: [LiveModule],
  controllers: [LiveController],
  providers: [EventLog, Hub, Sockets, EventStreams, Tickets],
  exports: [Hub, EventLog],
})
export class LiveWebModule {}
