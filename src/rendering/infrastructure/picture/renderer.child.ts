/**
 * A renderer process: draws for one task at a time, while the encoder of the one before may still finish. It lives as long as its standard
 * input is open, so that it can never outlive the worker that started it, however that one ends. Drawing and encoding happen here
 * because a worker whose event loop stands still loses its job.
 *
 * node renderer.child.js <path of ffmpeg> <folder for pid files> <nice>
 */
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { Compositor } from './compositor.js';
import { CompiledKernel } from './kernel.js';
import { notePid } from './pid-files.js';
import type { FailureKind, FromRenderer, Task, Tasks, ToRenderer } from './renderer-messages.js';
import { UnusablePicture } from './segment-job.js';
import { toJpeg } from './poster.js';
import { EncoderFailed, place, renderSegment } from './segment.js';

const PROGRESS_EVERY = 250; // ms
const ALIVE_EVERY = 1_000; // ms

const [, , ffmpeg = 'ffmpeg', pidFolder = '', nice = '16'] = process.argv;
const running = new Map<number, AbortController>();
const encoders = new Set<number>();

const say = (message: FromRenderer): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

function leave(): never {
  for (const pid of encoders) process.kill(pid, 'SIGKILL');
  process.exit(0);
}

const work: { [T in Task]: (job: Tasks[T]['job'], id: number, signal: AbortSignal) => Promise<Tasks[T]['result']> } = {
  async segment(job, id, signal) {
    let told = 0;
    let alive = 0;
    return renderSegment(kernel, ffmpeg, job, {
      signal,
      onMove() {
        if (Date.now() - alive < ALIVE_EVERY) return;
        alive = Date.now();
        say({ type: 'alive', id });
      },
      onFrames(frames) {
        if (frames < job.frames && Date.now() - told < PROGRESS_EVERY) return;
        told = Date.now();
        say({ type: 'frame', id, frames });
      },
      onPoured: () => say({ type: 'poured', id }),
      onEncoder(encoder) {
        const { pid } = encoder;
        if (!pid) return; // it could not be started: told as its failure
        const forget = pidFolder ? notePid(pidFolder, pid) : () => undefined;
        encoders.add(pid);
        say({ type: 'encoder', id, pid });
        encoder.once('exit', () => {
          encoders.delete(pid);
          say({ type: 'encoder', id, pid: null });
          forget();
        });
      },
    });
  },
  async poster(job) {
    const compositor = new Compositor(kernel, job);
    const jpeg = await toJpeg(compositor.frame(job.frame));
    compositor.close();
    return place(job.out, jpeg);
  },
  async backdrop(job) {
    // with its image library, and so only where there are pictures to read: most renderers only encode
    const { gradientBackdrop, pictureBackdrop } = await import('./backdrop.js');
    const { bytes, ...size } = job.picture ? await pictureBackdrop(kernel, job.picture) : gradientBackdrop(kernel, job.gradient);
    return { ...size, ...(await place(job.out, bytes)) };
  },
};

function kindOf(error: unknown, signal: AbortSignal): FailureKind {
  if (signal.aborted) return 'cancelled';
  if (error instanceof UnusablePicture) return 'picture';
  if (error instanceof EncoderFailed) return 'encoder';
  return (error as NodeJS.ErrnoException).code ? 'disk' : 'scene'; // whatever the system said, another time it may not
}

async function take(message: Exclude<ToRenderer, { type: 'cancel' }>): Promise<void> {
  const { type, id, job } = message;
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const perform = work[type] as (job: unknown, id: number, signal: AbortSignal) => Promise<Tasks[Task]['result']>;
    say({ type: 'done', id, result: await perform(job, id, abort.signal) });
  } catch (error) {
    say({
      type: 'failed',
      id,
      kind: kindOf(error, abort.signal),
      message: error instanceof Error ? error.message : String(error),
    });
  } finally {
    running.delete(id);
    globalThis.gc?.(); // frames and pictures lie outside what V8 counts
  }
}

const kernel = CompiledKernel.load();
try {
  setPriority(Number(nice));
} catch {
  // not everywhere allowed
}
process.on('SIGTERM', leave).on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the worker decides
process.stdout.on('error', leave);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as ToRenderer;
    if (message.type !== 'cancel') void take(message);
    else running.get(message.id)?.abort();
  })
  .on('close', leave);
