import type { Transaction } from '#libs/database/transaction';
import type { LiveBus } from '#libs/live/live-bus';
import { ChapterNotFound } from '../domain/chapter.js';
import { PublishedChapters } from './published-chapters.js';

const id = (n: number): string => `0197f0f6-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

interface Database {
  /** The ids of each query for pointers. */
  lookUps: string[][];
  published: (chapterId: string) => boolean;
  isAway: boolean;
}

/** A database in which every chapter is published as revision 1, and which counts how often a text is loaded. */
function cacheOver(text: string): { chapters: PublishedChapters; loads: () => number; database: Database } {
  let loads = 0;
  const database: Database = { lookUps: [], published: () => true, isAway: false };
  const query = async (_sql: string, [ids]: [string | string[]]): Promise<object[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (database.isAway) throw new Error('the connection was lost');
    if (Array.isArray(ids)) {
      database.lookUps.push(ids);
      return ids.filter((one) => database.published(one)).map((one) => ({ id: one, version: '1-1' }));
    }
    loads++;
    return [{ json: JSON.stringify({ id: ids, text }) }];
  };
  const transaction = { query } as unknown as Transaction;
  return {
    chapters: new PublishedChapters(transaction, { listen: () => undefined } as unknown as LiveBus),
    loads: () => loads,
    database,
  };
}

describe('The cache of published chapters', () => {
  it('loads a chapter once for all readers who ask for it at the same time', async () => {
    const { chapters, loads } = cacheOver('The lamp was lit.');
    const answers = await Promise.all(Array.from({ length: 32 }, () => chapters.get(id(1), undefined)));
    expect(new Set(answers.map(({ json }) => json.toString())).size).toBe(1);
    expect(loads()).toBe(1);
  });

  it('keeps the chapter that was read last after more chapters were read than fit', async () => {
    const { chapters, loads } = cacheOver('x'.repeat(60_000));
    const count = 1_200; // 72 MB, and it holds 67
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

describe('A chapter that is being read', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  /** Reads every 10 ms. @returns how often there was no answer in memory. */
  async function readFor(ms: number, chapters: PublishedChapters, ids: string[]): Promise<number> {
    let missing = 0;
    for (let passed = 0; passed < ms; passed += 10) {
      for (const one of ids) if (!chapters.peek(one, undefined)) missing++;
      await jest.advanceTimersByTimeAsync(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return missing;
  }

  it('is in memory all the time, looked up about twice a second, together with all others', async () => {
    const { chapters, database } = cacheOver('The lamp was lit.');
    const ids = Array.from({ length: 50 }, (_, n) => id(n));
    for (const one of ids) await chapters.get(one, undefined);
    database.lookUps.length = 0;
    expect(await readFor(10_000, chapters, ids)).toBe(0);
    expect(database.lookUps.length).toBeGreaterThan(10);
    expect(database.lookUps.length).toBeLessThan(30);
    expect(database.lookUps.every(({ length }) => length === ids.length)).toBe(true);
  });

  it('is gone within a second after it was withdrawn, also when no wake comes', async () => {
    const { chapters, database } = cacheOver('The lamp was lit.');
    await chapters.get(id(1), undefined);
    await readFor(2_345, chapters, [id(1)]);
    database.published = () => false;
    await readFor(1_000, chapters, [id(1)]);
    expect(chapters.peek(id(1), undefined)).toBeUndefined();
    await expect(chapters.get(id(1), undefined)).rejects.toThrow(ChapterNotFound);
  });

  it('is not shown for longer than a second while the database cannot be asked', async () => {
    const { chapters, database } = cacheOver('The lamp was lit.');
    await chapters.get(id(1), undefined);
    await readFor(2_345, chapters, [id(1)]);
    database.isAway = true;
    await readFor(1_000, chapters, [id(1)]);
    expect(chapters.peek(id(1), undefined)).toBeUndefined();
    await expect(chapters.get(id(1), undefined)).rejects.toThrow('the connection was lost');
  });

  it('that nobody reads any more is not looked up', async () => {
    const { chapters, database } = cacheOver('The lamp was lit.');
    await chapters.get(id(1), undefined);
    await readFor(1_000, chapters, [id(1)]);
    await jest.advanceTimersByTimeAsync(1_000);
    database.lookUps.length = 0;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(database.lookUps).toEqual([]);
  });
});
