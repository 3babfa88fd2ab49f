import fc from 'fast-check';
import { JoinQueue, type Waiting } from './join-queue.js';

type One = Waiting & { readonly n: number };

/** A queue whose servings end when the test says so. */
function served(
  atOnce: number,
  batch = 200,
): {
  queue: JoinQueue<One>;
  running: { stream: string; end: () => void }[];
  batches: One[][];
  endOne(at?: number): Promise<void>;
} {
  const running: { stream: string; end: () => void }[] = [];
  const batches: One[][] = [];
  const queue = new JoinQueue<One>(atOnce, batch, (stream, waiting) => {
    batches.push([...waiting]);
    return new Promise((end) => running.push({ stream, end }));
  });
  const endOne = async (at = 0): Promise<void> => {
    running.splice(at, 1)[0]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, running, batches, endOne };
}

it('lets an innocent reader wait for one join of each other address, whatever the flood', async () => {
  const { queue, batches, endOne } = served(1);
  for (let n = 0; n < 5_000; n++) queue.add({ stream: `chapter:${n}`, address: `flood ${n % 3}`, n });
  queue.add({ stream: 'chapter:quiet', address: 'innocent', n: -1 });
  let before = 0;
  while (!batches.at(-1)!.some(({ address }) => address === 'innocent')) {
    await endOne();
    before++;
  }
  expect(before).toBeLessThanOrEqual(4);
});

it('serves all who wait for one stream together, and one who left not at all', async () => {
  const { queue, batches, endOne } = served(1, 50);
  queue.add({ stream: 'chapter:first', address: 'a', n: 0 });
  const crowd = Array.from({ length: 120 }, (_, n) => ({ stream: 'chapter:x', address: `reader ${n}`, n }));
  crowd.forEach((one) => queue.add(one));
  queue.remove(crowd[7]);
  for (let i = 0; i < 4; i++) await endOne();
  expect(batches.slice(1).map(({ length }) => length)).toEqual([50, 50, 19]);
  expect(queue.length).toBe(0);
});

it('serves everybody once, never too many streams at a time, and none twice at the same time', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.nat(9), from: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ end: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(60) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 4 }), async (steps, atOnce) => {
      const { queue, running, batches, endOne } = served(atOnce, 3);
      const all: One[] = [];
      const left = new Set<One>();
      for (const what of steps) {
        if ('add' in what) {
          const one = { stream: `s${what.add}`, address: `a${what.from}`, n: all.length };
          all.push(one);
          queue.add(one);
        } else if ('leave' in what && all[what.leave]) {
          if (!batches.flat().includes(all[what.leave])) left.add(all[what.leave]);
          queue.remove(all[what.leave]);
        } else if ('end' in what) await endOne(what.end % Math.max(1, running.length));
        expect(running.length).toBeLessThanOrEqual(atOnce);
        expect(new Set(running.map(({ stream }) => stream)).size).toBe(running.length);
      }
      while (running.length) await endOne();
      const done = batches.flat();
      expect(new Set(done).size).toBe(done.length);
      expect(done.map(({ n }) => n).sort((a, b) => a - b)).toEqual(all.filter((one) => !left.has(one)).map(({ n }) => n));
    }),
    { numRuns: 200 },
  );
});
