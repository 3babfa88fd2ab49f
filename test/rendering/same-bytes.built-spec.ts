/** One scene, encoded with the instructions of different processors: the same bytes. `cpu-independent=1` promises it, this looks. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { INK } from '../../src/rendering/domain/themes.js';
import { ffmpegPath, pagesOf, plainBackdrop, scratchFolder, SLOW_ZOOM } from '../support/picture.js';

const DIST = realpathSync(process.env.INKREEL_DIST ?? path.join(import.meta.dirname, '../../dist'));
const folder = scratchFolder();
const JOBS = path.join(import.meta.dirname, 'render-jobs.mjs');

/** What x264 may use. A processor that has no AVX2 would only warn and use what it has, so there it proves nothing. */
const WITH = ['auto', '0', 'sse2', 'avx2'];

it(`a segment is the same with the instructions ${WITH.join(', ')}`, async () => {
  const { bytes, width, height } = plainBackdrop();
  writeFileSync(path.join(folder, 'backdrop.yuv'), bytes);
  const jobs = WITH.map((asm) => ({
    frames: 45,
    backdrop: { path: path.join(folder, 'backdrop.yuv'), width, height },
    motion: SLOW_ZOOM,
    pages: pagesOf(['Down', 'the', 'rabbit', 'hole.'], 0.3),
    theme: { ...INK, encoder: { ...INK.encoder, params: `${INK.encoder.params}:asm=${asm}` } },
    language: 'en',
    out: path.join(folder, `${asm}.mp4`),
  }));
  const said = execFileSync(process.execPath, [JOBS, DIST, JSON.stringify({ ffmpeg: await ffmpegPath(), jobs })], {
    encoding: 'utf8',
    maxBuffer: 1e7,
  });
  const lines = said
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string; result?: { sha256: string } });
  const made = lines.filter(({ type }) => type === 'done').map(({ result }) => result!.sha256);
  expect(made).toHaveLength(WITH.length);
  expect(new Set(made).size).toBe(1);
  if (process.platform === 'linux' && !readFileSync('/proc/cpuinfo', 'utf8').includes('avx2'))
    console.warn('SKIPPED: this processor has no AVX2, so nothing was compared with it.');
}, 60_000);
