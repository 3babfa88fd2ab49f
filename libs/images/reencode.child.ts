/**
 * Decodes one image from standard input and writes it anew to standard output: upright, sRGB, eight bits a sample, without metadata.
 * A process of its own, so that a decoder that hangs can be killed, one that crashes takes nothing with it, and the threads of the
 * server stay free for files. Ends with code 0, or with 2 when the image cannot be decoded (standard error says why).
 *
 *     node reencode.child.js jpeg < photo.jpg > clean.jpg
 */
import { setPriority } from 'node:os';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { MAX_IMAGE_PIXELS } from './image-refusals.js';

const NICE = 10;
const ENCODERS = {
  png: (image: sharp.Sharp) => image.png({ compressionLevel: 6 }),
  jpeg: (image: sharp.Sharp) => image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }),
  webp: (image: sharp.Sharp) => image.webp({ quality: 90, effort: 2 }),
};

setPriority(NICE);
sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp'] });

const encode = ENCODERS[process.argv[2] as keyof typeof ENCODERS];
const input = await buffer(process.stdin);
try {
  const image = sharp(input, { failOn: 'truncated', limitInputPixels: MAX_IMAGE_PIXELS, unlimited: false, pages: 1 });
  const upright = image.autoOrient().toColourspace('srgb');
  process.stdout.end(await encode(upright).toBuffer());
} catch (error) {
  process.exitCode = 2;
  process.stderr.end((error as Error).message.split('\n')[0]);
}
