import fc from 'fast-check';
import { page, readCursor } from './pagination.js';
import { BadRequest } from './problems.js';

const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const ID = '0197f0f6-3a51-7b3e-8b62-0a4be0d3f001';

describe('a cursor', () => {
  it('comes back as the sort key it was made of', () => {
    const time = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(time, fc.nat(999), fc.integer({ min: -2_147_483_648 + 1, max: 2_147_483_647 }), (at, micros, number) => {
        const text = at.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
        const { next } = page(
          [1, 2],
          1,
          () => [text, number, ID],
          (row) => row,
        );
        expect(readCursor(next!, 'time', 'int4', 'uuid')).toEqual([text, number, ID]);
      }),
    );
  });

  it.each([
    '0000-01-01T00:00:00.000000Z',
    '2026-02-30T00:00:00.000000Z',
    '2025-02-29T00:00:00.000000Z',
    '2026-04-31T00:00:00.000000Z',
    '2026-13-01T00:00:00.000000Z',
    '2026-00-01T00:00:00.000000Z',
    '2026-01-00T00:00:00.000000Z',
    '2026-01-01T24:00:00.000000Z',
    '2026-01-01T00:60:00.000000Z',
    '2026-01-01T00:00:60.000000Z',
    '2026-01-01T00:00:00Z',
    '+02026-01-01T00:00:00.000000Z',
    'infinity',
    '',
    7,
    null,
  ])('with the time %j is refused, as Postgres would', (time) => {
    expect(() => readCursor(cursor(time, ID), 'time', 'uuid')).toThrow(BadRequest);
  });

  it.each([2 ** 31, -(2 ** 31), 2 ** 53, 1e300, 0.5, '1', null])('with %j for an integer of Postgres is refused', (number) => {
    expect(() => readCursor(cursor(number), 'int4')).toThrow(BadRequest);
  });

  it.each(['', 'x', cursor(), cursor(ID, ID), Buffer.from('{}').toString('base64url'), '%%%'])('%j is refused', (text) => {
    expect(() => readCursor(text, 'uuid')).toThrow(BadRequest);
  });
});
