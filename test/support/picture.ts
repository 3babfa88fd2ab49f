/** For specs of pictures: the kernel, compiled when its source is newer, a small moving scene, and FFmpeg to read results. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { INK } from '../../src/rendering/domain/themes.js';
import type { CaptionPage } from '../../src/rendering/domain/scene.js';
import { BACKDROP_HEIGHT, BACKDROP_WIDTH } from '../../src/rendering/infrastructure/picture/backdrop.js';
import type { BackdropInMemory, DrawnScene } from '../../src/rendering/infrastructure/picture/compositor.js';
import { findEncoder } from '../../src/rendering/infrastructure/picture/encoder.js';
import { CompiledKernel } from '../../src/rendering/infrastructure/picture/kernel.js';

const ROOT = path.join(import.meta.dirname, '../..');
const PICTURE = 'src/rendering/infrastructure/picture';
const NEAR = 1e-9;

export function compiledKernel(): CompiledKernel {
  const wasm = path.join(ROOT, '.cache/kernel', PICTURE, 'blend.wasm');
  const sources = [path.join(ROOT, PICTURE, 'blend.kernel.ts'), path.join(ROOT, 'tools/launcher/build-kernel.mjs')];
  const stale = !existsSync(wasm) || sources.some((source) => statSync(source).mtimeMs > statSync(wasm).mtimeMs + NEAR);
  if (stale) execFileSync(process.execPath, ['tools/launcher/build-kernel.mjs', '.cache/kernel'], { cwd: ROOT });
  return CompiledKernel.load(wasm);
}

/** Words that follow each other every `each` seconds, `perPage` of them at a time. */
export function pagesOf(words: readonly string[], each = 0.2, perPage = 6): CaptionPage[] {
  const pages: CaptionPage[] = [];
  for (let from = 0; from < words.length; from += perPage) {
    const timed = words.slice(from, from + perPage).map((text, i) => {
      const start = (from + i) * each;
      return { text, start, end: start + each, block: 'b' };
    });
    pages.push({ start: from * each, end: (from + timed.length) * each, words: timed });
  }
  return pages;
}

export const SLOW_ZOOM = { from: { x: 0.5, y: 0.5, zoom: 1 }, to: { x: 0.5, y: 0.5, zoom: 1.12 } };

/** A gradient with some texture: quick to make, and every movement of it is visible. */
export function plainBackdrop(): BackdropInMemory {
  const [width, height] = [BACKDROP_WIDTH, BACKDROP_HEIGHT];
  const bytes = new Uint8Array((width * height * 3) / 2).fill(128);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) bytes[y * width + x] = 40 + (y >> 4) + (((x >> 3) ^ (y >> 3)) % 24);
  return { bytes, width, height };
}

export function sceneOf(over: Partial<DrawnScene> = {}): DrawnScene {
  const pages = pagesOf(['Down', 'the', 'rabbit', 'hole.']);
  return { frames: 30, backdrop: plainBackdrop(), motion: SLOW_ZOOM, pages, theme: INK, language: 'en', ...over };
}

let ffmpeg: Promise<string> | undefined;

export function ffmpegPath(): Promise<string> {
  return (ffmpeg ??= findEncoder(process.env.FFMPEG_PATH).then((encoder) => encoder.ffmpeg));
}

/** Decodes a whole file and fails at the first thing FFmpeg finds wrong; one digest a frame or packet. */
export function decodedFrames(program: string, file: string, stream: 'v' | 'a'): string[] {
  const run = spawnSync(program, ['-v', 'warning', '-xerror', '-i', file, '-map', `0:${stream}`, '-f', 'framemd5', '-'], {
    encoding: 'utf8',
  });
  if (run.status !== 0 || run.stderr.trim()) throw new Error(`FFmpeg on ${file}: ${run.stderr}`);
  return run.stdout.split('\n').filter((line) => /^\d/.test(line));
}

/** A folder for one spec file, gone after it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'inkreel-picture-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
