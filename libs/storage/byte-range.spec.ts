import fc from 'fast-check';
import { checkRange, parseRange } from './byte-range.js';

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=2-4', 10, { start: 2, end: 4 }],
    ['bytes=2-', 10, { start: 2, end: 9 }],
    ['bytes=2-400', 10, { start: 2, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-300', 10, { start: 0, end: 9 }],
    ['BYTES = 2 - 4', 10, { start: 2, end: 4 }],
    ['bytes=5-99999999999999999999999999', 10, { start: 5, end: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=99999999999999999999999999-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    [undefined, 10, 'whole'],
    ['', 10, 'whole'],
    ['bytes=', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=4-2', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes=0-1,4-5', 10, 'whole'],
    ['bytes=--1', 10, 'whole'],
    ['bytes=1.5-2', 10, 'whole'],
    ['frames=0-1', 10, 'whole'],
    ['bytes=0-', 0, 'whole'],
    ['bytes=-5', 0, 'whole'],
  ])('%j of %i bytes asks for %j', (header, total, expected) => {
    expect(parseRange(header, total)).toEqual(expected);
  });

  it('never yields bytes that are not there', () => {
    const position = fc.option(fc.nat(200), { nil: '' });
    fc.assert(
      fc.property(position, position, fc.nat(100), (first, last, total) => {
        const range = parseRange(`bytes=${first}-${last}`, total);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThan(total);
      }),
    );
  });
});

it.each([{ start: -1 }, { start: 0.5 }, { start: 4, end: 3 }, { start: NaN }, { start: 0, end: Infinity }])(
  'a range %j in code is a mistake',
  (range) => {
    expect(() => checkRange(range)).toThrow(RangeError);
  },
);
