import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { INK } from '../../domain/themes.js';
import { pagesOf } from '../../../../test/support/picture.js';
import { CAPTION_CENTRE, CaptionPainter, litWord, pageAt, SAFE, type PaintedPage } from './captions.js';
import { FACES, missingGlyphs, runsOf, useFace } from './fonts.js';

const ENGLISH = '“Curiouser and curiouser!” cried Alice — she’d (quite) forgotten how to speak; a café, naïve, £5 & 100%…';
const CHINESE = '我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。“阿呀！”——他说：《呐喊》、鲁迅（１９２１）……';
const OTHERS = 'Привет ひらがな カタカナ مرحبا بالعالم Tiếng Việt 😀 👩‍🚀 🏳️‍🌈 ❤️ 🇨🇳 1️⃣';

const { floor, max, min } = Math; // a global is slow to reach in Jest, a million times

const CORPUS = process.env.INKREEL_CORPUS ?? path.join(import.meta.dirname, '../../../../../shared/corpus');
const corpus = ['alice', 'nahan'].map((work) => path.join(CORPUS, work, 'chapters')).filter((folder) => existsSync(folder));

/** What a font draws for one run, cut to the ink; the shape of a missing glyph is a box (or nothing). */
function inkOf(text: string, family: string): string {
  const canvas = createCanvas(140, 140);
  const pen = canvas.getContext('2d');
  pen.font = `80px ${family}`;
  pen.textBaseline = 'alphabetic';
  pen.fillText(text, 10, 100);
  const pixels = canvas.data();
  return pixels.some(Boolean) ? pixels.toString('latin1') : '';
}

describe('the fonts', () => {
  it('draw every letter of English and Chinese prose, and of what else people write', () => {
    expect(missingGlyphs(ENGLISH, 'en')).toEqual([]);
    expect(missingGlyphs(CHINESE, 'zh')).toEqual([]);
    expect(missingGlyphs(OTHERS, 'en')).toEqual([]);
  });

  (corpus.length ? it : it.skip)('draw every letter of two whole books (skipped where the corpus is not there)', () => {
    for (const folder of corpus) {
      const text = readdirSync(folder)
        .map((file) => readFileSync(path.join(folder, file), 'utf8'))
        .join('');
      const distinct = [...new Set(text)].join(' ');
      expect(missingGlyphs(distinct, folder.includes('nahan') ? 'zh' : 'en')).toEqual([]);
    }
  });

  it('put a real shape on the screen for each of them, not the box of a missing glyph', () => {
    const boxes = new Map(FACES.map((face) => [face, inkOf('\u{10ffff}', useFace(face))]));
    for (const [text, language] of [
      [ENGLISH, 'en'],
      [CHINESE, 'zh'],
      [OTHERS, 'en'],
    ] as const) {
      for (const word of new Set(text.split(language === 'zh' ? '' : ' '))) {
        for (const { text: run, face } of runsOf(word, language)) {
          const ink = inkOf(run, useFace(face));
          expect([run, ink === '' || ink === boxes.get(face)]).toEqual([run, false]);
        }
      }
    }
  });

  it('name what they cannot draw, and leave it out', () => {
    expect(missingGlyphs('plain བོད་ text', 'en').length).toBeGreaterThan(0);
    expect(runsOf('བོད་', 'en')).toEqual([]);
  });

  it('take Chinese quotation marks from the Chinese font and English ones from the Latin', () => {
    const family = (word: string, language: string): string[] => runsOf(word, language).map(({ face }) => face.family);
    expect(family('“阿呀！”', 'zh')).toEqual(['Inkreel Han']);
    expect(family('……', 'zh')).toEqual(['Inkreel Han']);
    expect(family('“Oh!”', 'en')).toEqual(['Inkreel Latin']);
    expect(family('fire🔥!', 'en')).toEqual(['Inkreel Latin', 'Inkreel Emoji', 'Inkreel Latin']);
  });
});

const painted = (words: readonly string[], language: string): PaintedPage => {
  const page = new CaptionPainter(INK, language).page(pagesOf(words, 0.2, 99)[0]);
  if (!page) throw new Error('nothing was drawn');
  return page;
};

