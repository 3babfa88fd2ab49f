import fc from 'fast-check';
import { limitPassed } from './json-scan.js';

const scan = (text: string, depth: number, marks: number, keys = Infinity) =>
  limitPassed(Buffer.from(text), { depth, marks, keys });

/** How many values there are below a value, itself included. */
const valuesIn = (value: unknown): number =>
  typeof value === 'object' && value !== null ? Object.values(value).reduce((sum: number, one) => sum + valuesIn(one), 1) : 1;
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('a JSON text', () => {
  it.each([
    ['[[[]]]', 3, 3, undefined],
    ['[[[]]]', 2, 3, 'depth'],
    ['[1,2,3]', 1, 3, undefined],
    ['[1,2,3,4]', 1, 3, 'marks'],
    ['{"a":1,"b":[{}]}', 3, 4, undefined],
    ['{"a":1,"b":[{}]}', 3, 3, 'marks'],
    ['"[[[,,,{{{"', 0, 0, undefined],
    ['{"[,{":"\\"[[,,"}', 1, 1, undefined],
    ['{"a":"\\\\","b":[]}', 2, 3, undefined],
    ['', 0, 0, undefined],
    ['"never closed, [', 0, 0, undefined],
    [']]]][[', 0, 2, undefined],
  ])('%j within depth %i and %i marks: %s', (text, depth, marks, passed) => {
    expect(scan(text, depth, marks)).toBe(passed);
  });

  it.each([
    ['{"a":1,"b":[1,2,3,{}],"c":{"d":4}}', 2, undefined],
    ['{"a":1,"b":[1,2,3,{}],"c":{"d":4}}', 1, 'keys'],
    ['[{"a":1,"b":2},{"a":1,"b":2}]', 1, undefined],
    ['[{"a":1,"b":2},{"a":1,"b":2,"c":3}]', 1, 'keys'],
    ['[1,2,3,4]', 0, undefined],
    ['{"a":",,,"}', 0, undefined],
    [']}{,,,', 1, undefined],
  ])('%j with %i commas in an object: %s', (text, keys, passed) => {
    expect(scan(text, 5, 100, keys)).toBe(passed);
  });

  it('that is let through has no more values and no greater depth than the limits say, however it is laid out', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(30), fc.nat(6), fc.constantFrom(undefined, 1), (text, marks, depth, indent) => {
        const value: unknown = JSON.parse(text);
        const passed = scan(JSON.stringify(value, null, indent), depth, marks);
        if (passed === undefined) {
          expect(valuesIn(value)).toBeLessThanOrEqual(marks + 1);
          expect(depthOf(value)).toBeLessThanOrEqual(depth);
        }
        if (passed === 'depth') expect(depthOf(value)).toBeGreaterThan(depth);
      }),
      { numRuns: 500 },
    );
  });

  it('of two megabytes is counted in one pass', () => {
    const began = performance.now();
    for (const text of ['{},'.repeat(800_000), '"a":1,'.repeat(400_000), '"\\"'.repeat(700_000), '1,'.repeat(1_200_000)])
      scan(text, 10, Infinity);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
