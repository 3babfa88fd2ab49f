import fc from 'fast-check';
import { tokensOf } from './prose.js';
import { cutOut, laidOver, timesOf } from './shown-words.js';

const tokens = (text: string) => tokensOf(text, 'paragraph', 'en');
const places = (said: string, shown: string) =>
  laidOver(tokens(said), tokens(shown)).map(({ text, from, to }) => [text, from, to]);

describe('Words on the screen that are not those in the ear', () => {
  it('keep to the words that both have', () => {
    expect(places('He ran three kilometres home.', 'He ran 3km home.')).toEqual([
      ['He', 0, 1],
      ['ran', 1, 2],
      ['3km', 2, 4],
      ['home.', 4, 5],
    ]);
  });

  it('share the time of the said ones by their length', () => {
    const [one, other] = laidOver(tokens('seventeen'), tokens('ab cdefg'));
    expect([one.from, other.to]).toEqual([0, 1]);
    expect(one.to).toBeCloseTo(3 / 9);
    expect(other.from).toBe(one.to);
  });

  it('stand a little longer where more is said than shown, also at the very start', () => {
    expect(places('Well, you know, no.', 'No.')).toEqual([['No.', 0, 4]]);
    expect(places('No, I say.', 'No.')).toEqual([['No.', 0, 3]]);
    expect(places('Go.', 'Now go.').map(([text]) => text)).toEqual(['Now', 'go.']);
  });

  const some = fc.array(fc.constantFrom('a', 'lamp', 'harbour.', 'seven', 'of', 'them,', 'incomprehensible'), {
    minLength: 1,
    maxLength: 40,
  });

  it('cover all that is said, in order, without gap or overlap, and each takes time', () => {
    fc.assert(
      fc.property(some, some, (said, shown) => {
        const laid = laidOver(tokens(said.join(' ')), tokens(shown.join(' ')));
        expect(laid.map(({ text }) => text)).toEqual(shown);
        expect(laid[0].from).toBe(0);
        expect(laid[laid.length - 1].to).toBe(said.length);
        laid.forEach(({ from, to }, i) => {
          expect(to).toBeGreaterThan(from);
          if (i > 0) expect(from).toBe(laid[i - 1].to);
        });
      }),
    );
  });

  it('are cut where the scene is cut, each word once, no scene without one, and times stay within what is said', () => {
    fc.assert(
      fc.property(some, some, fc.nat(), (said, shown, where) => {
        const laid = laidOver(tokens(said.join(' ')), tokens(shown.join(' ')));
        const at = where % (said.length + 1);
        const halves = [[0, at] as const, [at, said.length] as const].filter(([from, to]) => to > from);
        const parts = halves.map(([from, to]) => cutOut(laid, from, to));
        const drawn = parts.flat().map(({ text }) => text);
        expect(drawn.length).toBeLessThanOrEqual(shown.length + 1); // one word over two scenes is in both
        expect(drawn.filter((word, i) => word !== shown[i] && word !== shown[i - 1])).toEqual([]);
        parts.forEach((part, k) => {
          expect(part.length).toBeGreaterThan(0);
          const length = halves[k][1] - halves[k][0];
          const times = timesOf(
            part,
            Array.from({ length }, (_, i) => [i, i + 0.9] as const),
          );
          times.forEach(([start, end], i) => {
            expect(end).toBeGreaterThanOrEqual(start);
            expect(start).toBeGreaterThanOrEqual(i === 0 ? 0 : times[i - 1][1]);
            expect(end).toBeLessThanOrEqual(length);
          });
        });
      }),
    );
  });
});
