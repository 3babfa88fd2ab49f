import type { Field, Fields } from './keys.js';
import type { PlannedScene, Span } from './plan.js';
import type { Motion, Theme, TimedWord } from './scene.js';

/**
 * What goes into each artefact of a scene, by name; the key is made of exactly this (`keyOf`), and a reason is told in these names.
 * Raise `VERSION` when the meaning of a field changes.
 */
export const VERSION = 1;

/** The voice of a rendition, as far as it changes what is heard. */
export interface VoiceIdentity {
  readonly id: string;
  /** Engine, its version and its settings: see `voiceFingerprint`. */
  readonly fingerprint: string;
}

/** What one span is spoken from: the key of what a speech server answered. Where it stands and who is beside it are not in it. */
export function speechFields(span: Span, voice: VoiceIdentity, language: string): Fields {
  const { take = 0 } = span;
  return { kind: 'speech', version: VERSION, language, voice: voice.id, engine: voice.fingerprint, ...saidIn(span), take };
}

/** The speech fields of each span of a sound, from the fields of that sound. */
export function speechFieldsOf({ language, voice, engine, say, stops, take }: Fields): Fields[] {
  const [words, ends, takes] = [say, stops, take] as [string[], string[], number[]];
  const same = { kind: 'speech', version: VERSION, language, voice, engine };
  return words.map((spoken, i) => ({ ...same, say: spoken, stops: ends[i], take: takes[i] }));
}

/** The scene's mastered sound. `chain` is the fingerprint of mastering and encoder. */
export function soundFields(scene: PlannedScene, voice: VoiceIdentity, language: string, chain: string): Fields {
  const { id, fingerprint } = voice;
  return { kind: 'sound', version: VERSION, language, voice: id, engine: fingerprint, chain, ...wordsOf(scene) };
}

/** The same of other words, by the same voice and chain. */
export function soundFieldsLike(like: Fields, scene: PlannedScene): Fields {
  return { ...like, ...wordsOf(scene) };
}

function wordsOf({ spans }: PlannedScene): Fields {
  const says = spans.map(saidIn);
  return {
    say: says.map(({ say }) => say),
    stops: says.map(({ stops }) => stops),
    take: spans.map(({ take = 0 }) => take),
    pause: spans.map(({ pause = 0 }) => pause),
  };
}

function saidIn(span: Span): { say: string; stops: string } {
  return { say: span.tokens.map((token) => token.say).join('|'), stops: span.tokens.map((token) => token.stop).join('') };
}

export interface SegmentInputs {
  readonly frames: number;
  readonly language: string;
  readonly words: readonly TimedWord[];
  /** sha256 of the fitted picture's bytes. */
  readonly picture: string;
  readonly motion: Motion;
  readonly theme: Theme;
  /** Fingerprint of ffmpeg, kernel, canvas, fonts and compositor. */
  readonly engine: string;
}

/** The scene's picture. Known once the words have times: they decide what is lit when, and how long the scene is. */
export function segmentFields(inputs: SegmentInputs): Fields {
  const { from, to } = inputs.motion;
  return {
    kind: 'segment',
    version: VERSION,
    frames: inputs.frames,
    language: inputs.language,
    text: textByBlock(inputs.words),
    times: inputs.words.map((word) => [Math.round(word.start * 1_000), Math.round(word.end * 1_000)]),
    picture: inputs.picture,
    motion: { from: { ...from }, to: { ...to } },
    theme: { ...inputs.theme, gradient: [...inputs.theme.gradient], encoder: { ...inputs.theme.encoder } },
    engine: inputs.engine,
  };
}

/** What the author's picture, or the gradient in its place, becomes before scenes move over it. */
export function pictureFields(source: string | null, gradient: Theme['gradient'], fitting: string): Fields {
  return { kind: 'picture', version: VERSION, source, gradient: source === null ? [...gradient] : null, engine: fitting };
}

/** A scene that cannot be drawn: the theme's gradient, standing still, without words. */
export function cardFields({ frames, theme, engine }: Pick<SegmentInputs, 'frames' | 'theme' | 'engine'>): Fields {
  const look = { gradient: [...theme.gradient], encoder: { ...theme.encoder } };
  return { kind: 'card', version: VERSION, frames, theme: look, engine };
}

/** Attempts that took the program that made them along (`crashed`), or the whole worker as it seems (`lost`). */
export interface Mishaps {
  readonly crashed: number;
  readonly lost: number;
}

/** A program may die by chance, and a worker is killed for other reasons than one scene; not so often. */
export const tooOften = ({ crashed, lost }: Mishaps): boolean => crashed >= 3 || crashed + lost >= 6;

/** The drawn words with a border between blocks, but without the blocks' ids: two equal paragraphs are one artefact. */
function textByBlock(words: readonly TimedWord[]): Field {
  const blocks: string[][] = [];
  words.forEach((word, i) => {
    if (i === 0 || words[i - 1].block !== word.block) blocks.push([]);
    blocks[blocks.length - 1].push(word.text);
  });
  return blocks;
}
