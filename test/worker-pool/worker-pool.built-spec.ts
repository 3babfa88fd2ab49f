/** The worker pool over its built thread: what it runs, refuses, stops and ends. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ServerBusy } from '#libs/kernel/concurrency-limit';
import type { Task } from '#libs/worker-pool/task';
import { type PoolOptions, TextTakesTooLong, WorkerPool } from '#libs/worker-pool/worker-pool';

const ROOT = resolve(import.meta.dirname, '../..');
const thread = pathToFileURL(resolve(process.env.INKREEL_DIST ?? resolve(ROOT, 'dist'), 'libs/worker-pool/task.thread.js'));
const file = pathToFileURL(resolve(ROOT, 'test/support/pool-tasks.mjs')).href;

class TooOdd extends Error {
  readonly code = 'too-odd';
}
const inline = (): never => {
  throw new Error('This ran on the event loop.');
};
const task = <In, Out>(name: string, size = 10_000): Task<In, Out> => ({
  file,
  name,
  run: inline,
  size: () => size,
  refusals: [TooOdd],
});

const pools: WorkerPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.onApplicationShutdown())));
function poolOf(options: PoolOptions): WorkerPool {
  const pool = new WorkerPool({ threads: 1, thread, ...options });
  pools.push(pool);
  return pool;
}

const spin = task<{ ms: number }, number>('spin');

it('runs a small task at once, and a large one in a thread while the event loop goes on', async () => {
  const pool = poolOf({});
  expect(await pool.run({ ...task<string, string>('length', 10), run: () => 'inline' }, 'ab')).toBe('inline');
  expect(await pool.run(task<string, number>('length'), 'ab')).toBe(2);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 10);
  await pool.run(spin, { ms: 500 });
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(10);
});

it('refuses what does not fit into the queue, and serves what waits in it', async () => {
  const pool = poolOf({ maxWaiting: 2 });
  const answers = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => pool.run(spin, { ms: 300 })));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(ServerBusy);
  expect(await pool.run(spin, { ms: 1 })).toBe(1);
});

it('refuses more text than it may hold, but never a text that is alone', async () => {
  const pool = poolOf({ maxCharacters: 15_000 });
  const large = task<{ ms: number }, number>('spin', 20_000);
  const first = pool.run(large, { ms: 300 });
  await expect(pool.run(spin, { ms: 1 })).rejects.toBeInstanceOf(ServerBusy);
  expect(await first).toBe(300);
  expect(await pool.run(spin, { ms: 1 })).toBe(1);
});

it('stops a task that takes too long and tells it from one that never began', async () => {
  const pool = poolOf({ timeoutMs: 1_500 });
  const [running, waiting] = await Promise.allSettled([pool.run(spin, { ms: 60_000 }), pool.run(spin, { ms: 60_000 })]);
  expect(running).toMatchObject({ status: 'rejected', reason: expect.any(TextTakesTooLong) });
  expect(waiting).toMatchObject({ status: 'rejected' });
  expect(await pool.run(spin, { ms: 1 })).toBe(1);
});

it('gives a task that has waited as much time as one that began at once', async () => {
  const pool = poolOf({ timeoutMs: 2_000 });
  expect(await Promise.all([pool.run(spin, { ms: 1_600 }), pool.run(spin, { ms: 1_200 })])).toEqual([1_600, 1_200]);
});

it('stops a task whose client has gone, and begins none of a client that has gone before', async () => {
  const pool = poolOf({});
  const gone = new AbortController();
  const began = performance.now();
  const asked = [pool.run(spin, { ms: 60_000 }, gone), pool.run(spin, { ms: 60_000 }, gone)];
  setTimeout(() => gone.abort(new Error('gone')), 300);
  for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject({ reason: new Error('gone') });
  await expect(pool.run(spin, { ms: 1 }, gone)).rejects.toThrow('gone');
  expect(await pool.run(spin, { ms: 1 })).toBe(1);
  expect(performance.now() - began).toBeLessThan(30_000);
});

it('ends a thread at its limit of memory, and the process lives on', async () => {
  const pool = poolOf({ memoryMb: 64 });
  await expect(pool.run(task('hoard'), undefined)).rejects.toBeInstanceOf(TextTakesTooLong);
  expect(await pool.run(spin, { ms: 1 })).toBe(1);
});

it('hands over a refusal as what it was, and a mistake as a mistake', async () => {
  const pool = poolOf({});
  const refused = await pool.run(task('refuse'), undefined).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(TooOdd);
  expect(refused).toMatchObject({ code: 'too-odd', kind: 'invalid', message: 'Send an even number.', details: { limit: 3 } });
  await expect(pool.run(task('fail'), undefined)).rejects.toThrow('A mistake of ours.');
});
