import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from './at-most.js';

describe('Work on a list, so many at a time', () => {
  it('answers in the order of the items, and never does more at once', async () => {
    let [now, most] = [0, 0];
    const doubled = await atMost(3, [5, 1, 4, 2, 3, 0], async (ms) => {
      most = Math.max(most, ++now);
      await sleep(ms);
      now--;
      return ms * 2;
    });
    expect(doubled).toEqual([10, 2, 8, 4, 6, 0]);
    expect(most).toBe(3);
  });

  it('begins nothing after a failure, and waits for what is under way before it tells', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = async (n: number): Promise<void> => {
      begun.push(n);
      await sleep(n);
      if (n === 1) throw new Error('the second one broke');
      ended.push(n);
    };
    await expect(atMost(2, [9, 1, 2, 3], work)).rejects.toThrow('the second one broke');
    expect(begun).toEqual([9, 1]);
    expect(ended).toEqual([9]);
  });

  it('has nothing to do with an empty list', async () => {
    expect(await atMost(4, [], () => Promise.reject(new Error('asked')))).toEqual([]);
  });
});