/** Columns and rows, on the screen, where two pictures of a page differ or (without `b`) where `a` has ink. */
function extent(
  page: PaintedPage,
  a: Uint8Array,
  b = new Uint8Array(a.length),
): { left: number; right: number; top: number; bottom: number; count: number } {
  const found = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity, count: 0 };
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || (b[i] === 0 && a[i] < 40)) continue;
    const pixel = i >> 2;
    const [x, y] = [page.x + (pixel % page.width), page.y + floor(pixel / page.width)];
    found.left = min(found.left, x);
    found.right = max(found.right, x);
    found.top = min(found.top, y);
    found.bottom = max(found.bottom, y);
    found.count++;
  }
  return found;
}

describe('a caption', () => {
  const LONG = [
    ['en', 'Alice was beginning to get very tired of sitting by her sister on the bank'.split(' ')],
    ['en', ['Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft']],
    ['zh', [...'我冒了严寒回到相隔二千余里别了二十余年的故乡去']],
    ['ar', 'مرحبا بكم في القرية القديمة التي أحبها كثيرا'.split(' ')],
    ['en', ['😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀']],
  ] as const;

  it.each(LONG)('in %s stays in the part of the screen that no app covers, whatever its words', (language, words) => {
    const page = painted(words, language);
    const ink = extent(page, Uint8Array.from(page.draw(0)));
    const outline = 16;
    expect(ink.left).toBeGreaterThanOrEqual(SAFE.left - outline);
    expect(ink.right).toBeLessThanOrEqual(SAFE.right + outline);
    expect(ink.top).toBeGreaterThanOrEqual(SAFE.top);
    expect(ink.bottom).toBeLessThanOrEqual(SAFE.bottom);
    expect(ink.top).toBeLessThan(CAPTION_CENTRE);
    expect(ink.bottom).toBeGreaterThan(CAPTION_CENTRE);
  });

  it('lights exactly the spoken word: two states differ in these two words and nowhere else', () => {
    const page = painted(['Down', 'the', 'hole.'], 'en');
    const [none, first, last] = [-1, 0, 2].map((lit) => Uint8Array.from(page.draw(lit)));
    const [one, three] = [extent(page, first, none), extent(page, last, none)];
    expect(one.count).toBeGreaterThan(1000);
    expect(three.count).toBeGreaterThan(1000);
    expect(one.right).toBeLessThan(three.left);
    const both = extent(page, first, last);
    expect([both.left, both.right]).toEqual([one.left, three.right]);
  });

  it('is drawn the same whatever was drawn before it', () => {
    const words = ['Oh', 'dear!'];
    const fresh = Buffer.from(painted(words, 'en').draw(1));
    const page = painted(words, 'en');
    page.draw(0);
    page.draw(-1);
    expect(Buffer.from(page.draw(1)).equals(fresh)).toBe(true);
  });

  it('of nothing drawable is nothing', () => {
    expect(new CaptionPainter(INK, 'en').page(pagesOf(['\u200b', 'བོད་'], 0.2)[0])).toBeUndefined();
  });

  it('has a heavy outline: white letters stand out from white paper', () => {
    const page = painted(['White'], 'en');
    const pixels = page.draw(-1);
    // Along the middle row, every step from paper to white letter goes through dark.
    const row = CAPTION_CENTRE - page.y;
    const values = Array.from({ length: page.width }, (_, x) => {
      const at = (row * page.width + x) * 4;
      return pixels[at] + 255 - pixels[at + 3];
    });
    const letters = values.map((_, x) => (pixels[(row * page.width + x) * 4] > 240 ? x : -1)).filter((x) => x >= 0);
    expect(letters.length).toBeGreaterThan(30);
    for (const x of letters) {
      const left = values.slice(Math.max(0, x - 60), x);
      expect(Math.min(...left)).toBeLessThan(60);
    }
  });

  it('knows its moment: the last word that has begun is lit, from its page’s start to its end', () => {
    const pages = pagesOf(['a', 'b', 'c', 'd'], 0.5, 2);
    expect(pageAt(pages, 0.99)).toBe(pages[0]);
    expect(pageAt(pages, 1)).toBe(pages[1]);
    expect(pageAt(pages, 2)).toBeUndefined();
    expect([0, 0.49, 0.5, 0.9].map((time) => litWord(pages[0], time))).toEqual([0, 0, 1, 1]);
    expect(litWord(pages[1], 0.9)).toBe(-1);
  });
});
