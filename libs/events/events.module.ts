import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { Outbox } from '#libs/kernel/outbox';
import { RedisClients } from '#libs/redis/redis-clients';
import { DeliveryRow, EventRow } from './event.row.js';
import { FactObservers } from './fact-observers.js';
import { EventsRetention } from './events-retention.js';
import { Handling } from './handling.js';
import { Jobs } from './jobs.js';
import { EventsBaseline1795996800100 } from './migrations/1795996800100-events-baseline.js';
import { type Reactions, REACTIONS, TransactionalOutbox } from './outbox.js';
import { ReactionCheck } from './reaction-check.js';
import { Relay } from './relay.js';
import { Queues, REGISTERED_QUEUES, WorkerGroupQueues } from './worker-groups.js';

export const eventsSchema: Schema = {
  rows: [EventRow, DeliveryRow],
  migrations: [EventsBaseline1795996800100],
  retention: {
    'events.event': '90 days; one that a consumer has not handled, 365 days.',
    'events.delivery': 'As long as its event.',
  },
};

/** The outbox for every module; workers add `EventsWorkerModule`, which relays and reconciles. */
@Global()
@Module({})
export class EventsModule {
  static forRoot(reactions: Reactions): DynamicModule {
    return {
      module: EventsModule,
      providers: [
        RedisClients,
        { provide: REACTIONS, useValue: reactions },
        FactObservers,
        { provide: Outbox, useClass: TransactionalOutbox },
        Handling,
        Jobs,
        WorkerGroupQueues,
      ],
      exports: [RedisClients, FactObservers, Outbox, Handling, Jobs, WorkerGroupQueues, REACTIONS],
    };
  }
}

@Global()
@Module({})
export class EventsWorkerModule {
  /** @param queues the queues registered with Bull; deliveries for any other queue stay in the outbox. */
  static forRoot(queues: readonly string[]): DynamicModule {
    return {
      module: EventsWorkerModule,
      providers: [{ provide: REGISTERED_QUEUES, useValue: queues }, Queues, Relay, ReactionCheck, EventsRetention],
      exports: [Queues],
    };
  }
}
