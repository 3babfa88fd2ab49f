import { linesOf } from './captions.js';
import { written } from './prose.js';
import type { CaptionPage } from './scene.js';
import { FRAME_RATE } from './scene.js';

/**
 * The captions of a whole film in the formats players read, and the map from each cue to the paragraph it comes from.
 * Here scenes get their place in the film; nothing of this goes into a scene's key.
 */
export interface SceneCaptions {
  readonly frames: number;
  readonly pages: readonly CaptionPage[];
}

/** One cue of the film; the same list stands behind WebVTT, SRT and the JSON map. */
export interface Cue {
  /** 1, 2, 3, … as in the SRT file; `id` of the WebVTT cue. */
  readonly cue: number;
  /** Seconds from the start of the film, to the millisecond. */
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
  /** Id of the chapter block whose words these are. */
  readonly block: string;
  readonly words: readonly { readonly text: string; readonly start: number; readonly end: number }[];
}

export function cuesOf(scenes: readonly SceneCaptions[]): Cue[] {
  const cues: Cue[] = [];
  let frames = 0;
  for (const scene of scenes) {
    const at = (seconds: number) => Math.round((frames / FRAME_RATE + seconds) * 1_000) / 1_000;
    scene.pages.forEach((page, i) =>
      cues.push({
        cue: cues.length + 1,
        start: at(page.start),
        end: at(i === scene.pages.length - 1 ? scene.frames / FRAME_RATE : page.end), // where the next scene starts, to the millisecond
        lines: linesOf(page.words).map((line) => written(line.map((word) => word.text))),
        block: page.words[0].block,
        words: page.words.map((word) => ({ text: word.text, start: at(word.start), end: at(word.end) })),
      }),
    );
    frames += scene.frames;
  }
  return cues;
}

/** https://www.w3.org/TR/webvtt1/ */
export function webvtt(cues: readonly Cue[], language: string): string {
  const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const blocks = cues.map(
    (cue) => `${cue.cue}\n${clock(cue.start, '.')} --> ${clock(cue.end, '.')}\n${cue.lines.map(escaped).join('\n')}\n`,
  );
  return [`WEBVTT\nLanguage: ${language.replace(/[^\w-]/g, '')}\n`, ...blocks].join('\n');
}

/** SubRip: no header, comma before the milliseconds, no escapes. An arrow in the text would look like a time line to some players. */
export function subrip(cues: readonly Cue[]): string {
  return cues
    .map(
      (cue) =>
        `${cue.cue}\n${clock(cue.start, ',')} --> ${clock(cue.end, ',')}\n${cue.lines.join('\n').replaceAll('-->', '→')}\n`,
    )
    .join('\n');
}

function clock(seconds: number, point: string): string {
  const ms = Math.round(seconds * 1_000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${point}${String(ms % 1_000).padStart(3, '0')}`;
}

/** When each block is spoken: the way from a comment on a paragraph to its place in the film. One entry a block, in film order. */
export interface BlockTime {
  readonly block: string;
  readonly start: number;
  readonly end: number;
  readonly cues: readonly number[];
}

export function blockTimes(cues: readonly Cue[]): BlockTime[] {
  const times = new Map<string, { block: string; start: number; end: number; cues: number[] }>();
  for (const cue of cues) {
    const known = times.get(cue.block);
    if (!known) times.set(cue.block, { block: cue.block, start: cue.start, end: cue.end, cues: [cue.cue] });
    else {
      known.end = cue.end;
      known.cues.push(cue.cue);
    }
  }
  return [...times.values()];
}
