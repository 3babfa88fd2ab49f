import fc from 'fast-check';
import { ConcurrencyLimit, ServerBusy } from './concurrency-limit.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A concurrency limit', () => {
  it('never runs more tasks than it allows, refuses exactly those that find the queue full, and is idle again afterwards', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 6 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (concurrent, queued, fails) => {
          const limit = new ConcurrencyLimit({ concurrent, queued });
          const order: number[] = [];
          let [running, most] = [0, 0];
          const results = await Promise.allSettled(
            fails.map((fail, i) =>
              limit.run(async () => {
                order.push(i);
                most = Math.max(most, ++running);
                await settled();
                running--;
                if (fail) throw new Error('the task failed');
              }),
            ),
          );
          const refused = results.flatMap((one, i) => (one.status === 'rejected' && one.reason instanceof ServerBusy ? [i] : []));
          expect(most).toBeLessThanOrEqual(concurrent);
          expect(refused).toEqual(fails.flatMap((_, i) => (i >= concurrent + queued ? [i] : [])));
          expect(order).toEqual(fails.map((_, i) => i).slice(0, concurrent + queued));
          await expect(limit.run(() => Promise.resolve('free'))).resolves.toBe('free');
        },
      ),
      { numRuns: 100 },
    ));

  it('tells whoever is refused when to come again', async () => {
    const limit = new ConcurrencyLimit({ concurrent: 1, queued: 0 });
    void limit.run(() => new Promise(() => undefined));
    await expect(limit.run(() => Promise.resolve())).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'server-busy',
      details: { retryAfter: 2 },
    });
  });
});
