import type { Transaction } from '#libs/database/transaction';
import type { LiveBus } from '#libs/live/live-bus';
import { PublishedChapters } from './published-chapters.js';

const id = (n: number): string => `0197f0f6-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** A database in which every chapter is published as revision 1, and which counts how often a text is loaded. */
function cacheOver(text: string): { chapters: PublishedChapters; loads: () => number } {
  let loads = 0;
  const query = async (_sql: string, [ids]: [string | string[]]): Promise<object[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (Array.isArray(ids)) return ids.map((one) => ({ id: one, version: '1-1' }));
    loads++;
    return [{ json: JSON.stringify({ id: ids, text }) }];
  };
  const transaction = { query } as unknown as Transaction;
  return { chapters: new PublishedChapters(transaction, { listen: () => undefined } as unknown as LiveBus), loads: () => loads };
}

describe('The cache of published chapters', () => {
  it('loads a chapter once for all readers who ask for it at the same time', async () => {
    const { chapters, loads } = cacheOver('The lamp was lit.');
    const answers = await Promise.all(Array.from({ length: 32 }, () => chapters.get(id(1), undefined)));
    expect(new Set(answers.map(({ json }) => json)).size).toBe(1);
    expect(loads()).toBe(1);
  });

  it('keeps the chapter that was read last after more chapters were read than fit', async () => {
    const { chapters, loads } = cacheOver('x'.repeat(60_000));
    const count = 1_200; // 72 million characters, twice what it holds
    for (let n = 0; n < count; n++) await Promise.all([chapters.get(id(n), undefined), chapters.get(id(n), undefined)]);
    expect(loads()).toBe(count);
    for (let n = count - 100; n < count; n++) await chapters.get(id(n), undefined);
    expect(loads()).toBe(count);
    await chapters.get(id(0), undefined);
    expect(loads()).toBe(count + 1);
  });

  it('loads again after a load that failed', async () => {
    const { chapters, loads } = cacheOver('The lamp was lit.');
    const failing = jest.spyOn(chapters as unknown as { load: () => Promise<never> }, 'load');
    failing.mockRejectedValueOnce(new Error('the connection was lost'));
    await expect(chapters.get(id(1), undefined)).rejects.toThrow('the connection was lost');
    await chapters.get(id(1), undefined);
    expect(loads()).toBe(1);
  });
});
