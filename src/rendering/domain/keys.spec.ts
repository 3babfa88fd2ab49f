import fc from 'fast-check';
import type { SegmentInputs } from './artefacts.js';
import { segmentFields, soundFields, speechFields } from './artefacts.js';
import type { Field, Fields, Part } from './keys.js';
import { canonical, changesBetween, keyOf, reasonsFor } from './keys.js';
import { motionOf } from './motion.js';
import { planOf } from './plan.js';

const part = (text: string, blocks: string[], more: Fields = {}): Part => {
  const fields = { kind: 'segment', text, ...more };
  return { key: keyOf(fields), fields, blocks };
};

describe('A key', () => {
  it('does not depend on the order in which fields are written down', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
        const turned = Object.fromEntries(Object.entries(fields).reverse());
        expect(keyOf(turned as Fields)).toBe(keyOf(fields as Fields));
        expect(JSON.parse(canonical(fields as Field))).toEqual(JSON.parse(JSON.stringify(fields)));
      }),
    );
  });

  it('refuses a number that JSON would turn into null', () => {
    expect(() => keyOf({ zoom: NaN })).toThrow(TypeError);
  });

  it('changes with every field of a segment', () => {
    const inputs: SegmentInputs = {
      frames: 90,
      language: 'en',
      words: [
        { text: 'Hello', start: 0.1, end: 0.5, block: 'a' },
        { text: 'there.', start: 0.5, end: 1, block: 'a' },
      ],
      picture: 'p',
      motion: motionOf('Hello', 90),
      theme: {
        name: 'night',
        gradient: ['#000000', '#111111', '#222222'],
        text: '#ffffff',
        lit: '#ffe500',
        outline: '#000000',
        encoder: { preset: 'veryfast', crf: 21, params: '' },
      },
      engine: 'e',
    };
    const [first, second] = inputs.words;
    const others: SegmentInputs[] = [
      { ...inputs, frames: 91 },
      { ...inputs, language: 'zh' },
      { ...inputs, words: [{ ...first, text: 'Hallo' }, second] },
      { ...inputs, words: [{ ...first, end: 0.501 }, second] },
      { ...inputs, words: [first, { ...second, block: 'b' }] },
      { ...inputs, picture: 'q' },
      { ...inputs, motion: motionOf('Hello', 91) },
      { ...inputs, theme: { ...inputs.theme, lit: '#ff0000' } },
      { ...inputs, theme: { ...inputs.theme, encoder: { ...inputs.theme.encoder, crf: 20 } } },
      { ...inputs, engine: 'f' },
    ];
    const keys = [inputs, ...others].map((one) => keyOf(segmentFields(one)));
    expect(new Set(keys).size).toBe(keys.length);
    // … but not with the ids of its blocks: two equal paragraphs are one artefact
    const renamed = inputs.words.map((word) => ({ ...word, block: 'z' }));
    expect(keyOf(segmentFields({ ...inputs, words: renamed }))).toBe(keys[0]);
  });

  it('of a sound changes with text, voice, engine, language and chain, but not with block ids or emoji', () => {
    const scene = (text: string, id = 'a') => planOf([{ id, kind: 'paragraph', text }], 'en').scenes[0];
    const voice = { id: 'flite:rms', fingerprint: 'v1' };
    const keys = [
      soundFields(scene('Hello there.'), voice, 'en', 'c'),
      soundFields(scene('Hello, there.'), voice, 'en', 'c'),
      soundFields(scene('Hello there.'), { ...voice, id: 'flite:slt' }, 'en', 'c'),
      soundFields(scene('Hello there.'), { ...voice, fingerprint: 'v2' }, 'en', 'c'),
      soundFields(scene('Hello there.'), voice, 'en-GB', 'c'),
      soundFields(scene('Hello there.'), voice, 'en', 'd'),
      speechFields(scene('Hello there.').spans[0], voice, 'en'),
    ].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf(soundFields(scene('Hello there. 😀', 'b'), voice, 'en', 'c'))).toBe(keys[0]);
  });
});

describe('Reasons', () => {
  it('say which field of a scene changed, from what to what', () => {
    const before = [part('one', ['a'], { voice: 'rms' }), part('two', ['b'], { voice: 'rms' })];
    const after = [part('one', ['a'], { voice: 'rms' }), part('too', ['b'], { voice: 'slt' }), part('three', ['c'])];
    expect(reasonsFor(before, after)).toEqual([
      { kind: 'reused' },
      {
        kind: 'changed',
        changes: [
          { field: 'text', was: 'two', now: 'too' },
          { field: 'voice', was: 'rms', now: 'slt' },
        ],
      },
      { kind: 'new' },
    ]);
  });

  it('name fields that came or went', () => {
    expect(changesBetween({ a: 1, b: [1] }, { b: [1], c: null })).toEqual([
      { field: 'a', was: 1 },
      { field: 'c', now: null },
    ]);
  });

  it('follow a scene that moves, and call a second copy of it reused too', () => {
    const [one, two] = [part('one', ['a']), part('two', ['b'])];
    expect(reasonsFor([one, two], [two, one, { ...one, blocks: ['c'] }])).toEqual([
      { kind: 'reused' },
      { kind: 'reused' },
      { kind: 'reused' },
    ]);
  });
});

describe('The motion of a picture', () => {
  it('stays inside the fitted picture, always moves, and is the same for the same text', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 30, max: 900 }), (text, frames) => {
        const motion = motionOf(text, frames);
        expect(motionOf(text, frames)).toEqual(motion);
        for (const { x, y, zoom } of [motion.from, motion.to]) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x, y)).toBeLessThanOrEqual(1);
          expect(zoom).toBeGreaterThanOrEqual(1);
          expect(zoom).toBeLessThanOrEqual(1.12);
        }
        expect(Math.abs(motion.to.zoom - motion.from.zoom)).toBeGreaterThan(0.02);
      }),
    );
  });
});
