import fc from 'fast-check';
import type { LexiconEntry } from './lexicon.js';
import { pronouncing, revisedLexicon, TwiceInLexicon, UselessEntry } from './lexicon.js';
import { type Token, tokensOf, written } from './prose.js';

const tokens = (text: string, language = 'en') => tokensOf(text, 'paragraph', language);
const line = (said: readonly Token[]): string => written(said.map(({ say }) => say).filter(Boolean));
const spoken = (text: string, lexicon: LexiconEntry[], language = 'en'): string =>
  line(pronouncing(lexicon, language)(tokens(text, language)));

describe('A lexicon', () => {
  it('says otherwise what is shown as before', () => {
    const before = tokens('“Siobhán!” cried Aoife.');
    const after = pronouncing([{ written: 'Siobhán', spoken: 'Shivawn' }], 'en')(before);
    expect(after.map(({ say }) => say)).toEqual(['Shivawn!', 'cried', 'Aoife.']);
    expect(after.map(({ text, stop }) => [text, stop])).toEqual(before.map(({ text, stop }) => [text, stop]));
  });

  it('takes whole words only, the possessive with them', () => {
    const lexicon = [{ written: 'Moss', spoken: 'Mawss' }];
    expect(spoken('Moss saw Mosses, Moss’s mossy moss; Moss-grown.', lexicon)).toBe(
      "Mawss saw Mosses, Mawss's mossy Mawss; Mawss-grown.",
    );
    expect(spoken('Don’t let Don go.', [{ written: 'Don', spoken: 'Dawn' }])).toBe("Don't let Dawn go.");
    expect(spoken('Don’t.', [{ written: 't', spoken: 'tea' }])).toBe("Don't.");
    expect(spoken('He paid 100 for 10.', [{ written: '10', spoken: 'ten' }])).toBe('He paid 100 for ten.');
  });

  it('takes the longest entry that fits', () => {
    const lexicon = [
      { written: 'York', spoken: 'Yawk' },
      { written: 'New York', spoken: 'Noo Yawk' },
      { written: 'New York City', spoken: 'Gotham' },
    ];
    expect(spoken('York, New York, New York City.', lexicon)).toBe('Yawk, Noo Yawk, Gotham.');
  });

  it('tells capitals apart when it is told to', () => {
    const lexicon = [
      { written: 'Polish', spoken: 'pole-ish', caseSensitive: true },
      { written: 'polish', spoken: 'pollish', caseSensitive: true },
    ];
    expect(spoken('Polish the Polish shoes, polish!', lexicon)).toBe('pole-ish the pole-ish shoes, pollish!');
    expect(spoken('READ it, Read it.', [{ written: 'read', spoken: 'red' }])).toBe('red it, red it.');
  });

  it('finds runs of characters in Chinese, however it is cut into words, and sets pinyin apart', () => {
    const lexicon = [
      { written: '重庆', spoken: '虫庆' },
      { written: '行长', spoken: 'hang2 zhang3' },
    ];
    expect(spoken('他去重庆看银行长。', lexicon, 'zh')).toBe('他去虫庆看银 hang2 zhang3。');
    expect(spoken('重庆重庆！', lexicon, 'zh')).toBe('虫庆虫庆!');
  });

  it('counts in films of its language only', () => {
    const lexicon = [{ written: 'Gift', spoken: 'ghift', language: 'de' }];
    expect(spoken('A Gift.', lexicon)).toBe('A Gift.');
    expect(spoken('Das Gift.', lexicon, 'de-AT')).toBe('Das ghift.');
  });

  it('lets one word speak for several, and several for one', () => {
    const rule = pronouncing([{ written: 'St. John Rivers', spoken: 'Sinjun' }], 'en');
    expect(rule(tokens('“St. John Rivers,” she said.')).map(({ say }) => say)).toEqual(['Sinjun,', '', '', 'she', 'said.']);
    expect(spoken('Go, NATO!', [{ written: 'NATO', spoken: 'north atlantic treaty' }])).toBe('Go, north atlantic treaty!');
  });

  const word = fc.constantFrom(
    'Moss',
    'moss',
    'the',
    'New',
    'York',
    'City',
    'Aoife',
    'Aoife’s',
    'well',
    '重庆',
    '银行',
    '行长',
    '我',
    '阿Q',
    'it',
  );
  const sign = fc.constantFrom(' ', ' ', ' ', ', ', '. ', '! ', ' “', '” ', '', '\n');
  const prose = fc.array(fc.tuple(word, sign), { minLength: 1, maxLength: 30 }).map((parts) => parts.flat().join(''));
  const entry = fc.record(
    {
      written: fc.constantFrom('Moss', 'New York', 'York City', 'Aoife', '重庆', '行长', '行', '我', '阿Q', 'the well'),
      spoken: fc.constantFrom('one', 'two words', 'a third, long one', '虫', '虫庆', 'chong2 qing4'),
      caseSensitive: fc.boolean(),
    },
    { requiredKeys: ['written', 'spoken'] },
  );
  const lexicon = fc.uniqueArray(entry, { selector: ({ written: name }) => name.toLowerCase(), maxLength: 6 });
  const language = fc.constantFrom('en', 'zh');

  it('changes how words are said and nothing else, and no word where no entry stands', () => {
    fc.assert(
      fc.property(prose, lexicon, language, (text, entries, tag) => {
        const before = tokens(text, tag);
        const after = pronouncing(entries, tag)(before);
        expect(after.map(({ text: drawn, stop }) => [drawn, stop])).toEqual(before.map(({ text: drawn, stop }) => [drawn, stop]));
        const stands = entries.some((one) =>
          line(before)
            .toLowerCase()
            .includes(line(tokens(one.written, tag)).toLowerCase()),
        );
        if (!stands) expect(after).toBe(before);
        // who says nothing has somebody before it who speaks
        after.forEach(({ say }, i) => {
          if (say === '') expect(after.slice(0, i).some((one) => one.say !== '')).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('says what a plain search and replace of whole words says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('moss', 'york', 'new', 'the', 'well', 'mosses', 'aoife'), { minLength: 1, maxLength: 20 }),
        entryOfWords(),
        (words, one) => {
          const text = words.join(' ');
          const expected = text.replace(new RegExp(`\\b${one.written}\\b`, 'g'), one.spoken);
          expect(spoken(text, [one])).toBe(expected);
        },
      ),
    );
  });
});

const entryOfWords = () =>
  fc.record({
    written: fc.constantFrom('moss', 'york', 'new york', 'the', 'the well'),
    spoken: fc.constantFrom('a', 'b c', 'd e f'),
  });

describe('A lexicon’s next version', () => {
  const first = { workId: 'w', version: 3, entries: [{ written: 'Moss', spoken: 'Mawss' }] };

  it('is none when it says the same', () => {
    expect(revisedLexicon(first, [{ spoken: ' Mawss ', written: 'Moss' }])).toBeUndefined();
    expect(revisedLexicon(first, [])).toEqual({ workId: 'w', version: 4, entries: [] });
  });

  it('is refused when an entry is of no use or stands twice', () => {
    expect(() => revisedLexicon(first, [{ written: '—', spoken: 'dash' }])).toThrow(UselessEntry);
    expect(() => revisedLexicon(first, [{ written: 'dash', spoken: '…' }])).toThrow(UselessEntry);
    const twice = [
      { written: 'Moss', spoken: 'Mawss' },
      { written: 'moss', spoken: 'moose' },
    ];
    expect(() => revisedLexicon(first, twice)).toThrow(TwiceInLexicon);
    expect(
      revisedLexicon(
        first,
        twice.map((one) => ({ ...one, caseSensitive: true })),
      )?.entries,
    ).toHaveLength(2);
  });
});
