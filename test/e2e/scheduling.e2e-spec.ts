/** Chores: run by one process at a time, on time, and once after an outage. */
import { Injectable } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { SystemClock } from '#libs/kernel/clock';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';
import { Scheduler } from '#libs/scheduling/scheduler';
import { databaseOptions } from '../../src/database.js';
import { freshDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let source: DataSource;
let drop: () => Promise<unknown>;
const workers: TestingModule[] = [];
beforeAll(async () => {
  const database = await freshDatabase();
  source = await new DataSource(databaseOptions(database.url, 8)).initialize();
  drop = database.drop;
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});
afterAll(async () => {
  await source.destroy();
  await drop();
});

let running = 0;
let most = 0;
let [counted, swept] = [0, 0];
let lamp: 'lit' | 'broken' = 'lit';

@Injectable()
class Lamplighter {
  @Chore('count-lamps', '1 h')
  async count(): Promise<number> {
    counted++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 200));
    running--;
    return 3;
  }

  @Chore('light-lamps', '1 d')
  light(): Promise<number> {
    return lamp === 'lit' ? Promise.resolve(1) : Promise.reject(new Error('the lamp is broken'));
  }

  @Chore('sweep-street', '1 h')
  sweep(run: ChoreRun): Promise<number> {
    return run.batches(10, () => {
      swept++;
      return Promise.resolve(swept === 3 ? 4 : 10);
    });
  }
}

/** A worker process: a scheduler of its own over the same database. */
async function startWorker(): Promise<void> {
  const worker = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [Scheduler, Lamplighter, { provide: Transaction, useValue: new Transaction(source, new SystemClock()) }],
  }).compile();
  workers.push(await worker.init());
}

const row = async (name: string) => {
  const [found] = await source.query<{ run: number; wait: number; handled: number | null; error: string | null }[]>(
    `SELECT c.run, extract(epoch FROM c.next_at - now())::float AS wait, r.handled, r.error
       FROM scheduling.chore c LEFT JOIN scheduling.chore_run r ON r.chore = c.name AND r.number = c.run
      WHERE c.name = $1 AND c.lease_until IS NULL AND r.ended_at IS NOT NULL`,
    [name],
  );
  return found;
};

const ended = (name: string, run: number) =>
  until(async () => {
    const found = await row(name);
    return found?.run === run && found;
  }, 60_000);

describe('A chore', () => {
  it('runs in one of three workers, and again when its period is over', async () => {
    await Promise.all([startWorker(), startWorker(), startWorker()]);
    const first = await ended('count-lamps', 1);
    expect(first).toMatchObject({ run: 1, handled: 3, error: null });
    expect(first.wait).toBeGreaterThan(3_500);
    // an outage of a week: what was missed is done once
    await source.query(`UPDATE scheduling.chore SET next_at = now() - interval '7 days' WHERE name = 'count-lamps'`);
    const next = await ended('count-lamps', 2);
    expect(next.wait).toBeGreaterThan(3_500);
    expect([counted, most]).toEqual([2, 1]);
  });

  it('goes on in batches until one is not full', async () => {
    swept = 0;
    await source.query(`UPDATE scheduling.chore SET next_at = now(), run = 100 WHERE name = 'sweep-street'`);
    await startWorker();
    expect(await ended('sweep-street', 101)).toMatchObject({
      handled: 24,
    });
    expect(swept).toBe(3);
  });

  it('that fails records why and is tried again in ten minutes, and does not stop others', async () => {
    lamp = 'broken';
    await source.query(`UPDATE scheduling.chore SET next_at = now(), run = 10 WHERE name = 'light-lamps'`);
    await startWorker();
    const failed = await ended('light-lamps', 11);
    expect(failed).toMatchObject({ error: 'the lamp is broken', handled: null });
    expect(failed.wait).toBeGreaterThan(500);
    expect(failed.wait).toBeLessThan(601);
  });

  it('is taken over from a process that was killed, whose run then changes nothing', async () => {
    lamp = 'lit';
    await source.query(
      `UPDATE scheduling.chore SET next_at = now() - interval '1 h', lease_until = now() - interval '1 s', run = 20 WHERE name = 'light-lamps'`,
    );
    await source.query(`INSERT INTO scheduling.chore_run (chore, number) VALUES ('light-lamps', 20)`);
    await startWorker();
    expect(await ended('light-lamps', 21)).toMatchObject({
      handled: 1,
    });
    const [dead] = await source.query<{ ended_at: Date | null }[]>(
      `SELECT ended_at FROM scheduling.chore_run WHERE chore = 'light-lamps' AND number = 20`,
    );
    expect(dead.ended_at).toBeNull();
  });
});
