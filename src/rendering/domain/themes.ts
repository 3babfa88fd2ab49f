/**
 * The looks a film can have. A theme's encoder settings were chosen by the bench: as good to the eye as `-preset veryfast -crf 21`, the whole
 * frame and the captions measured apart, for less work.
 */
import type { Theme } from './scene.js';

const ENCODER: Theme['encoder'] = {
  preset: 'veryfast',
  crf: 19.5,
  params: 'me=dia:partitions=i4x4,i8x8:b-adapt=0:bframes=7:weightp=0',
};

export const INK: Theme = {
  name: 'ink',
  gradient: ['#1b1f4b', '#5b2a6e', '#c2574b'],
  text: '#ffffff',
  lit: '#ffd83d',
  outline: '#0c0c14',
  encoder: ENCODER,
};

export const THEMES: Readonly<Record<string, Theme>> = { [INK.name]: INK };
