import fc from 'fast-check';
import { pagesOf } from './captions.js';
import { NothingToNarrate, planOf } from './plan.js';
import { FRAME_RATE, type TimedWord } from './scene.js';
import { blockTimes, cuesOf } from './subtitles.js';

const sentence = fc.constantFrom(
  'She counted the ships, as she had every night since the war.',
  '“No!” he said; and then, “well… perhaps.”',
  '灯塔看守人数着船只，就像战争以来的每一个夜晚一样。',
  '“你怎么了？”他问。',
  'قالت الحارسة إن السفن لم تعد.',
  'A 😀 face & a <break time="9s"/> rest, **bold**.',
  '* * *',
  '……',
  'incomprehensibilitiesincomprehensibilities',
);
const blocks = fc
  .array(fc.array(sentence, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 })
  .map((texts) => texts.map((text, i) => ({ id: `b${i}`, kind: i === 0 ? 'heading' : 'paragraph', text: text.join(' ') })));

describe('The map from cues to blocks to times', () => {
  it('covers every block that is spoken and every word of it, in order and without overlap, at any pace', () => {
    fc.assert(
      fc.property(
        blocks,
        fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (given, paces) => {
          let scenes;
          try {
            ({ scenes } = planOf(given, 'en'));
          } catch (error) {
            return expect(error).toBeInstanceOf(NothingToNarrate);
          }
          const drawn = scenes.map(({ spans }) => {
            let at = 0.09;
            const words = spans.flatMap(({ block, tokens }) =>
              tokens.map(({ text }, i): TimedWord => {
                const start = at;
                at += Math.round(paces[i % paces.length] * 1_000) / 1_000;
                return { text, start, end: at, block };
              }),
            );
            const frames = Math.ceil((at + 0.3) * FRAME_RATE);
            return { frames, pages: pagesOf(words, frames / FRAME_RATE) };
          });
          const cues = cuesOf(drawn);
          const film = drawn.reduce((sum, { frames }) => sum + frames, 0) / FRAME_RATE;
          const spans = scenes.flatMap((scene) => scene.spans);
          expect(cues.flatMap(({ words }) => words.map(({ text }) => text))).toEqual(
            spans.flatMap(({ tokens }) => tokens.map(({ text }) => text)),
          );
          expect(blockTimes(cues).map(({ block }) => block)).toEqual([...new Set(spans.map(({ block }) => block))]);
          expect(cues[0].start).toBe(0);
          expect(cues[cues.length - 1].end).toBeCloseTo(film, 2);
          cues.forEach((cue, i) => {
            expect(cue.end).toBeGreaterThanOrEqual(cue.start);
            if (i > 0) expect(cue.start).toBe(cues[i - 1].end);
            for (const { start, end } of cue.words) {
              expect(start).toBeGreaterThanOrEqual(cue.start - 0.0011);
              expect(end).toBeLessThanOrEqual(cue.end + 0.0011);
            }
          });
          const times = blockTimes(cues);
          times.slice(1).forEach(({ start }, i) => expect(start).toBeGreaterThanOrEqual(times[i].end));
        },
      ),
    );
  });
});
