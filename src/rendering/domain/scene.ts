/**
 * The measures and shapes that planning, narrating, drawing and assembling agree on.
 * Times are seconds from the start of the scene unless a name says frames or samples.
 */
export const FRAME_RATE = 30;
export const WIDTH = 1080;
export const HEIGHT = 1920;
export const SAMPLE_RATE = 48_000;
/** A viewer gets a new picture at least this often, however slow the voice: 20 s. */
export const LONGEST_SPOKEN = 20 * FRAME_RATE;
/** 48,000 / 30: audio samples under one picture. */
export const SAMPLES_PER_FRAME = 1_600;
/** Samples in one AAC-LC packet: scene audio is whole packets, so that it joins without re-encoding. */
export const AAC_PACKET = 1_024;

/** One word (or, in Chinese, one segmented word) as it is shown, with its punctuation, and when it is spoken. */
export interface TimedWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The chapter block it comes from: the caption ↔ paragraph map is made of these. */
  readonly block: string;
}

/** What stands on the screen at once; from `start` to `end` these words are shown and the spoken one is lit. */
export interface CaptionPage {
  readonly start: number;
  readonly end: number;
  readonly words: readonly TimedWord[];
}

/** A picture as scenes move over it, by the sha256 of its raw bytes; somewhat larger than the film. */
export interface FittedPicture {
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
}

/** A slow move of the picture behind the text: the visible window's centre (0…1 of the spare room) and zoom at both ends. */
export interface Motion {
  readonly from: { readonly x: number; readonly y: number; readonly zoom: number };
  readonly to: { readonly x: number; readonly y: number; readonly zoom: number };
}

/** How a film looks. Everything in it is part of a scene's key. */
export interface Theme {
  readonly name: string;
  /** Background when there is no picture: gradient stops, `#rrggbb`. */
  readonly gradient: readonly [string, string, string];
  readonly text: string;
  readonly lit: string;
  readonly outline: string;
  /** x264 preset, params and CRF, chosen by the bench at equal quality. */
  readonly encoder: { readonly preset: string; readonly crf: number; readonly params: string };
}
