/**
 * The fonts captions are drawn with, and which of them draws which letters.
 *
 * They come from npm, so every worker has the same files. Text is cut into runs of one font by looking into the fonts themselves, and each
 * run names that single font: a system font can never slip in, and what no font of ours can draw is known before anything is drawn.
 */
import { createRequire } from 'node:module';
import { GlobalFonts } from '@napi-rs/canvas';
import { FontFace } from './font-face.js';

const { resolve } = createRequire(import.meta.url);

const LATIN = new FontFace('Inkreel Latin', resolve('@expo-google-fonts/montserrat/900Black/Montserrat_900Black.ttf'));
const HAN = new FontFace('Inkreel Han', resolve('@expo-google-fonts/noto-sans-sc/900Black/NotoSansSC_900Black.ttf'));
const ARABIC = new FontFace(
  'Inkreel Arabic',
  resolve('@expo-google-fonts/noto-sans-arabic/900Black/NotoSansArabic_900Black.ttf'),
);
// One WOFF with every picture: the subsets, registered under one name, draw empty boxes.
const EMOJI = new FontFace('Inkreel Emoji', resolve('@fontsource/noto-color-emoji/files/noto-color-emoji-emoji-400-normal.woff'));

export const FACES: readonly FontFace[] = [LATIN, HAN, ARABIC, EMOJI];

const registered = new Set<FontFace>();

/** Registers a font when it is first needed: the emoji alone take a tenth of a second. */
export function useFace(face: FontFace): string {
  if (!registered.has(face)) {
    if (!GlobalFonts.registerFromPath(face.path, face.family))
      throw new Error(`The font ${face.path} could not be read: run npm ci.`);
    registered.add(face);
  }
  return `"${face.family}"`;
}

export interface Run {
  readonly text: string;
  readonly face: FontFace;
  readonly coloured: boolean;
}

const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });
const PICTURE = /\p{Emoji_Presentation}|\ufe0f|\p{Extended_Pictographic}\u200d/u;
const EAST_ASIAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
/** Joiners, selectors and marks of direction: they shape their neighbours and need no glyph. */
const SHAPERS = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;
const UNSEEN = /^[\p{Cc}\p{Zl}\p{Zp}\s\p{Default_Ignorable_Code_Point}]*$/u;

export function isEastAsian(text: string): boolean {
  return EAST_ASIAN.test(text);
}

/** Chinese and Japanese words take their punctuation (“ ” … —) from the East Asian font, where it is as wide as a character. */
function order(word: string, language: string): readonly FontFace[] {
  const wide = isEastAsian(word) || (/^(zh|ja|yue)\b/.test(language) && !LETTER_OR_DIGIT.test(word));
  return wide ? [HAN, LATIN, ARABIC, EMOJI] : [LATIN, ARABIC, HAN, EMOJI];
}

function faceFor(grapheme: string, faces: readonly FontFace[]): FontFace | undefined {
  const needed = [...grapheme].filter((char) => !SHAPERS.test(char)).map((char) => char.codePointAt(0) as number);
  const preferred = PICTURE.test(grapheme) ? [EMOJI, ...faces] : faces;
  return preferred.find((face) => needed.every((codePoint) => face.has(codePoint)));
}

/** A word as runs of one font each. Letters that no font of ours can draw are left out: see `missingGlyphs`. */
export function runsOf(word: string, language: string): Run[] {
  const faces = order(word, language);
  const result: { text: string; face: FontFace; coloured: boolean }[] = [];
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (UNSEEN.test(segment)) continue;
    const face = faceFor(segment, faces);
    if (!face) continue;
    const last = result.at(-1);
    if (last?.face === face) last.text += segment;
    else result.push({ text: segment, face, coloured: face === EMOJI });
  }
  return result;
}

/** The distinct characters of a text that no shipped font can draw, so that they would be missing from the film. */
export function missingGlyphs(text: string, language: string): string[] {
  const faces = order(text, language);
  const missing = new Set<string>();
  for (const { segment } of GRAPHEMES.segment(text)) if (!UNSEEN.test(segment) && !faceFor(segment, faces)) missing.add(segment);
  return [...missing];
}
