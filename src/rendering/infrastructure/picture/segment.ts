/**
 * One scene from job to file: the compositor's frames go into FFmpeg, its coded frames come back and are counted, and only a segment with
 * exactly the planned frames gets its name.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { readSegment, writeSegment } from '../../domain/mp4-segment.js';
import type { Theme } from '../../domain/scene.js';
import { cpuOf, ownCpu, sumOf } from '../cpu.js';
import { Compositor, FRAMES_KEPT } from './compositor.js';
import { ENCODER_ENV, encoderArguments } from './encoder.js';
import { FlvReader, type CodedFrame } from './flv.js';
import type { CompiledKernel } from './kernel.js';
import { toJpeg } from './poster.js';
import { type FileResult, middleOf, type SegmentJob, type SegmentResult } from './segment-job.js';

/** The encoder refused, died, or gave out another number of frames than it was given. */
export class EncoderFailed extends Error {}

export interface Watch {
  /** Every frame that goes into the encoder or comes out of it. */
  readonly onMove?: () => void;
  /** Frames that have left the encoder so far. */
  readonly onFrames?: (frames: number) => void;
  readonly onEncoder?: (encoder: ChildProcess) => void;
  /** The last frame has gone in: while the encoder finishes, another scene may be drawn. */
  readonly onPoured?: () => void;
  readonly signal?: AbortSignal;
}

type OnFrame = (frame: Uint8Array, n: number) => void;

/** Writes every frame, raw, and draws the next ones meanwhile. */
async function pour(compositor: Compositor, into: Writable, onFrame: OnFrame): Promise<void> {
  const written: Promise<void>[] = [];
  for (let n = 0; n < compositor.frames; n++) {
    await written[n - FRAMES_KEPT - 1];
    const frame = compositor.frame(n);
    onFrame(frame, n);
    written[n] = new Promise((resolve, reject) => into.write(frame, (error) => (error ? reject(error) : resolve())));
    written[n].catch(() => undefined); // it is awaited in a later turn
    await new Promise(setImmediate); // what was written before goes on meanwhile
  }
  await Promise.all(written);
}

export async function renderSegment(
  kernel: CompiledKernel,
  ffmpeg: string,
  job: SegmentJob,
  watch: Watch = {},
): Promise<SegmentResult> {
  const began = process.cpuUsage();
  const compositor = new Compositor(kernel, job);
  let still: Promise<Buffer> | undefined;
  const onFrame: OnFrame = (frame, n) => {
    watch.onMove?.();
    if (!job.still || n !== middleOf(job)) return;
    still = toJpeg(frame);
    still.catch(() => undefined); // it is awaited below
  };
  let own: number | undefined;
  const onPoured = (): void => {
    own = ownCpu(began); // what follows is little, and counted where the next scene is drawn meanwhile
    watch.onPoured?.();
  };
  const { configuration, coded, cpu } = await encode(compositor, ffmpeg, job.theme.encoder, { ...watch, onFrame, onPoured });
  const file = writeSegment(configuration, coded);
  const { frames } = readSegment(file);
  if (frames !== job.frames) throw new EncoderFailed(`The encoder gave ${frames} frames of ${job.frames}.`);
  if (job.still && still) await place(job.still, await still);
  const placed = await place(job.out, file);
  return { frames, encodedFrames: coded.length, cpu: sumOf(cpu, own), ...placed };
}

async function encode(
  compositor: Compositor,
  ffmpeg: string,
  theme: Theme['encoder'],
  { onMove, onFrames, onEncoder, onPoured, onFrame, signal }: Watch & { onFrame: OnFrame },
): Promise<{ configuration: Uint8Array; coded: CodedFrame[]; cpu?: number }> {
  signal?.throwIfAborted();
  const encoder = spawn(ffmpeg, encoderArguments(theme), { stdio: ['pipe', 'pipe', 'pipe'], env: ENCODER_ENV });
  onEncoder?.(encoder);
  const kill = (): void => void encoder.kill('SIGKILL'); // reaches a stopped process too
  signal?.addEventListener('abort', kill);
  const coded: CodedFrame[] = [];
  let complaint = '';
  let unreadable: Error | undefined;
  const flv = new FlvReader((frame) => {
    coded.push(frame);
    onMove?.();
    onFrames?.(coded.length);
  });
  encoder.stdout.on('data', (bytes: Buffer) => {
    try {
      flv.push(bytes);
    } catch (error) {
      unreadable ??= error as Error;
      kill();
    }
  });
  // at its end, and before it is waited for
  let cpu: number | undefined;
  encoder.stdout.once('end', () => (cpu = cpuOf(encoder.pid)));
  encoder.stderr.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(0, 2_000)));
  encoder.stdin.on('error', () => undefined); // its exit says more than our broken pipe
  const closed = new Promise<string>((resolve) => {
    encoder.on('error', (error) => resolve(error.message));
    encoder.on('close', (code, by) => resolve(code === 0 ? '' : `exit ${by ?? String(code)}`));
  });
  try {
    const poured = await pour(compositor, encoder.stdin, onFrame).then(
      () => void encoder.stdin.end(),
      (error: NodeJS.ErrnoException) => error,
    );
    if (!poured) {
      compositor.close();
      onPoured?.();
    } else if (encoder.exitCode === null) kill(); // never let it finish a shorter film
    const ended = await closed;
    signal?.throwIfAborted();
    if (unreadable) throw unreadable;
    if (poured && !poured.code) throw poured; // drawing failed, not the pipe
    if (ended || poured) throw new EncoderFailed(`The encoder failed (${[ended, complaint.trim()].filter(Boolean).join(': ')}).`);
    if (coded.length !== compositor.frames || !flv.configuration) {
      throw new EncoderFailed(`The encoder gave ${coded.length} frames of ${compositor.frames}.`);
    }
    return { configuration: flv.configuration, coded, cpu };
  } finally {
    kill();
    signal?.removeEventListener('abort', kill);
  }
}

/** A file appears under its name whole or not at all. */
export async function place(out: string, bytes: Uint8Array): Promise<FileResult> {
  const draft = `${out}.tmp-${process.pid}`;
  try {
    await writeFile(draft, bytes);
    await rename(draft, out);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
