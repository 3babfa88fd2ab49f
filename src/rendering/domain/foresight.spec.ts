import fc from 'fast-check';
import { costOf, type ForeseenScene, lengthOf } from './foresight.js';
import { inWords } from './reasons.js';

const RATES = { sound: 0.3, frame: 0.02, length: 1.2 };
const scene = (frames: number, sound: boolean, segment: boolean, name = 'a'): ForeseenScene => ({
  scene: { spans: [{ block: name, tokens: [] }], seconds: frames / 30 },
  sound: { key: `sound ${name}`, fields: {}, isThere: sound },
  segment: sound ? { key: `segment ${name}`, fields: {}, isThere: segment } : { key: null, fields: null, isThere: false },
  frames,
});

describe('What a film would cost', () => {
  it('is nothing for what is there, sound by the second, pictures by the frame', () => {
    expect(costOf([scene(90, true, true)], RATES)).toEqual({ sound: 0, picture: 0 });
    const { sound, picture } = costOf([scene(90, true, false), scene(60, false, false, 'b')], RATES);
    expect(sound).toBeCloseTo(2 * 0.3);
    expect(picture).toBeCloseTo(150 * 0.02);
  });

  it('counts a scene that comes twice once', () => {
    expect(costOf([scene(90, true, false), scene(90, true, false)], RATES).picture).toBeCloseTo(90 * 0.02);
  });

  it('never falls when more is to be made', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 30, max: 600 }), fc.boolean(), fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(some, (parts) => {
        const scenes = parts.map(([frames, sound, segment], i) => scene(frames, sound, segment, `${i}`));
        const less = costOf(scenes, RATES);
        const more = costOf([...scenes, scene(30, false, false, 'more')], RATES);
        expect(more.sound).toBeGreaterThan(less.sound);
        expect(more.picture).toBeGreaterThan(less.picture);
      }),
    );
  });

  it('takes scenes to become as long, against what was thought of them, as others did', () => {
    expect(lengthOf({ spans: [], seconds: 5 }, RATES)).toBe(180);
  });
});

describe('A reason in words', () => {
  it('says what is otherwise, each thing once', () => {
    const changes = ['say', 'voice', 'engine', 'version'].map((field) => ({ field }));
    expect(inWords({ kind: 'changed', changes }, false)).toBe(
      'Made anew: other words are said, somebody else speaks and it is made by another version of the tools.',
    );
  });

  it('tells what was taken from the film before from what was taken from another', () => {
    expect(inWords({ kind: 'reused' }, true)).toBe('Taken over from the film before.');
    expect(inWords({ kind: 'new' }, true)).toBe('Made for another film already and taken from there.');
    expect(inWords({ kind: 'changed', changes: [{ field: 'text' }] }, true)).toBe(
      'Made for another film already and taken from there. Against the film before, other words are shown.',
    );
    expect(inWords({ kind: 'new' }, false)).toMatch(/^Made for the first time/);
  });
});
