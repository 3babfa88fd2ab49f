import { cardFields, segmentFields } from './artefacts.js';
import { pagesOf } from './captions.js';
import type { Fields } from './keys.js';
import { motionOf } from './motion.js';
import type { PlannedScene } from './plan.js';
import type { Output, PartState, SegmentWish } from './ports.js';
import type { RenditionState } from './rendition.js';
import { type FittedPicture, FRAME_RATE, type Theme, type TimedWord } from './scene.js';
import { timesOf } from './shown-words.js';
import { INK, THEMES } from './themes.js';

export const themeOf = ({ theme }: { theme: string }): Theme => THEMES[theme] ?? INK;

/** The scene's words on the screen, with the times that its sound gave to those it says. */
export function wordsIn(scene: PlannedScene, sound: Output): TimedWord[] {
  const times = sound.facts.times as unknown as [number, number][][];
  return scene.spans.flatMap(({ block, tokens, shown }, i) => {
    const at = shown ? timesOf(shown, times[i]) : times[i];
    return (shown ?? tokens).map(({ text }, k) => ({ text, start: at[k][0], end: at[k][1], block }));
  });
}

/** The picture behind a scene: its block's own, else the film's. */
export function pictureOf({ spans }: PlannedScene, { picture, pictures = {} }: Pictured): FittedPicture | null {
  const own = spans[0].picture;
  return (own === undefined ? undefined : pictures[own]) ?? picture;
}

type Pictured = Pick<RenditionState, 'picture'> & Partial<Pick<RenditionState, 'pictures'>>;

/** Everything a scene's picture is drawn from. Nothing here knows where in the film it stands. */
export function sceneWish(
  scene: PlannedScene,
  rendition: Pictured & Pick<RenditionState, 'theme' | 'language'>,
  sound: Output,
): SegmentWish {
  const frames = sound.frames!;
  const words = wordsIn(scene, sound);
  return {
    frames,
    picture: pictureOf(scene, rendition),
    motion: motionOf(words.map(({ text }) => text).join(' '), frames),
    pages: pagesOf(words, frames / FRAME_RATE),
    theme: themeOf(rendition),
    language: rendition.language,
  };
}

type Look = Pictured & Pick<RenditionState, 'theme' | 'language' | 'engine'>;

const MIDDLE = { x: 0.5, y: 0.5, zoom: 1 };

/** What is drawn for a part: its scene, or the card in its place. */
export function partWish({ scene, card }: Pick<PartState, 'scene' | 'card'>, rendition: Look, sound: Output): SegmentWish {
  const wish = sceneWish(scene, rendition, sound);
  return card ? { ...wish, picture: null, pages: [], motion: { from: MIDDLE, to: MIDDLE } } : wish;
}

/** What goes into the key of what is drawn for a part. */
export function partFields(part: Pick<PartState, 'scene' | 'card'>, rendition: Look, sound: Output): Fields {
  const { frames, motion, theme, picture } = partWish(part, rendition, sound);
  const engine = rendition.engine ?? '';
  if (!picture) return cardFields({ frames, theme, engine });
  const { language } = rendition;
  return segmentFields({ frames, language, words: wordsIn(part.scene, sound), picture: picture.sha256, motion, theme, engine });
}
