import { mapInTurns } from './map-in-turns.js';

it('maps in order, and lets others run meanwhile', async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const spin = (n: number): number => {
    for (const end = performance.now() + 3; performance.now() < end;);
    return n * 2;
  };
  expect(await mapInTurns([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], spin)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(2);
});
