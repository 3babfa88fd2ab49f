import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { cpuOf } from '../cpu.js';
import { AAC_PACKET, SAMPLE_RATE } from '../../domain/scene.js';

/**
 * A scene's sound as AAC-LC packets, mono, kept as an ADTS file. They are cut so that scenes join without being encoded again: the
 * encoder's first packet, which only primes the decoder, is dropped; the silent first 1,024 samples of the scene cover for it.
 */
export const BIT_RATE = 128_000;

/** The chain's own fingerprint; the caller adds the one of its ffmpeg. */
export const AAC_VERSION = 1;

/** One packet of digital silence; fills the film's grid between scenes, and primes the decoder at its start. */
export const SILENT_PACKET = Buffer.from([0x01, 0x18, 0x20, 0x07]);

export interface Encoded {
  readonly packets: number;
  readonly bytes: number;
  readonly sha256: string;
  /** CPU seconds; undefined where that cannot be read. */
  readonly cpu?: number;
}

/**
 * @param pcm file of s16le, 48 kHz, mono, a whole number of packets long
 * @param out ADTS file; appears whole or not at all
 */
export async function encodeAac(
  ffmpeg: string,
  pcm: string,
  samples: number,
  out: string,
  signal?: AbortSignal,
): Promise<Encoded> {
  const { bytes: adts, cpu } = await run(ffmpeg, ARGUMENTS, createReadStream(pcm), signal);
  const packets = packetsOf(adts, true);
  const wanted = samples / AAC_PACKET;
  // one packet primes, and the last may be followed by one that holds nothing
  if (packets.length < wanted + 1) throw new Error(`ffmpeg encoded ${packets.length - 1} of ${wanted} AAC packets`);
  const kept = Buffer.concat(packets.slice(1, wanted + 1));
  const temporary = `${out}.tmp-${process.pid}`;
  try {
    await writeFile(temporary, kept);
    await rename(temporary, out);
  } finally {
    await rm(temporary, { force: true });
  }
  return { packets: wanted, bytes: kept.length, sha256: createHash('sha256').update(kept).digest('hex'), cpu };
}

/** It takes a tenth of a second; one that was stopped would never end. */
const MOST_MS = 6_000;

/** `-cpuflags 0`: the same packets with and without AVX. */
const ARGUMENTS = [
  ...['-v', 'error', '-nostdin', '-cpuflags', '0'],
  ...['-f', 's16le', '-ar', String(SAMPLE_RATE), '-ac', '1', '-i', 'pipe:0'],
  ...[
    '-c:a',
    'aac',
    '-b:a',
    String(BIT_RATE),
    '-threads',
    '1',
    '-flags:a',
    '+bitexact',
    '-fflags',
    '+bitexact',
    '-map_metadata',
    '-1',
  ],
  ...['-f', 'adts', 'pipe:1'],
];

/** ADTS header of a packet of four bytes. */
const SILENT_ADTS = Buffer.concat([Buffer.from([0xff, 0xf1, 0x4c, 0x40, 0x01, 0x7f, 0xfc]), SILENT_PACKET]);

/** A scene's packets as s16le again: as many samples as it was encoded from, each in its place. */
export async function decodeAac(ffmpeg: string, aac: Buffer, signal?: AbortSignal): Promise<Buffer> {
  const args = ['-v', 'error', '-nostdin', '-cpuflags', '0', '-f', 'aac', '-i', 'pipe:0', '-f', 's16le', '-ac', '1', 'pipe:1'];
  const adts = Buffer.concat([SILENT_ADTS, aac]);
  const { bytes: decoded } = await run(ffmpeg, args, Readable.from([adts]), signal);
  return decoded.subarray(AAC_PACKET * 2); // the decoder's delay: the silent packet primed it
}

function run(
  ffmpeg: string,
  args: readonly string[],
  source: Readable,
  signal?: AbortSignal,
): Promise<{ bytes: Buffer; cpu?: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(ffmpeg, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {}, // it has no business with the worker's secrets
      signal,
      killSignal: 'SIGKILL',
      timeout: MOST_MS,
    });
    const chunks: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-500)));
    let cpu: number | undefined;
    child.stdout.once('end', () => (cpu = cpuOf(child.pid))); // at its end, and before it is waited for
    child.stdin.on('error', () => undefined); // the exit code tells
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (code === 0) resolve({ bytes: Buffer.concat(chunks), cpu });
      else reject(new Error(`ffmpeg ended with ${killed ?? code} over AAC: ${said.trim()}`));
    });
    source.on('error', (error) => {
      child.kill('SIGKILL'); // else it would make a valid file of what came so far
      reject(error);
    });
    source.pipe(child.stdin);
  });
}

/** The packets of an ADTS stream, without their headers (for MP4) or with them. */
export function packetsOf(adts: Buffer, withHeaders = false): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < adts.length;) {
    if (adts.length - at < 7 || adts[at] !== 0xff || (adts[at + 1] & 0xf6) !== 0xf0)
      throw new Error(`No ADTS header at byte ${at}`);
    const length = ((adts[at + 3] & 3) << 11) | (adts[at + 4] << 3) | (adts[at + 5] >> 5);
    const header = adts[at + 1] & 1 ? 7 : 9;
    if (length < header || at + length > adts.length) throw new Error(`The ADTS packet at byte ${at} is cut off`);
    packets.push(adts.subarray(at + (withHeaders ? 0 : header), at + length));
    at += length;
  }
  return packets;
}
