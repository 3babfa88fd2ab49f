/**
 * Which FFmpeg encodes, what it is told, and what tells its output from another's.
 *
 * FFmpeg does one thing here: raw frames in, H.264 out. One thread, no assembly-dependent decisions, no text about itself in the stream, so
 * that a scene gives the same bytes on every machine with the same build. The fingerprint is made of what the binary says and of what it
 * does to a few known frames: two builds that encode differently have different ones, whatever they call themselves.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { FRAME_RATE, HEIGHT, WIDTH, type Theme } from '../../domain/scene.js';
import { heapKept } from '../heap.js';

export interface Encoder {
  /** Path or name of the program. */
  readonly ffmpeg: string;
  /** The first line it says about itself. */
  readonly version: string;
  readonly fingerprint: string;
}

export class NoEncoder extends Error {}

/** Raise it whenever the arguments below change what comes out. */
export const ENCODER_VERSION = 2;
/** Longest way back to a key frame, in frames: a player seeks from there. */
const KEY_INTERVAL = 240;
/**
 * Halves of a picture that are encoded at once: a lone scene, which somebody waits for, is done in three quarters of the time, for 2 % more
 * bytes and no other picture. With threads for whole pictures it would be 6 %, and 50 MB in every encoder.
 */
const SLICES = 2;

const [PROBE_WIDTH, PROBE_HEIGHT, PROBE_FRAMES] = [64, 64, 24];

/**
 * The given program, else the one npm brought, else the one on PATH: the first that can encode H.264 and AAC.
 * @throws NoEncoder naming what was tried
 */
export async function findEncoder(ffmpegPath?: string): Promise<Encoder> {
  const wished = ffmpegPath?.includes('/') ? ffmpegPath : await onPath(ffmpegPath);
  const candidates = (ffmpegPath ? [wished ?? ffmpegPath] : [bundled(), wished]).filter((path) => path !== undefined);
  const refusals: string[] = [];
  for (const ffmpeg of candidates) {
    try {
      return await probe(ffmpeg);
    } catch (error) {
      refusals.push(`${ffmpeg}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
    }
  }
  throw new NoEncoder(
    `No FFmpeg with libx264 and aac was found (${refusals.join('; ') || 'none in node_modules, none on PATH'}). Set FFMPEG_PATH to one.`,
  );
}

function bundled(): string | undefined {
  try {
    const { path } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
    return path;
  } catch {
    return undefined; // no build for this system: PATH may have one
  }
}

/** In full, as renderer processes get no PATH. */
async function onPath(name = 'ffmpeg'): Promise<string | undefined> {
  const found = await run('/bin/sh', ['-c', 'command -v "$0"', name]).catch(() => Buffer.alloc(0));
  return found.toString().trim() || undefined;
}

async function probe(ffmpeg: string): Promise<Encoder> {
  const [about, encoders] = await Promise.all([run(ffmpeg, ['-version']), run(ffmpeg, ['-hide_banner', '-encoders'])]);
  for (const name of ['libx264', 'aac']) {
    if (!new RegExp(`^ [VA]\\S* ${name} `, 'm').test(encoders.toString())) throw new Error(`it has no ${name} encoder`);
  }
  // Known noise in known motion; here the stream may keep its SEI, which names the x264 build.
  const size = (PROBE_WIDTH * PROBE_HEIGHT * 3) / 2;
  const raw = Buffer.from(
    Uint8Array.from({ length: size * PROBE_FRAMES }, (_, i) => Math.imul(i - Math.floor(i / size) * 7, 2654435761) >>> 25),
  );
  const video = await run(
    ffmpeg,
    [...input(PROBE_WIDTH, PROBE_HEIGHT), ...codec({ preset: 'veryfast', crf: 21, params: '' }), '-f', 'h264', 'pipe:1'],
    raw,
  );
  const sound = await run(
    ffmpeg,
    [
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
      '-flags:a',
      '+bitexact',
      '-f',
      'adts',
      'pipe:1',
    ],
    raw.subarray(0, 32_768),
  );
  if (!video.length || !sound.length) throw new Error('it encoded nothing');
  const hash = createHash('sha256').update(about).update(video).update(sound);
  return { ffmpeg, version: about.toString().split('\n')[0] ?? '', fingerprint: hash.digest('hex') };
}

/** All that it has may stay, as it ends with its scene. Nothing else: secrets have no business near people's pictures. */
export const ENCODER_ENV = heapKept(1_000_000_000);

/** What FFmpeg is told for one scene: raw frames on its standard input, FLV on its standard output (see flv.ts for why FLV). */
export function encoderArguments(theme: Theme['encoder']): string[] {
  // NAL type 6 is SEI: x264 writes its options there, to no viewer's use.
  return [
    ...input(WIDTH, HEIGHT),
    ...codec(theme),
    '-bsf:v',
    'filter_units=remove_types=6',
    '-flvflags',
    'no_duration_filesize',
    '-f',
    'flv',
    'pipe:1',
  ];
}

/** FFmpeg before 7 reads in a thread of its own only where it has two inputs: the next frame then comes in while one is encoded. */
function input(width: number, height: number): string[] {
  return [
    '-thread_queue_size',
    '1',
    '-v',
    'error',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-s',
    `${width}x${height}`,
    '-r',
    String(FRAME_RATE),
    '-i',
    'pipe:0',
    '-f',
    'lavfi',
    '-i',
    'anullsrc',
    '-map',
    '0:v',
  ];
}

function codec({ preset, crf, params }: Theme['encoder']): string[] {
  const fixed = `cpu-independent=1:keyint=${KEY_INTERVAL}:sliced-threads=1`;
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    preset,
    '-crf',
    String(crf),
    '-threads',
    String(SLICES),
    '-x264-params',
    params ? `${params}:${fixed}` : fixed,
  ];
  const shape = ['-pix_fmt', 'yuv420p', '-profile:v', 'high', '-level', '4.0'];
  const colour = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'];
  return [...x264, ...shape, ...colour, '-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1'];
}

function run(program: string, args: string[], stdin?: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { encoding: 'buffer', maxBuffer: 2 ** 24, timeout: 20_000 }, (error, stdout) =>
      error ? reject(new Error(error.message)) : resolve(stdout),
    );
    child.stdin?.on('error', () => undefined); // its exit says more
    child.stdin?.end(stdin);
  });
}
