/** No text makes a parser take more than linear time: see test/support/growth.ts for how that is told. */
import fc from 'fast-check';
import { expectLinear, superlinear } from '../../../test/support/growth.js';
import { HOSTILE_TEXTS, PARTS, repeated } from '../../../test/support/hostile-text.js';
import { joinsAmong } from './joins.js';
import { readManuscript } from './manuscript.js';
import { parseMarkdown, toMarkdown } from './markdown.js';
import { contains } from './occurrences.js';
import { createAnchor, QuoteNotInBlock } from './anchor-creation.js';
import { findQuote } from './quote.js';
import { tidy } from './blocks.js';
import { DomainError } from '#libs/kernel/domain-error';

const LARGEST = 64_000;
const MINUTES = 5 * 60_000;
const KINDS = ['paragraph', 'code', 'quote', 'verse', 'list', 'heading'] as const;

/** Refusals are answers; a RangeError is not. */
const orRefused = (work: (text: string) => unknown) => (text: string) => {
  try {
    return work(text);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error;
  }
};
const parsers: Record<string, (text: string) => unknown> = {
  'Markdown is read': (text) => parseMarkdown(text),
  'Markdown is written': (text) => toMarkdown(tidy(KINDS.map((kind) => ({ kind, text: text.slice(0, text.length / 6) })))),
  'a book of plain text is read': orRefused((text) => readManuscript(text, 'text')),
  'a book of Markdown is read': orRefused((text) => readManuscript(text, 'markdown')),
};

describe.each(Object.entries(parsers))('%s in linear time', (_, parse) => {
  test('of every hostile text', () => expectLinear(parse, HOSTILE_TEXTS, LARGEST), MINUTES);

  test(
    'of hostile parts put together at random',
    () => {
      const parts = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(parts, parts, (unit, end) => superlinear(parse, repeated(unit, end[0], end.join('')), LARGEST) === undefined),
        { numRuns: 40 },
      );
    },
    MINUTES,
  );
});

test('the requests that took minutes are answered at once', () => {
  const within = (ms: number, work: () => unknown) => {
    const before = process.cpuUsage();
    work();
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(ms);
  };
  within(2_000, () => readManuscript(`*** START OF THE PROJECT GUTENBERG\n\n${'produced by\n\n'.repeat(400_000)}`, 'text'));
  within(500, () => parseMarkdown(`${'~'.repeat(60_000)}\``));
  within(2_000, () => parseMarkdown('> a\n>\n'.repeat(150_000)));
  within(2_000, () => readManuscript('a\n'.repeat(300_000), 'text'));
  within(1_000, () => findQuote('a'.repeat(400_000), { exact: 'a'.repeat(2_000), prefix: 'b', suffix: 'b' }));
});

describe('quoted words are found in linear time', () => {
  const SIDE = { prefix: 'aaaa', suffix: 'aaaa' };
  const quotes: Record<string, (text: string) => string> = {
    'an eighth of the text': (text) => text.slice(0, text.length >> 3),
    'an eighth of the text with another sign in the middle': (text) =>
      `${text.slice(0, text.length >> 4)}!${text.slice(0, text.length >> 4)}`,
    'a few words of it': (text) => text.slice(0, 40),
    'a few signs that are not in it': (text) => `${text.slice(0, 30)}§§`,
  };
  const texts = Object.fromEntries(
    ['a', 'ab', '一', 'a ', 'the cat said ', '😀'].map((unit) => [`run of ${unit}`, repeated([unit])]),
  );
  test.each(Object.entries(quotes))(
    '%s',
    (_, quoteOf) => {
      expectLinear((text) => contains(text, quoteOf(text)), texts, LARGEST);
      // the approximate search has a cap of cells instead, and takes no longer than that
      expectLinear((text) => findQuote(text, { ...SIDE, exact: quoteOf(text) }), texts, LARGEST);
      const pin = (text: string) => createAnchor({ id: 'a', kind: 'paragraph', text }, { exact: quoteOf(text) });
      expectLinear(
        (text) => {
          try {
            pin(text);
          } catch (error) {
            if (!(error instanceof QuoteNotInBlock)) throw error;
          }
        },
        texts,
        LARGEST,
      );
    },
    MINUTES,
  );

  test('the words stand where indexOf says that they stand', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '一'), maxLength: 12 });
    fc.assert(fc.property(few, few, (text, words) => contains(text, words) === text.includes(words)));
  });
});

test('joins among texts of one sign end at their bound', () => {
  const pieces = Array.from({ length: 5_000 }, () => 'a');
  const wholes = Array.from({ length: 5_000 }, () => `${'a'.repeat(118)}b`);
  const before = process.cpuUsage();
  expect(joinsAmong(wholes, pieces)).toEqual([]);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
});

describe('the check itself', () => {
  test('sees a quadratic pattern', () => {
    const trimmed = (text: string) => text.replace(/\s+$/, '');
    const blanks = { 'blanks, then a letter': (size: number) => `${' '.repeat(size)}a` };
    expect(() => expectLinear(trimmed, blanks, 32_000)).toThrow('blanks, then a letter');
  });

  test('sees a loop that starts over at every line', () => {
    const shift = (text: string) => {
      const lines = text.split('\n');
      while (lines.some((line) => line === 'b')) lines.shift();
      return lines;
    };
    expect(superlinear(shift, (size) => `${'a\n'.repeat(size / 2)}b`, 256_000)).toBeDefined();
  });

  test('passes a linear one', () => {
    expect(
      superlinear(
        (text) => text.trimEnd(),
        (size) => `${' '.repeat(size)}a`,
        LARGEST,
      ),
    ).toBeUndefined();
  });
});
