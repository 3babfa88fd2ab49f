import fc from 'fast-check';
import { LONG_RANK } from './rank.js';
import { ChapterNotInWork, type RankedChapter, ReadingOrder } from './reading-order.js';

/** A work's chapters as they are stored, changed through an order that is loaded anew each time. */
function store(count: number): {
  move: (id: string, after: string | null) => number;
  ids: () => string[];
  ranks: () => string[];
} {
  let chapters: RankedChapter[] = new ReadingOrder([]).append(count).map((rank, i) => ({ id: `c${i}`, rank }));
  return {
    move: (id, after) => {
      const order = new ReadingOrder(chapters);
      const rank = order.move(id, after);
      const changes = new Map([...order.changes().map((chapter) => [chapter.id, chapter.rank] as const), [id, rank]]);
      chapters = chapters
        .map((chapter) => ({ id: chapter.id, rank: changes.get(chapter.id) ?? chapter.rank }))
        .sort((a, b) => (a.rank < b.rank ? -1 : 1));
      return changes.size;
    },
    ids: () => chapters.map(({ id }) => id),
    ranks: () => chapters.map(({ rank }) => rank),
  };
}

describe('The reading order of a work', () => {
  it('puts a chapter behind the one that is named, whatever was moved before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }), (count, moves) => {
        const work = store(count);
        const expected = work.ids();
        for (const [which, where] of moves) {
          const [id] = expected.splice(which % count, 1);
          const at = where % count;
          work.move(id, at === 0 ? null : expected[at - 1]);
          expected.splice(at, 0, id);
          expect(work.ids()).toEqual(expected);
        }
        expect(new Set(work.ranks()).size).toBe(count);
      }),
    );
  });

  it('writes one rank a move, and new ones for all before any grows long', () => {
    const work = store(4);
    const written: number[] = [];
    // always between the first and whatever stands behind it: ranks grow
    for (let n = 0; n < 2_000; n++) {
      const [first, ...others] = work.ids();
      written.push(work.move(others[others.length - 1], first));
      expect(Math.max(...work.ranks().map((rank) => rank.length))).toBeLessThanOrEqual(LONG_RANK);
    }
    expect(written.filter((count) => count > 1).length).toBeGreaterThan(0);
    expect(written.filter((count) => count > 1).length).toBeLessThan(20);
  });

  it('refuses a position behind a chapter of another work', () => {
    const order = new ReadingOrder([{ id: 'a', rank: 'V' }]);
    expect(() => order.move('a', 'stranger')).toThrow(ChapterNotInWork);
    expect(() => order.move('a', 'a')).toThrow(ChapterNotInWork);
  });

  it('appends behind all there are', () => {
    const order = new ReadingOrder([{ id: 'a', rank: 'V' }]);
    const ranks = order.append(3);
    expect(['V', ...ranks]).toEqual(['V', ...ranks].sort());
    expect(new Set(ranks).size).toBe(3);
  });
});
