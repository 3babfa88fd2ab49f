import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buffer, text } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { ConcurrencyLimit } from '#libs/kernel/concurrency-limit';
import { type ImageHeader, readImageHeader } from './image-header.js';
import { DamagedImage } from './image-refusals.js';

/** Each process decodes two images at once and lets eight wait: more are answered with 503. */
const LIMITS = { concurrent: 2, queued: 8 };
const TIMEOUT_MS = 20_000;

export interface ReencodedImage {
  readonly bytes: Buffer;
  /** `image/png`, `image/jpeg` or `image/webp`: the format that was sent. */
  readonly contentType: string;
}

/**
 * Turns what somebody uploaded into an image that is safe to keep: the header is checked first (image-header.ts), then a child process
 * decodes the image and encodes it anew, without EXIF or other metadata.
 *
 *     const { bytes, contentType } = await images.reencode(upload);
 */
@Injectable()
export class ImageReencoder {
  private readonly decoding = new ConcurrencyLimit(LIMITS);

  /** @throws UnsupportedImage, DamagedImage, ImageTooLarge, ServerBusy */
  async reencode(upload: Buffer): Promise<ReencodedImage> {
    const header = readImageHeader(upload);
    const bytes = await this.decoding.run(() => decodeInChild(upload, header));
    return { bytes, contentType: `image/${header.format}` };
  }
}

async function decodeInChild(upload: Buffer, { format }: ImageHeader): Promise<Buffer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./reencode.child.js', import.meta.url)), format], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: {}, // it decodes what strangers send: it gets none of our secrets
  });
  child.stdin.on('error', () => undefined); // a child that died tells by its exit code
  child.stdin.end(upload);
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [bytes, complaint, code] = await Promise.all([buffer(child.stdout), text(child.stderr), exit]);
  if (code === 0) return bytes;
  if (code === 2) throw new DamagedImage(complaint);
  // killed: by the time limit, by a crash of the decoder or for want of memory
  if (code === null) throw new DamagedImage('decoding it takes more time or memory than an image may');
  throw new Error(`The process that decodes images ended with code ${code}: ${complaint}`);
}
