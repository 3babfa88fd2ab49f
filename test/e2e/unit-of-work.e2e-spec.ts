/** What a use case gets from its unit of work: one time, and a record that shares the fate of what it changes. */
import { DataSource } from 'typeorm';
import type { Config } from '#libs/config/config';
import { Transaction } from '#libs/database/transaction';
import { FactObservers } from '#libs/events/fact-observers';
import { TransactionalOutbox } from '#libs/events/outbox';
import { SystemClock } from '#libs/kernel/clock';
import { RedisClients } from '#libs/redis/redis-clients';
import { databaseOptions } from '../../src/database.js';
import { freshDatabase, freshRedisPrefix } from '../support/database.js';

let source: DataSource;
let transaction: Transaction;
let close: (() => Promise<unknown>)[];
beforeAll(async () => {
  const database = await freshDatabase();
  source = await new DataSource(databaseOptions(database.url, 4)).initialize();
  const redis = new RedisClients({ redis: { url: process.env.TEST_REDIS_URL!, prefix: freshRedisPrefix() } } as Config);
  close = [() => source.destroy(), database.drop, () => Promise.resolve(redis.onApplicationShutdown())];
  transaction = new Transaction(source, new SystemClock());
  new TransactionalOutbox(transaction, redis, { LampLit: ['comments'] }, new FactObservers());
});
afterAll(async () => {
  for (const one of close) await one();
});

const lit = (id: string) => ({ type: 'LampLit', v: 1, subject: { kind: 'lamp', id }, data: {} });
const recorded = (id: string) =>
  source.query<object[]>(`SELECT FROM events.event WHERE type = 'LampLit' AND subject_id = $1`, [id]);

describe('A unit of work', () => {
  it('stores what it records with what it changes, and neither when it fails', async () => {
    await transaction.run(({ record }) => record(lit('kept')));
    expect(await recorded('kept')).toHaveLength(1);
    const failing = transaction.run(async ({ record }) => {
      await record(lit('lost'));
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await recorded('lost')).toHaveLength(0);
  });

  it('is joined by those that run inside it, which get the same time', async () => {
    await transaction.run(async ({ now }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await transaction.run(async (inner) => {
        expect(inner.now).toBe(now);
        await inner.record(lit('inside'));
      });
      expect(await recorded('inside')).toHaveLength(0); // another connection does not see it yet
    });
    expect(await recorded('inside')).toHaveLength(1);
  });
});
