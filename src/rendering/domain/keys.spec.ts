import fc from 'fast-check';
import type { SegmentInputs } from './artefacts.js';
import { pictureFields, segmentFields, soundFields, speechFields, speechFieldsOf } from './artefacts.js';
import type { Field, Fields, Part } from './keys.js';
import { canonical, changesBetween, keyOf, reasonsFor } from './keys.js';
import { motionOf } from './motion.js';
import { planOf } from './plan.js';
import type { BlockScript } from './script.js';

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

  it('of a segment changes with every field of it', () => {
    const motion = motionOf('Hello', 90);
    const inputs: SegmentInputs = {
      frames: 90,
      language: 'en',
      words: [
        { text: 'Hello', start: 0.1, end: 0.5, block: 'a' },
        { text: 'there.', start: 0.5, end: 1, block: 'a' },
      ],
      picture: 'p',
      motion,
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
    const others: Record<string, SegmentInputs> = {
      frames: { ...inputs, frames: 91 },
      language: { ...inputs, language: 'zh' },
      'a word': { ...inputs, words: [{ ...first, text: 'Hallo' }, second] },
      'when a word begins': { ...inputs, words: [{ ...first, start: 0.101 }, second] },
      'when a word ends': { ...inputs, words: [{ ...first, end: 0.501 }, second] },
      'a border between blocks': { ...inputs, words: [first, { ...second, block: 'b' }] },
      picture: { ...inputs, picture: 'q' },
      engine: { ...inputs, engine: 'f' },
    };
    for (const end of ['from', 'to'] as const)
      for (const side of ['x', 'y', 'zoom'] as const) {
        const moved = { ...motion, [end]: { ...motion[end], [side]: motion[end][side] + 0.001 } };
        others[`motion ${end} ${side}`] = { ...inputs, motion: moved };
      }
    const { encoder, gradient } = inputs.theme;
    for (const field of ['name', 'text', 'lit', 'outline'] as const)
      others[`theme ${field}`] = { ...inputs, theme: { ...inputs.theme, [field]: '#ff0000' } };
    for (let i = 0; i < 3; i++) {
      const stops = gradient.map((stop, k) => (k === i ? '#ff0000' : stop)) as unknown as typeof gradient;
      others[`gradient ${i}`] = { ...inputs, theme: { ...inputs.theme, gradient: stops } };
    }
    for (const [field, value] of Object.entries({ preset: 'fast', crf: 20, params: 'me=dia' }))
      others[`encoder ${field}`] = { ...inputs, theme: { ...inputs.theme, encoder: { ...encoder, [field]: value } } };
    eachIsItsOwn(
      segmentFields(inputs),
      Object.entries(others).map(([name, one]) => [name, segmentFields(one)]),
    );
    // … but not with the ids of its blocks: two equal paragraphs are one artefact
    const renamed = inputs.words.map((word) => ({ ...word, block: 'z' }));
    expect(keyOf(segmentFields({ ...inputs, words: renamed }))).toBe(keyOf(segmentFields(inputs)));
  });

  const voice = { id: 'flite:rms', fingerprint: 'v1' };
  const sceneOf = (text: string, script: BlockScript = {}, id = 'a') =>
    planOf([{ id, kind: 'paragraph', text }], 'en', { script: { [id]: script } }).scenes[0];

  it('of a sound changes with every field of it, but not with block ids, emoji, captions or pictures', () => {
    const sound = (text: string, script: BlockScript = {}, who = voice, language = 'en', chain = 'c') =>
      soundFields(sceneOf(text, script), who, language, chain);
    const [first, second] = [sceneOf('Well.').spans[0], sceneOf('No!').spans[0]];
    const two = (more: Partial<typeof second>) =>
      soundFields({ seconds: 2, spans: [first, { ...second, ...more }] }, voice, 'en', 'c');
    eachIsItsOwn(sound('Hello there.'), [
      ['a word', sound('Hullo there.')],
      ['a comma', sound('Hello, there.')],
      ['a line', sound('Hello\nthere.')],
      ['voice', sound('Hello there.', {}, { ...voice, id: 'flite:slt' })],
      ['engine', sound('Hello there.', {}, { ...voice, fingerprint: 'v2' })],
      ['language', sound('Hello there.', {}, voice, 'en-GB')],
      ['chain', sound('Hello there.', {}, voice, 'en', 'd')],
      ['say', sound('Hello there.', { say: 'Hello you.' })],
      ['pause', sound('Hello there.', { pause: 0.5 })],
      ['another pause', sound('Hello there.', { pause: 0.501 })],
      ['take', sound('Hello there.', { take: 1 })],
      ['two spans', two({})],
      ['the take of the second', two({ take: 1 })],
      ['the pause of the second', two({ pause: 1 })],
    ]);
    const same = [sound('Hello there. 😀'), sound('Hello there.', { show: 'Hi!' }), sound('Hello there.', { picture: 'ab' })];
    const asBefore = keyOf(sound('Hello there.'));
    expect(same.map(keyOf)).toEqual(same.map(() => asBefore));
    expect(keyOf(soundFields(sceneOf('Hello there.', {}, 'b'), voice, 'en', 'c'))).toBe(asBefore);
  });

  it('of a span’s speech changes with every field of it, but not with the pause after it or with what is shown', () => {
    const speech = (text: string, script: BlockScript = {}, who = voice, language = 'en') =>
      speechFields(sceneOf(text, script).spans[0], who, language);
    eachIsItsOwn(speech('Hello there.'), [
      ['a word', speech('Hullo there.')],
      ['a comma', speech('Hello, there.')],
      ['voice', speech('Hello there.', {}, { ...voice, id: 'flite:slt' })],
      ['engine', speech('Hello there.', {}, { ...voice, fingerprint: 'v2' })],
      ['language', speech('Hello there.', {}, voice, 'en-GB')],
      ['take', speech('Hello there.', { take: 1 })],
      ['another take', speech('Hello there.', { take: 2 })],
    ]);
    for (const script of [{ pause: 1 }, { show: 'Hi!' }, { picture: 'ab' }])
      expect(keyOf(speech('Hello there.', script))).toBe(keyOf(speech('Hello there.')));
  });

  it('of each span’s speech is known from the fields of the sound, so that speech can be erased with it', () => {
    const scene = sceneOf('Hello there, you.', { take: 2 });
    const spans = scene.spans.map((span) => speechFields(span, voice, 'en'));
    expect(speechFieldsOf(soundFields(scene, voice, 'en', 'c')).map(keyOf)).toEqual(spans.map(keyOf));
  });

  it('of a picture changes with its source and the fitting, of a gradient with its stops, and a picture hides the gradient', () => {
    const stops = ['#000000', '#111111', '#222222'] as const;
    const others = ['#000000', '#111111', '#222223'] as const;
    eachIsItsOwn(pictureFields('one', stops, 'f'), [
      ['source', pictureFields('two', stops, 'f')],
      ['fitting', pictureFields('one', stops, 'g')],
      ['none', pictureFields(null, stops, 'f')],
      ['another gradient', pictureFields(null, others, 'f')],
    ]);
    expect(keyOf(pictureFields('one', others, 'f'))).toBe(keyOf(pictureFields('one', stops, 'f')));
  });

  it('is changed by any single field, whatever it holds', () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), field, { minKeys: 1 }), fc.nat(), field, (fields, at, value) => {
        const name = Object.keys(fields)[at % Object.keys(fields).length];
        const other = { ...fields, [name]: value };
        expect(keyOf(other) === keyOf(fields)).toBe(canonical(other) === canonical(fields));
        const { [name]: _, ...without } = fields;
        expect(keyOf(without)).not.toBe(keyOf(fields));
      }),
    );
  });
});

/** Every variant has a key of its own, and the field that made it is told by name. */
function eachIsItsOwn(base: Fields, variants: [name: string, fields: Fields][]): void {
  const known = new Map([[keyOf(base), 'the first']]);
  for (const [name, fields] of variants) {
    expect([name, known.get(keyOf(fields))]).toEqual([name, undefined]);
    known.set(keyOf(fields), name);
    expect([name, changesBetween(base, fields).length > 0]).toEqual([name, true]);
  }
}

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
