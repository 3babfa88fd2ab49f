import fc from 'fast-check';
import { breakLines, gapBetween, visualOrder, type Word } from './caption-layout.js';

const SPACE = 20;
const wordsOf = (text: string): Word[] => text.split(' ').map((word) => ({ text: word, width: word.length * 40 }));
const shown = (text: string, room: number, most = 3): string[] =>
  (breakLines(wordsOf(text), room, most, SPACE) ?? []).map((line) =>
    line.places.map(({ word }) => text.split(' ')[word]).join(' '),
  );

describe('lines of a caption', () => {
  it('stay inside the room, hold every word once and in order, and are as few as possible', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 20, max: 300 }), { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 300, max: 900 }),
        (widths, room) => {
          const words = widths.map((width, i) => ({ text: `w${i}`, width }));
          const lines = breakLines(words, room, 20, SPACE) ?? [];
          expect(lines.flatMap(({ places }) => places.map(({ word }) => word))).toEqual(widths.map((_, i) => i));
          for (const { places, width } of lines) {
            expect(width).toBeLessThanOrEqual(room);
            places.forEach(({ word, x }, i) => {
              const before = places[i - 1];
              expect(x).toBe(i ? before.x + widths[before.word] + SPACE : 0);
              expect(x + widths[word]).toBeLessThanOrEqual(width);
            });
          }
          const greedy = widths.reduce((list, width) => {
            const last = list.at(-1);
            if (last !== undefined && last + SPACE + width <= room) list[list.length - 1] = last + SPACE + width;
            else list.push(width);
            return list;
          }, [] as number[]);
          expect(lines.length).toBe(greedy.length);
        },
      ),
    );
  });

  it('are of about equal length instead of leaving one word behind', () => {
    expect(shown('down went Alice after it', 800)).toEqual(['down went', 'Alice after it']);
  });

  it('break where a reader pauses', () => {
    expect(shown('Oh dear! I shall be late!', 840)).toEqual(['Oh dear!', 'I shall be late!']);
  });

  it('do not leave an article behind at the end of a line', () => {
    expect(shown('she ran across the whole field', 780)).toEqual(['she ran across', 'the whole field']);
  });

  it('leave no lone Chinese character behind that belongs to the next line, known word or not', () => {
    const words = ['搬家', '到', '我在', '谋', '食', '的', '异', '地', '去。'].map((text) => ({ text, width: text.length * 90 }));
    const lines = breakLines(words, 908, 3, 24) ?? [];
    expect(lines.map(({ places }) => places.map(({ word }) => words[word].text).join(''))).toEqual([
      '搬家到我在',
      '谋食的异地去。',
    ]);
  });

  it('never begin with closing punctuation nor end with opening punctuation', () => {
    const words = ['他', '说', '：', '“', '走', '吧', '”', '。'].map((text) => ({ text, width: 80 }));
    for (let room = 240; room < 640; room += 40) {
      for (const { places } of breakLines(words, room, 8, 0) ?? []) {
        expect(words[places[0].word].text).not.toMatch(/[：”。]/);
        expect(words[places[places.length - 1].word].text).not.toBe('“');
      }
    }
  });

  it('say so when the words do not fit', () => {
    expect(breakLines(wordsOf('waistcoat-pocket'), 300, 3, SPACE)).toBeUndefined();
    expect(breakLines(wordsOf('one two three four five'), 200, 3, SPACE)).toBeUndefined();
  });

  it('separate words by a space, Chinese words by nothing, and the two by a little', () => {
    expect(gapBetween('rabbit', 'hole', 20)).toBe(20);
    expect(gapBetween('故乡', '去。', 20)).toBe(0);
    expect(gapBetween('iPhone', '手机', 20)).toBe(10);
    expect(gapBetween('手机，', 'iPhone', 20)).toBe(0);
  });

  it('run from the right where the text does, and keep a Latin phrase in its own order', () => {
    expect(visualOrder(['مرحبا', 'بكم'])).toEqual([1, 0]);
    expect(visualOrder(['مرحبا', 'hello', 'world', 'بكم'])).toEqual([3, 1, 2, 0]);
    expect(visualOrder(['see', 'مرحبا', 'بكم', 'there'])).toEqual([0, 2, 1, 3]);
    expect(visualOrder(['12', 'مرحبا', '34'])).toEqual([2, 1, 0]);
  });

  it('take their direction from the page, not from the word they happen to begin with', () => {
    const words = ['القديمة', 'hello', 'التي'].map((text) => ({ text, width: 400 }));
    const lines = breakLines(words, 850, 3, SPACE) ?? [];
    const latin = lines.find(({ places }) => places.some(({ word }) => word === 1) && places.length > 1);
    const order = latin?.places.map(({ word }) => word) ?? [];
    expect(order).toEqual([...order].sort((a, b) => b - a));
  });
});
