import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { planOf } from './plan.js';
import { expectedSeconds, LongerThanADaysQuota, refusal, TooManyUnderWay, TooMuchInADay } from './quota.js';

const QUOTA = { underWay: 3, secondsADay: 600 };
const now = new Date('2026-03-04T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);

describe('An author’s quota', () => {
  it('lets in what fits', () => {
    expect(refusal(QUOTA, { underWay: 2, today: [{ at: hoursAgo(1), seconds: 500 }] }, 100, now)).toBeUndefined();
  });

  it('refuses one more film than may be under way', () => {
    expect(refusal(QUOTA, { underWay: 3, today: [] }, 1, now)).toBeInstanceOf(TooManyUnderWay);
  });

  it('says when a film will fit that is too much today', () => {
    const today = [
      { at: hoursAgo(23), seconds: 100 },
      { at: hoursAgo(10), seconds: 300 },
      { at: hoursAgo(1), seconds: 200 },
    ];
    const refused = refusal(QUOTA, { underWay: 0, today }, 150, now);
    expect(refused).toBeInstanceOf(TooMuchInADay);
    expect(refused).toMatchObject({ details: { at: '2026-03-05T02:00:00.000Z', retryAfter: 14 * 3_600 } });
  });

  it('says so when a film will never fit', () => {
    expect(refusal(QUOTA, { underWay: 0, today: [] }, 601, now)).toBeInstanceOf(LongerThanADaysQuota);
  });

  it('keeps its word: asked again at the time it named, the film fits, and a second before it does not', () => {
    const film = fc.record({ hours: fc.integer({ min: 0, max: 23 }), seconds: fc.integer({ min: 1, max: 300 }) });
    fc.assert(
      fc.property(fc.array(film, { maxLength: 20 }), fc.integer({ min: 1, max: 600 }), (films, seconds) => {
        const today = films.map((one) => ({ at: hoursAgo(one.hours), seconds: one.seconds })).sort((a, b) => +a.at - +b.at);
        const refused = refusal(QUOTA, { underWay: 0, today }, seconds, now);
        if (!(refused instanceof TooMuchInADay)) return expect(refused).toBeUndefined();
        const at = new Date(refused.details.at as string);
        const left = (then: number) => today.filter((one) => +one.at + 86_400_000 > then);
        expect(refusal(QUOTA, { underWay: 0, today: left(+at) }, seconds, at)).toBeUndefined();
        expect(refusal(QUOTA, { underWay: 0, today: left(+at - 1_000) }, seconds, at)).toBeInstanceOf(TooMuchInADay);
      }),
    );
  });
});

it.each(['en', 'zh'])('the length of a film is guessed well enough before it is planned (%s)', (language) => {
  const texts = readFileSync(`test/fixtures/ten-paragraphs.${language}.md`, 'utf8').split('\n\n');
  const { scenes } = planOf(
    texts.map((text, i) => ({ id: `${i}`, kind: 'paragraph', text })),
    language,
  );
  const planned = scenes.reduce((sum, scene) => sum + scene.seconds, 0);
  expect(expectedSeconds(texts) / planned).toBeGreaterThan(0.7);
  expect(expectedSeconds(texts) / planned).toBeLessThan(1.4);
});
