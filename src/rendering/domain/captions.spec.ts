import fc from 'fast-check';
import { LINE_COLUMNS, LINES, linesOf, pagesOf } from './captions.js';
import { columns, tokensOf, written } from './prose.js';
import type { TimedWord } from './scene.js';
import { blockTimes, cuesOf, subrip, webvtt } from './subtitles.js';

/** A text spoken at an even pace: a third of a second a word, from 0.1 s on. */
const spoken = (text: string, language = 'en', block = 'a', from = 0.1): TimedWord[] =>
  tokensOf(text, 'paragraph', language).map(({ text: word }, i) => ({
    text: word,
    start: Math.round((from + i * 0.3) * 1_000) / 1_000,
    end: Math.round((from + i * 0.3 + 0.3) * 1_000) / 1_000,
    block,
  }));

const texts = (words: readonly TimedWord[], seconds = 60) =>
  pagesOf(words, seconds).map((page) => written(page.words.map((word) => word.text)));

const story = 'She counted the ships, as she had every night since the war. Tonight there were seven of them, low on the water!';

describe('Caption pages', () => {
  it('end with a sentence and keep to two lines of 22 columns', () => {
    const pages = pagesOf(spoken(story), 20);
    expect(texts(spoken(story)).some((text) => /war\. \S/.test(text))).toBe(false);
    for (const page of pages) {
      const lines = linesOf(page.words);
      expect(lines.length).toBeLessThanOrEqual(LINES);
      for (const line of lines) expect(columns(written(line.map((word) => word.text)))).toBeLessThanOrEqual(LINE_COLUMNS.latin);
    }
  });

  it('have the lines of the drawn ones: even, broken where a reader pauses, an article with its word', () => {
    const lines = (text: string, language = 'en') =>
      pagesOf(spoken(text, language), 30).map((page) =>
        linesOf(page.words).map((line) => written(line.map((word) => word.text))),
      );
    expect(lines('Oh dear! I shall be late!')).toEqual([['Oh dear!'], ['I shall be late!']]);
    expect(lines('Still, she swept the floor.')).toEqual([['Still, she swept', 'the floor.']]);
    expect(lines('玛拉笑了，又点亮了一盏灯。', 'zh')).toEqual([['玛拉笑了，', '又点亮了一盏灯。']]);
    expect(lines('She swept the floor of the office every night, and nobody saw it.')).toEqual([
      ['She swept the floor', 'of the office'],
      ['every night,', 'and nobody saw it.'],
    ]);
  });

  it('hold nine Chinese characters a line and never begin a line with punctuation', () => {
    const words = spoken('我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。“你怎么了？”他问。', 'zh');
    const lines = pagesOf(words, 30).flatMap((page) => linesOf(page.words).map((line) => written(line.map((word) => word.text))));
    expect(lines.join('')).toBe('我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。“你怎么了？”他问。');
    for (const line of lines) {
      expect(line).not.toMatch(/^[，。？！”]/);
      expect(line).not.toMatch(/“$/);
      expect(columns(line)).toBeLessThanOrEqual(LINE_COLUMNS.cjk + 4); // a sign that hangs over is better than one alone
    }
  });

  it('show words of one block only', () => {
    const words = [...spoken('One two', 'en', 'a'), ...spoken('three four', 'en', 'b', 2)];
    expect(texts(words)).toEqual(['One two', 'three four']);
  });

  it('fill the scene without a gap or an overlap, and show every word while it is spoken', () => {
    const word = fc.record({
      text: fc.constantFrom('a', 'harbour', 'ships,', 'seven.', '“No!”', 'incomprehensibilities', '我', '故乡，', '去。'),
      gap: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.double({ min: 0.02, max: 1, noNaN: true }),
      block: fc.constantFrom('a', 'a', 'a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (given) => {
        let at = 0.1;
        const words = given.map(({ text, gap, length, block }) => {
          const start = at + gap;
          at = start + length;
          return { text, block, start: Math.round(start * 1_000) / 1_000, end: Math.round(at * 1_000) / 1_000 };
        });
        const pages = pagesOf(words, at + 0.4);
        expect(pages.flatMap((page) => page.words)).toEqual(words);
        expect(pages[0].start).toBe(0);
        expect(pages[pages.length - 1].end).toBeCloseTo(at + 0.4, 2);
        pages.forEach((page, i) => {
          if (i > 0) expect(page.start).toBe(pages[i - 1].end);
          for (const one of page.words) {
            expect(one.start).toBeGreaterThanOrEqual(page.start);
            expect(one.end).toBeLessThanOrEqual(page.end);
          }
        });
      }),
    );
  });
});

describe('Subtitles', () => {
  const scenes = [
    { frames: 600, pages: pagesOf(spoken(story), 20) },
    {
      frames: 91,
      pages: pagesOf([...spoken('Rope & bell <one> --> two', 'en', 'b'), ...spoken('去吧。', 'zh', 'c', 2)], 91 / 30),
    },
  ];
  const cues = cuesOf(scenes);

  it('give each scene its place in the film, to the frame', () => {
    const second = cues.filter((cue) => cue.block !== 'a');
    expect(second[0].start).toBe(20);
    expect(cues[cues.length - 1].end).toBeCloseTo(691 / 30, 3);
    cues.slice(1).forEach((cue, i) => expect(cue.start).toBe(cues[i].end));
  });

  it('are valid WebVTT whatever the text', () => {
    const file = webvtt(cues, 'en');
    expect(file).toMatch(/^WEBVTT\nLanguage: en\n\n1\n00:00:00\.000 --> 00:00:\d\d\.\d{3}\n/);
    expect(file).toContain('Rope &amp; bell');
    expect(file).toContain('&lt;one&gt;');
    expect(file.match(/-->/g)).toHaveLength(cues.length);
  });

  it('are valid SRT, with hours beyond the first', () => {
    const late = cuesOf([{ frames: 2 * 3_600 * 30, pages: [] }, scenes[1]]);
    expect(subrip(late)).toMatch(/^1\n02:00:00,000 --> 02:00:0\d,\d{3}\n/);
    expect(subrip(late).match(/-->/g)).toHaveLength(late.length);
  });

  it('lead from a paragraph to its time and back', () => {
    const map = blockTimes(cues);
    expect(map.map(({ block }) => block)).toEqual(['a', 'b', 'c']);
    expect(map[1].start).toBe(20);
    expect(map.flatMap(({ cues: numbers }) => numbers)).toEqual(cues.map(({ cue }) => cue));
  });
});
