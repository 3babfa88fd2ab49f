import { EventEmitter, once } from 'node:events';
import type { Job, Queue } from 'bull';
import { paced } from './paced.js';
import { Slots } from './slots.js';

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const ever = new AbortController().signal;

/** What Bull does with a queue of that concurrency: each loop asks for a job, has it processed, and takes what comes back as its next. */
class Loops {
  readonly waiting: string[] = [];
  readonly active: string[] = [];
  readonly ends = new EventEmitter();

  getNextJob(): Promise<Job | undefined> {
    const id = this.waiting.shift();
    return Promise.resolve(id === undefined ? undefined : ({ id } as Job));
  }

  async processJob(job: Job | undefined, notFetch = false): Promise<Job | undefined> {
    if (job) await this.handler(job);
    return notFetch ? undefined : this.getNextJob();
  }

  handler: (job: Job) => Promise<void> = () => Promise.resolve();

  run(atOnce: number): void {
    const loop = async (): Promise<void> => {
      for (let job: Job | undefined; ; await settled()) job = await this.processJob(job ?? (await this.getNextJob()));
    };
    for (let i = 0; i < atOnce; i++) void loop();
  }
}

describe('A paced queue', () => {
  it('takes its next job when the one before makes room, though it has not ended, and never one more', async () => {
    const slots = new Slots(1);
    const loops = new Loops();
    const began = paced(loops as unknown as Queue, () => slots.room());
    const leaves = new Map<string, () => void>();
    loops.handler = async (job) => {
      leaves.set(String(job.id), await slots.enter({ share: 'ann', express: false }, ever));
      began(job);
      loops.active.push(String(job.id));
      await once(loops.ends, String(job.id));
    };
    loops.waiting.push('a', 'b', 'c');
    loops.run(2);
    await settled();
    expect([loops.active, loops.waiting]).toEqual([['a'], ['b', 'c']]);
    leaves.get('a')!();
    await settled();
    expect([loops.active, loops.waiting]).toEqual([['a', 'b'], ['c']]);
    loops.ends.emit('a');
    await settled();
    await settled();
    expect(loops.waiting).toEqual(['c']); // another worker may have it meanwhile
    leaves.get('b')!();
    loops.ends.emit('b');
    await settled();
    await settled();
    expect(loops.active).toEqual(['a', 'b', 'c']);
  });

  it('asks again when there was no job', async () => {
    const slots = new Slots(1);
    const loops = new Loops();
    paced(loops as unknown as Queue, () => slots.room());
    expect(await loops.getNextJob()).toBeUndefined();
    loops.waiting.push('a');
    expect(await loops.getNextJob()).toEqual({ id: 'a' });
    let third = false;
    void loops.getNextJob().then(() => (third = true));
    await settled();
    expect(third).toBe(false); // 'a' was taken and has not begun
  });
});
