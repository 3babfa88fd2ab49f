import fc from 'fast-check';
import { columns, plain, secondsOf, tokensOf, written } from './prose.js';

const shown = (text: string, language = 'en') => tokensOf(text, 'paragraph', language).map((token) => token.text);
const said = (text: string, language = 'en') =>
  tokensOf(text, 'paragraph', language)
    .map((token) => token.say)
    .join(' ');

describe('Prose', () => {
  it('loses its Markdown before it is drawn or spoken', () => {
    expect(plain('# **Down** the *rabbit*-hole, __really__ ~~not~~ `now`', 'heading')).toBe(
      'Down the rabbit-hole, really not now',
    );
    expect(plain('see [the map](https://example.com/a_b "here") ![alt](x.png)[^1]', 'paragraph')).toBe('see the map');
    expect(plain('- one\n- two', 'list')).toBe('one\ntwo');
    expect(plain('> said *she*', 'quote')).toBe('said she');
  });

  it('keeps what only looks like a mark', () => {
    expect(plain('snake_case_name, 5 * 3 * 2 and \\*stars\\*', 'paragraph')).toBe('snake_case_name, 5 * 3 * 2 and *stars*');
    expect(plain('<Level up!> a < b &amp; c', 'paragraph')).toBe('<Level up!> a < b & c');
    expect(plain('*as is*', 'code')).toBe('*as is*');
  });

  it('loses SSML and HTML, so that no voice obeys them', () => {
    expect(plain('Wait<break time="9s"/> here, <prosody rate=\'fast\'>run</prosody><br>away', 'paragraph')).toBe(
      'Wait here, run\naway',
    );
    expect(said('Wait&lt;break time="9s"/&gt; here')).not.toContain('<');
  });

  it('shows emoji with the word before them and does not say them', () => {
    expect(shown('Great 👩‍🚀 job 😀!')).toEqual(['Great 👩‍🚀', 'job 😀!']);
    expect(said('Great 👩‍🚀 job 😀!')).toBe('Great job !');
  });

  it('has nothing to say where there are only ornaments', () => {
    for (const text of ['* * *', '———', '😀😀', '……', '？！', ' \u200b ', '***']) expect(shown(text)).toEqual([]);
  });

  it('cuts Chinese into words and glues punctuation to the word it closes or opens', () => {
    expect(shown('“你怎么了？”——他问，《故乡》。', 'zh')).toEqual(['“你', '怎么', '了？”——', '他', '问，', '《故乡》。']);
    expect(written(shown('“你怎么了？”他问。', 'zh'))).toBe('“你怎么了？”他问。');
    expect(said('Ｎ进Ｋ学堂去了①', 'zh')).toContain('N 进 K 学堂');
    expect(said('Ｎ进Ｋ学堂去了①', 'zh')).not.toContain('1');
  });

  it('says one pause for a row of dots or dashes, and no quotes', () => {
    expect(said('“I--I thought... you knew!!!” she said')).toBe('I, I thought, you knew! she said');
    expect(said('等等……我说——你', 'zh')).toMatch(/^等等， ?我 ?说， ?你$/);
  });

  it('knows where a sentence ends', () => {
    const stops = (text: string, language = 'en') => tokensOf(text, 'paragraph', language).map((token) => token.stop);
    expect(stops('Dr. Smith slept, then woke. “Well!” thought J. Alice.')).toEqual([0, 0, 1, 0, 2, 1, 0, 0, 2]);
    expect(stops('他来了。走吧，快！', 'zh').filter((stop) => stop > 0)).toEqual([2, 1, 2]);
  });

  it('keeps every drawn character of plain prose, in order', () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,12}[,.!?]?$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 40 }),
        (words) => written(shown(words.join(' '))) === words.join(' '),
      ),
    );
  });

  it('gives no token without a word, none wider than a line, and never throws', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.string({
            unit: fc.constantFrom('*', '_', '我', 'a', '<', '`', '[', ']', '(', '.', '😀', ' ', '\n', '—', '“'),
            maxLength: 200,
          }),
        ),
        fc.constantFrom('en', 'zh', 'ar'),
        (text, language) => {
          for (const token of tokensOf(text, 'paragraph', language)) {
            expect(token.say).toMatch(/[\p{L}\p{N}]/u);
            expect(token.say).not.toMatch(/[<>*_`#]/);
            expect(secondsOf(token)).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it('is read at a cost that grows with its length and no faster, whatever it is made of', () => {
    const made = ['啊', '我冒了严寒', 'lamp ', 'a', 'A. ', '“', '。', '——', '😀', '1', '> '];
    const marks = ['*a* ', '*', '_a', '~~a', '`', '[', '![', '[a](', '[^', '<!--', '<a ', '<a b="', '<http://', '&#', '\\'];
    for (const unit of [...made, ...marks]) {
      const cost = (length: number): number => {
        const text = unit.repeat(Math.ceil(length / unit.length));
        const before = process.cpuUsage();
        tokensOf(text, 'paragraph', 'en');
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000;
      };
      cost(20_000);
      // 16 for what grows with the square. The time is for garbage and for regular expressions that are compiled meanwhile: it hides a
      // square only where 160,000 characters cost no more than that.
      const long = Math.min(cost(160_000), cost(160_000));
      expect([unit, long < 10 * cost(40_000) + 1_500]).toEqual([unit, true]);
    }
  });

  it('keeps a word without end within a line', () => {
    expect(tokensOf('啊'.repeat(200_000), 'paragraph', 'zh').length).toBeGreaterThan(5_000);
    expect(Math.max(...tokensOf('a'.repeat(200_000), 'paragraph', 'en').map((token) => columns(token.text)))).toBeLessThanOrEqual(
      24,
    );
  });

  it('is expected to take longer where signs are words and letters are spelled', () => {
    const seconds = (text: string) => tokensOf(text, 'paragraph', 'en').reduce((sum, token) => sum + secondsOf(token), 0);
    expect(seconds('HTML')).toBeGreaterThan(2 * seconds('lamp'));
    expect(seconds('99%')).toBeGreaterThan(seconds('99'));
    expect(seconds('w.w.w')).toBeGreaterThan(2 * seconds('www'.replace(/w/g, 'a')));
  });
});
