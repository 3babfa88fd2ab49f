import { tooOften } from './artefacts.js';
import { partFields } from './drawing.js';
import { keyOf } from './keys.js';
import { planOf } from './plan.js';
import type { Output } from './ports.js';
import { type Film, Rendition } from './rendition.js';

const NOW = new Date('2026-11-24T12:00:00Z');
const PICTURE = { sha256: 'a'.repeat(64), width: 1216, height: 2160 };
const FILM = {
  sha256: 'f'.repeat(64),
  bytes: 1,
  frames: 90,
  seconds: 3,
  poster: '',
  webvtt: '',
  srt: '',
  cues: '',
} satisfies Film;

const underWay = (studio = 'old'): Rendition => {
  const wish = {
    chapterId: 'c',
    workId: 'w',
    authorId: 'author',
    expectedSeconds: 10,
    revision: 1,
    title: 'I',
    language: 'en',
    voice: 'flite:rms',
    theme: 'ink',
    cover: null,
  };
  const rendition = Rendition.request({ ...wish, fallbackVoice: null, script: {}, lexicon: 0 }, null, NOW);
  rendition.beginRendering({ picture: 'engine', studio }, { picture: PICTURE, pictures: {} });
  rendition.measured(90);
  return rendition;
};

describe('A film', () => {
  it('belongs to the tools of whoever planned it: they are the lane of what it asks for', () => {
    expect(underWay('ab12').errand('render.assemble', 'AssembleFilm').workerGroup).toBe('ab12');
  });

  it('takes its author’s turns; one that lacks a scene or two takes two of its own', () => {
    const shares = (lacking: number): unknown[] => [4, 5, 6].map((scene) => underWay().turn(scene, lacking).fairnessKey);
    expect(shares(3)).toEqual(['author', 'author', 'author']);
    for (const lacking of [1, 2]) expect(shares(lacking)).toEqual(['author edit 0', 'author edit 1', 'author edit 0']);
    expect(underWay().errand('render.assemble', 'AssembleFilm').fairnessKey).toBe('author');
  });

  it('that was begun anew is in no lane, forgets its warnings, and is not finished by those who had begun it', () => {
    const rendition = underWay();
    rendition.degrade('The film has no cover in it.');
    expect(rendition.planAgain()).toBe(true);
    expect(rendition.errand('render.plan', 'PlanRendition').workerGroup).toBeUndefined();
    expect(rendition.snapshot()).toMatchObject({ state: 'planning', degraded: false, warnings: [], framesPlanned: null });
    rendition.beginRendering({ picture: 'engine', studio: 'new' }, { picture: PICTURE, pictures: {} });
    rendition.measured(90);
    rendition.beginAssembling();
    expect(rendition.finish(FILM, 'old', NOW)).toBeUndefined();
    expect(rendition.finish(FILM, 'new', NOW)).toMatchObject({ type: 'RenditionReady' });
  });

  it('that is over is not begun anew', () => {
    const rendition = underWay();
    rendition.cancel(NOW);
    expect(rendition.planAgain()).toBe(false);
  });
});

describe('A card in place of a scene', () => {
  const [scene] = planOf([{ id: 'b', kind: 'paragraph', text: 'One lamp.' }], 'en').scenes;
  const sound: Output = {
    sha256: 's',
    bytes: 1,
    frames: 60,
    facts: {
      times: [
        [
          [0, 0.4],
          [0.5, 1],
        ],
      ],
    },
  };
  const look = underWay().snapshot();

  it('has a key of its own, in which there is no word and no cover', () => {
    const [drawn, card] = [false, true].map((card) => partFields({ scene, card }, look, sound));
    expect(keyOf(card)).not.toBe(keyOf(drawn));
    expect(JSON.stringify(card)).not.toMatch(/lamp|aaaa/);
    expect(card).toMatchObject({ kind: 'card', frames: 60, engine: 'engine' });
  });

  it('is laid after three crashes or six mishaps of any kind, not before', () => {
    expect([2, 3].map((crashed) => tooOften({ crashed, lost: 0 }))).toEqual([false, true]);
    expect([5, 6].map((lost) => tooOften({ crashed: 0, lost }))).toEqual([false, true]);
    expect(tooOften({ crashed: 2, lost: 4 })).toBe(true);
  });
});
