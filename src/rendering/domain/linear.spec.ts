/** No text makes planning take more than linear time: see test/support/growth.ts for how that is told. */
import fc from 'fast-check';
import { expectLinear, superlinear } from '../../../test/support/growth.js';
import { HOSTILE_LINES, PARTS, repeated } from '../../../test/support/hostile-text.js';
import { pronouncing } from './lexicon.js';
import { NothingToNarrate, planOf } from './plan.js';
import { tokensOf } from './prose.js';

const LARGEST = 32_000;
const MINUTES = 5 * 60_000;

const plan = (text: string) => {
  try {
    return planOf([{ id: 'a', kind: 'paragraph', text }], 'en');
  } catch (error) {
    if (!(error instanceof NothingToNarrate)) throw error;
    return error;
  }
};

test('a paragraph is planned in linear time, whatever stands in it', () => expectLinear(plan, HOSTILE_LINES, LARGEST), MINUTES);

test(
  'so is a Chinese list cut into words',
  () => expectLinear((text) => tokensOf(text, 'list', 'zh'), HOSTILE_LINES, LARGEST),
  MINUTES,
);

test(
  'and hostile parts put together at random',
  () => {
    const parts = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, parts, (unit, end) => superlinear(plan, repeated(unit, end[0], end.join('')), LARGEST) === undefined),
      { numRuns: 40 },
    );
  },
  MINUTES,
);

test('20,000 signs after a word are tokens at once', () => {
  const before = process.cpuUsage();
  tokensOf(`a${' .'.repeat(20_000)}`, 'paragraph', 'en');
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
});

test('a lexicon of 2,000 entries that begin alike is looked up in linear time', () => {
  const entries = Array.from({ length: 2_000 }, (_, i) => ({ written: `${'a'.repeat(20)}b${i}`, spoken: `c${i}` }));
  const pronounce = pronouncing(entries, 'en');
  const texts = { 'words that begin like all entries': repeated([`${'a'.repeat(20)} `]) };
  expectLinear((text) => pronounce(text.split(' ').map((word) => ({ text: word, say: word, stop: 0 as const }))), texts, LARGEST);
});

test('a block that is cut from one end is cut in linear time', () => {
  // 15 % short sentences that throw the same dice, then a tail without any stop
  const text = (size: number) => 'A. '.repeat(size / 60) + 'away '.repeat(size / 6);
  expectLinear(plan, { 'short sentences, then one without end': text }, LARGEST);
});
