/**
 * Everything that decides what a scene's pixels and bits come out as, apart from the scene. Two workers with one fingerprint give the same
 * bytes for the same job; segments of different fingerprints never stand in one film.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { BACKDROP_VERSION } from './backdrop.js';
import { COMPOSITOR_VERSION } from './compositor.js';
import { ENCODER_VERSION, encoderArguments, type Encoder } from './encoder.js';
import { FACES } from './fonts.js';
import { CompiledKernel } from './kernel.js';

export interface Engine {
  readonly fingerprint: string;
  /** What it was made of, by name: a render can say which part changed. */
  readonly parts: Readonly<Record<string, string>>;
}

export function describeEngine(encoder: Encoder, kernel = CompiledKernel.load()): Engine {
  const canvas = createRequire(import.meta.url)('@napi-rs/canvas/package.json') as { version: string };
  const parts: Record<string, string> = {
    encoder: encoder.fingerprint,
    arguments: `${ENCODER_VERSION}:${hash(encoderArguments({ preset: '', crf: 0, params: '' }).join(' '))}`,
    kernel: kernel.sha256,
    canvas: canvas.version,
    pictures: `${BACKDROP_VERSION}:${sharp.versions.sharp ?? ''}:${sharp.versions.vips}`,
    compositor: String(COMPOSITOR_VERSION),
  };
  for (const face of FACES) parts[face.family] = face.sha256;
  return { fingerprint: hash(JSON.stringify(parts)), parts };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
