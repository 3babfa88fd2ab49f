/**
 * The two adapters of the unit of work, for contract tests: what the specs of use cases run on, and what the product runs on. The
 * repositories of a module are made over either of them:
 *
 *     describe.each(UNITS_OF_WORK)('comments $on', ({ start, inMemory, postgres }) => { … });
 */
import { DataSource } from 'typeorm';
import type { Config } from '#libs/config/config';
import { Transaction } from '#libs/database/transaction';
import { FactObservers } from '#libs/events/fact-observers';
import { TransactionalOutbox } from '#libs/events/outbox';
import { SystemClock } from '#libs/kernel/clock';
import type { UnitOfWork } from '#libs/kernel/unit-of-work';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { RedisClients } from '#libs/redis/redis-clients';
import { databaseOptions } from '../../src/database.js';
import { freshDatabase, freshRedisPrefix } from './database.js';

export interface Running<Repositories> {
  unitOfWork: UnitOfWork;
  repositories: Repositories;
  /** The ids of the subjects of events that others can see. */
  recorded: () => Promise<string[]>;
  stop: () => Promise<void>;
}

/** How the repositories of a module are made over either adapter; equal promises, so one type. */
interface Making<Repositories> {
  inMemory: (unitOfWork: InMemoryUnitOfWork) => Repositories;
  postgres: (transaction: Transaction, redis: RedisClients) => Repositories;
}

interface Adapter {
  on: string;
  start: <Repositories>(making: Making<Repositories>) => Promise<Running<Repositories>>;
}

export const UNITS_OF_WORK: Adapter[] = [
  {
    on: 'in memory',
    start: async ({ inMemory }) => {
      const unitOfWork = new InMemoryUnitOfWork();
      return {
        unitOfWork,
        repositories: inMemory(unitOfWork),
        recorded: async () => unitOfWork.events.map(({ subject }) => subject.id),
        stop: async () => undefined,
      };
    },
  },
  {
    on: 'on PostgreSQL',
    start: async ({ postgres }) => {
      const database = await freshDatabase();
      const source = await new DataSource(databaseOptions(database.url, 4)).initialize();
      const redis = new RedisClients({ redis: { url: process.env.TEST_REDIS_URL!, prefix: freshRedisPrefix() } } as Config);
      const transaction = new Transaction(source, new SystemClock());
      new TransactionalOutbox(transaction, redis, { LampLit: ['comments'] }, new FactObservers());
      return {
        unitOfWork: transaction,
        repositories: postgres(transaction, redis),
        recorded: async () => {
          const rows = await source.query<{ id: string }[]>(`SELECT subject_id AS id FROM events.event WHERE type = 'LampLit'`);
          return rows.map(({ id }) => id);
        },
        stop: async () => {
          await source.destroy();
          await database.drop();
          redis.onApplicationShutdown();
        },
      };
    },
  },
];
