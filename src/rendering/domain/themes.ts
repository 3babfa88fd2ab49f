/**
 * The looks a film can have. A theme's encoder settings are measured against `-preset veryfast -crf 21` fed the same frames: at least as close
 * to them in the whole frame and in the captions (SSIM), in no more bytes, for less work.
 */
import type { Theme } from './scene.js';

/**
 * What x264 need not do here. A scene has no cuts and no fades (`scenecut`, `weightp`), and its picture moves slowly and evenly, so small
 * searches find it (`me`, `subme`) and long runs of B-frames fit (`bframes`, `b-adapt`). Less adaptive quantisation leaves the bits at
 * the letters' edges. Measured on a gradient, a cover and a painting: 0.52 of the CPU, 0.88 of the bytes, SSIM +0.07…+0.37 dB, captions
 * +0.5…+1.2 dB. Partitions stay, as without them the captions blur. Two B-frames and two frames of lookahead less than would be best
 * (−0.04 dB) save 34 MB of 189 in every encoder.
 */
const ENCODER: Theme['encoder'] = {
  preset: 'veryfast',
  crf: 19.25,
  params: 'me=dia:subme=1:partitions=i4x4,i8x8:b-adapt=0:bframes=5:rc-lookahead=8:weightp=0:scenecut=0:aq-strength=0.8',
};

export const INK: Theme = {
  name: 'ink',
  gradient: ['#1b1f4b', '#5b2a6e', '#c2574b'],
  text: '#ffffff',
  lit: '#ffd83d',
  outline: '#0c0c14',
  encoder: ENCODER,
};

/** Grey and cold, for what happens in daylight. */
const SLATE: Theme = { ...INK, name: 'slate', gradient: ['#23313d', '#3d5567', '#7f97a3'], lit: '#7fe3ff' };

export const THEMES: Readonly<Record<string, Theme>> = { [INK.name]: INK, [SLATE.name]: SLATE };
