import fc from 'fast-check';
import { between, isLong, spread } from './rank.js';

/** A list built by placing one after another at the given positions. */
function placed(positions: readonly number[]): string[] {
  const ranks: string[] = [];
  for (const position of positions) {
    const at = position % (ranks.length + 1);
    ranks.splice(at, 0, between(ranks[at - 1] ?? null, ranks[at] ?? null));
  }
  return ranks;
}

const rising = (ranks: readonly string[]) => ranks.every((rank, i) => i === 0 || ranks[i - 1] < rank);

describe('a rank', () => {
  it('sorts where it was placed, whatever was placed before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (positions) => {
        expect(rising(placed(positions))).toBe(true);
      }),
    );
  });

  it('stays four digits long when chapters are only added at the end, or only at the front', () => {
    const appended = placed(Array.from({ length: 2_000 }, (_, i) => i));
    const prepended = placed(Array.from({ length: 2_000 }, () => 0));
    for (const ranks of [appended, prepended]) {
      expect(rising(ranks)).toBe(true);
      expect(Math.max(...ranks.map((rank) => rank.length))).toBeLessThanOrEqual(4);
    }
  });

  it('grows by a digit for about six placings into the same gap, and reports when it is long', () => {
    let [low, high] = ['A', 'B'];
    for (let i = 0; i < 200; i++) {
      const rank = between(low, high);
      expect(low < rank && rank < high).toBe(true);
      if (i % 2) low = rank;
      else high = rank;
    }
    expect(low.length).toBeLessThan(48);
    for (let i = 0; i < 200; i++) low = between(low, high);
    expect(isLong(low)).toBe(true);
    expect(isLong('V')).toBe(false);
  });

  it('leaves room everywhere after being spread again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), (count) => {
        const ranks = spread(count);
        expect(ranks.length).toBe(count);
        expect(rising(ranks)).toBe(true);
        expect(Math.max(...ranks.map((rank) => rank.length))).toBeLessThanOrEqual(4);
        expect(between(null, ranks[0]) < ranks[0] && between(ranks[count - 1], null) > ranks[count - 1]).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses two neighbours in the wrong order, and what is no rank', () => {
    expect(() => between('B', 'A')).toThrow(RangeError);
    expect(() => between('A', 'A')).toThrow(RangeError);
    expect(() => between('A0', null)).toThrow(RangeError);
    expect(() => between('', null)).toThrow(RangeError);
  });
});
