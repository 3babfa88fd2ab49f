/**
 * The looks a film can have. A theme's encoder settings are measured against `-preset veryfast -crf 21` fed the same frames: at least as close
 * to them in the whole frame and in the captions (SSIM), in no more bytes, for less work.
 */
import type { Theme } from './scene.js';

/**
 * What x264 need not do here. A scene has no cuts and no fades (`scenecut`, `weightp`), and its picture moves slowly and evenly, so small
 * searches find it (`me`, `subme`), long runs of B-frames fit (`bframes`, `b-adapt`), and what moved between two pictures moved in the same
 * way between those beside them (`direct`): a B-frame needs no other B-frame to look at (`b-pyramid`), which saves 20 MB of frames in
 * every encoder. Of the partitions those for letters stay, as without them the captions blur. Two B-frames and two frames of lookahead less
 * than would be best (−0.04 dB) save 34 MB more.
 *
 * As pictures stay in sight for long, more is spent on what later ones are made of (`qcomp`, which is how strongly the macroblock tree works):
 * a tenth fewer bytes for equal frames. Small coefficients are what grain is made of, so looking for those to drop costs time and gains
 * nothing (`dct-decimate`), and the filter at the blocks' edges shall blur little of it (`deblock`). With CABAC a film would be an eighth
 * smaller and take a fourteenth more CPU: that was paid for by the rest. Figures: docs/benchmarks.md.
 */
const ENCODER: Theme['encoder'] = {
  preset: 'veryfast',
  crf: 19.3,
  params:
    'me=dia:subme=1:partitions=i4x4:b-adapt=0:bframes=5:b-pyramid=none:direct=temporal:rc-lookahead=8:weightp=0:scenecut=0:qcomp=0.4:cabac=0:dct-decimate=0:deblock=-2,-2',
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

/** Without a prototype: names come from requests, and `THEMES['constructor']` must find nothing. */
export const THEMES: Readonly<Record<string, Theme>> = Object.assign(Object.create(null) as Record<string, Theme>, {
  [INK.name]: INK,
  [SLATE.name]: SLATE,
});
