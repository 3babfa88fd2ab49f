/**
 * Format and size of an image from its first bytes, before any decoder sees it. Only PNG, JPEG and WebP pass, each read by a
 * small parser of its own; everything else is refused, whatever its media type says. Every parser is linear in the file's length.
 *
 *     const { format, width, height } = readImageHeader(bytes);
 */
import { DamagedImage, ImageTooLarge, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, UnsupportedImage } from './image-refusals.js';
import type { ImageSize } from './image-size.js';
import { readJpegSize } from './jpeg-header.js';
import { readPngSize } from './png-header.js';
import { readWebpSize } from './webp-header.js';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

export interface ImageHeader extends ImageSize {
  readonly format: ImageFormat;
}

/** @throws UnsupportedImage, DamagedImage, ImageTooLarge */
export function readImageHeader(bytes: Buffer): ImageHeader {
  const format = formatOf(bytes);
  if (!format) throw new UnsupportedImage();
  const { width, height } = { png: readPngSize, jpeg: readJpegSize, webp: readWebpSize }[format](bytes);
  if (width < 1 || height < 1) throw new DamagedImage('its header says that it has no pixels');
  if (width * height > MAX_IMAGE_PIXELS || Math.max(width, height) > MAX_IMAGE_SIDE) throw new ImageTooLarge(width, height);
  return { format, width, height };
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function formatOf(bytes: Buffer): ImageFormat | undefined {
  if (bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return 'png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  return undefined;
}
