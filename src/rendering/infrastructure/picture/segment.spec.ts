import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  compiledKernel,
  decodedFrames,
  ffmpegPath,
  pagesOf,
  plainBackdrop,
  scratchFolder,
  SLOW_ZOOM,
} from '../../../../test/support/picture.js';
import { concat } from '../../domain/mp4-boxes.js';
import { readAdts, readSegment } from '../../domain/mp4-segment.js';
import { planFilm } from '../../domain/mp4.js';
import { AAC_PACKET, SAMPLES_PER_FRAME } from '../../domain/scene.js';
import { INK } from '../../domain/themes.js';
import { FlvReader, type CodedFrame } from './flv.js';
import { EncoderFailed, renderSegment } from './segment.js';
import type { SegmentJob } from './segment-job.js';

jest.setTimeout(60_000); // a real encoder at full size, beside whatever else the machine does

const folder = scratchFolder();
const kernel = compiledKernel();
const { bytes, width, height } = plainBackdrop();
const backdrop = { path: path.join(folder, 'backdrop.yuv'), width, height };
writeFileSync(backdrop.path, bytes);

const jobOf = (name: string, over: Partial<SegmentJob> = {}): SegmentJob => ({
  frames: 16,
  backdrop,
  motion: SLOW_ZOOM,
  pages: pagesOf(['Down', 'the', 'rabbit', 'hole.']),
  theme: INK,
  language: 'en',
  out: path.join(folder, `${name}.mp4`),
  ...over,
});

const leftovers = (): string[] => readdirSync(folder).filter((name) => name.includes('.tmp-'));

describe('a segment from the real encoder', () => {
  it('holds exactly the planned frames, all different, and FFmpeg finds no fault in it', async () => {
    const job = jobOf('whole');
    const heard: number[] = [];
    const result = await renderSegment(kernel, await ffmpegPath(), job, { onFrames: (frames) => heard.push(frames) });
    const file = readFileSync(job.out);
    expect(result).toEqual({
      frames: 16,
      cpu: expect.any(Number),
      encodedFrames: 16,
      bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
    });
    expect(heard).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    const lines = decodedFrames(await ffmpegPath(), job.out, 'v');
    expect(lines.map((line) => line.split(',')[2].trim())).toEqual(Array.from({ length: 16 }, (_, i) => String(i)));
    expect(new Set(lines.map((line) => line.split(',')[5])).size).toBe(16);
  });

  it('is the same bytes every time, and other bytes for another word', async () => {
    const shas: string[] = [];
    for (const [name, last] of [
      ['one', 'hole.'],
      ['two', 'hole.'],
      ['three', 'home.'],
    ]) {
      const job = jobOf(name, { frames: 8, pages: pagesOf(['Down', 'the', 'rabbit', last], 0.05) });
      shas.push((await renderSegment(kernel, await ffmpegPath(), job)).sha256);
    }
    expect(shas[1]).toBe(shas[0]);
    expect(shas[2]).not.toBe(shas[0]);
  });

  it('may be a single frame', async () => {
    const job = jobOf('single', { frames: 1 });
    expect((await renderSegment(kernel, await ffmpegPath(), job)).frames).toBe(1);
    expect(decodedFrames(await ffmpegPath(), job.out, 'v')).toHaveLength(1);
  });

  it('does not exist when its encoder was killed, though what it had written would play', async () => {
    const job = jobOf('killed', { frames: 400 });
    const killed = renderSegment(kernel, await ffmpegPath(), job, {
      onEncoder: (encoder) => setTimeout(() => encoder.kill('SIGTERM'), 150), // with SIGTERM FFmpeg ends its file neatly
    });
    await expect(killed).rejects.toThrow(EncoderFailed);
    expect([existsSync(job.out), leftovers()]).toEqual([false, []]);
  });

  it('does not exist when it was cancelled', async () => {
    const job = jobOf('cancelled', { frames: 400 });
    const abort = new AbortController();
    const started = Date.now();
    const cancelled = renderSegment(kernel, await ffmpegPath(), job, { signal: abort.signal, onFrames: () => abort.abort() });
    await expect(cancelled).rejects.toThrow('aborted');
    expect(Date.now() - started).toBeLessThan(30_000); // 400 frames would take longer on any load
    expect([existsSync(job.out), leftovers()]).toEqual([false, []]);
  });

  it('does not exist when the encoder is no encoder, or refuses its settings', async () => {
    await expect(renderSegment(kernel, '/nowhere/ffmpeg', jobOf('absent'))).rejects.toThrow(EncoderFailed);
    const theme = { ...INK, encoder: { ...INK.encoder, preset: 'no-such-preset' } };
    await expect(renderSegment(kernel, await ffmpegPath(), jobOf('preset', { theme }))).rejects.toThrow(/preset/);
    expect(leftovers()).toEqual([]);
  });

  it('that cannot be drawn says why, not that a pipe broke', async () => {
    const theme = { ...INK, encoder: INK.encoder };
    const motion = { from: { x: NaN, y: 0, zoom: 1 }, to: { x: 0, y: 0, zoom: 1 } };
    await expect(renderSegment(kernel, await ffmpegPath(), jobOf('undrawable', { theme, motion }))).rejects.toThrow(
      'cannot be moved',
    );
  });
});

