import fc from 'fast-check';
import { FRAME_SECONDS } from './envelope.js';
import { complete, timesByEnergy, weightOf } from './word-times.js';

/** Levels of a voice that speaks for the given seconds, pauses, and so on; starts and ends with a tenth of silence. */
function voiced(...seconds: number[]): Float64Array {
  const levels: number[] = Array.from({ length: 10 }, () => 0);
  seconds.forEach((length, i) => {
    for (let k = 0; k < Math.round(length * 100); k++) levels.push(i % 2 === 0 ? 0.2 + 0.05 * (k % 3) : 0.0001);
  });
  return Float64Array.from([...levels, ...Array.from({ length: 10 }, () => 0)]);
}

describe('Word times from energy', () => {
  it('put a pause where the comma is', () => {
    const words = [1, 1, 1, 1, 1].map((weight, i) => ({ weight, stop: i === 1 ? 1 : i === 4 ? 2 : 0 }) as const);
    const times = timesByEnergy(words, voiced(0.9, 0.4, 1.2));
    expect(times[1][1]).toBeCloseTo(1, 1);
    expect(times[2][0]).toBeCloseTo(1.4, 1);
    expect(times[4][1]).toBeCloseTo(2.6, 1);
  });

  it('are not misled by the closure of a t inside a word, nor by a missing pause', () => {
    const words = [1, 1, 1, 1].map((weight, i) => ({ weight, stop: i === 1 ? 2 : i === 3 ? 2 : 0 }) as const);
    const times = timesByEnergy(words, voiced(0.25, 0.08, 0.65, 0.5, 1));
    expect(times[2][0]).toBeCloseTo(0.1 + 1.48, 1);
    expect(timesByEnergy(words, voiced(2))[2][0]).toBeCloseTo(1.1, 0);
  });

  it('rise, do not overlap, and stay inside the recording, whatever the sound', () => {
    const word = fc.record({ weight: fc.double({ min: 0.05, max: 2, noNaN: true }), stop: fc.constantFrom(0, 0, 0, 1, 2) });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (words, levels) => {
          const times = timesByEnergy(words, Float64Array.from(levels));
          expect(times).toHaveLength(words.length);
          let before = 0;
          for (const [start, end] of times) {
            expect(start).toBeGreaterThanOrEqual(before - 1e-9);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(levels.length * FRAME_SECONDS + 1e-9);
            before = start;
          }
        },
      ),
    );
  });

  it('weigh a long word more than a short one, and a silent e not at all', () => {
    const weigh = (say: string) => weightOf({ text: say, say, stop: 0 });
    expect(weigh('remembered')).toBeGreaterThan(2 * weigh('at'));
    expect(weigh('hope')).toBeCloseTo(weigh('hop'), 5);
    expect(weigh('故乡')).toBeCloseTo(2 * weigh('故') - 0.05, 5);
  });
});

describe('Word times from an engine', () => {
  const words = Array.from({ length: 4 }, () => ({ weight: 1, stop: 0 }) as const);

  it('are kept, and the missing ones share the room between', () => {
    const levels = Float64Array.from({ length: 200 }, () => 0.3);
    expect(complete([[0, 0.5], null, null, [1.5, 2]], words, levels, 2)).toEqual([
      [0, 0.5],
      [0.5, 1],
      [1, 1.5],
      [1.5, 2],
    ]);
  });

  it('share the time of the word before that the engine ran them together with', () => {
    const levels = Float64Array.from({ length: 200 }, () => 0.3);
    const told = [[0, 0.6], null, null, [0.6, 2]] as const;
    expect(complete(told, words, levels, 2).map(([start]) => Number(start.toFixed(3)))).toEqual([0, 0.2, 0.4, 0.6]);
  });

  it('end where the sound ends when a pause follows', () => {
    const levels = Float64Array.from({ length: 200 }, (_, i) => (i < 60 || i >= 120 ? 0.3 : 0));
    const [first, second] = complete(
      [
        [0, 1.2],
        [1.2, 2],
      ],
      words.slice(0, 2),
      levels,
      2,
    );
    expect(first[1]).toBeCloseTo(0.62, 2);
    expect(second).toEqual([1.2, 2]);
  });
});