describe('the encoder’s stream', () => {
  it('gives the same frames however it is cut', async () => {
    const { encoderArguments } = await import('./encoder.js');
    const raw = Buffer.alloc(1080 * 1920 * 1.5 * 5, 90);
    const stream = spawnSync(await ffmpegPath(), encoderArguments(INK.encoder), { input: raw, maxBuffer: 2 ** 24 }).stdout;
    const read = (size: number): CodedFrame[] => {
      const frames: CodedFrame[] = [];
      const reader = new FlvReader((frame) => frames.push(frame));
      for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
      expect(reader.configuration?.[0]).toBe(1);
      return frames;
    };
    const whole = read(stream.length);
    expect(whole).toHaveLength(5);
    expect(whole[0].key).toBe(true);
    for (const size of [1, 7, 64, 1000]) expect(read(size)).toEqual(whole);
  });
});

describe('a film of real segments', () => {
  it('decodes to the very frames and the very sound of its scenes, without a gap', async () => {
    const ffmpeg = await ffmpegPath();
    const silence = Buffer.from([0x01, 0x18, 0x20, 0x07]);
    const lengths = [14, 9, 17];
    const files: Buffer[] = [];
    const frames: string[] = [];
    const scenes = [];
    for (const [i, count] of lengths.entries()) {
      const job = jobOf(`scene-${i}`, { frames: count });
      await renderSegment(kernel, ffmpeg, job);
      files.push(readFileSync(job.out));
      frames.push(...decodedFrames(ffmpeg, job.out, 'v').map((line) => line.split(',')[5]));
      // A tone with silent ends: the first and the last packet are silence.
      const packets = Math.floor((count * SAMPLES_PER_FRAME) / AAC_PACKET);
      const pcm = Buffer.alloc(packets * AAC_PACKET * 2);
      for (let n = 1200; n < packets * AAC_PACKET - 1200; n++)
        pcm.writeInt16LE(Math.round(8000 * Math.sin((n * (i + 3)) / 20)), n * 2);
      const aac = [
        '-v',
        'error',
        '-f',
        's16le',
        '-ar',
        '48000',
        '-ac',
        '1',
        '-i',
        'pipe:0',
        '-c:a',
        'aac',
        '-b:a',
        '128k',
        '-f',
        'adts',
        'pipe:1',
      ];
      const adts = readAdts(spawnSync(ffmpeg, aac, { input: pcm }).stdout);
      scenes.push({ video: readSegment(files[i]), packets: adts.slice(1, 1 + packets) });
    }
    const plan = planFilm(scenes, { channels: 1, silence });
    const film = path.join(folder, 'film.mp4');
    const body = plan.pieces.flatMap((piece) =>
      'packets' in piece ? piece.packets : [files[piece.scene].subarray(piece.start, piece.end)],
    );
    writeFileSync(film, concat([plan.header, ...body]));

    const video = decodedFrames(ffmpeg, film, 'v').map((line) => line.split(',').map((field) => field.trim()));
    expect(video.map((fields) => fields[5])).toEqual(frames.map((digest) => digest.trim()));
    expect(video.map((fields) => Number(fields[2]))).toEqual(frames.map((_, i) => i));

    const heard = spawnSync(ffmpeg, ['-v', 'warning', '-xerror', '-i', film, '-map', '0:a', '-f', 's16le', '-'], {
      maxBuffer: 2 ** 24,
    });
    expect(heard.stderr.toString()).toBe('');
    const loud = (from: number, to: number): number => {
      let peak = 0;
      for (let n = Math.max(0, from); n < to && n * 2 + 1 < heard.stdout.length; n++)
        peak = Math.max(peak, Math.abs(heard.stdout.readInt16LE(n * 2)));
      return peak;
    };
    plan.starts.forEach(({ frame, sample }, i) => {
      expect(Math.abs(sample - frame * SAMPLES_PER_FRAME)).toBeLessThanOrEqual(AAC_PACKET / 2);
      expect(loud(sample - 600, sample + 900)).toBeLessThan(200); // quiet at the join
      expect(loud(sample + 2000, sample + 2000 + lengths[i] * 400)).toBeGreaterThan(6000);
    });
  });
});
