/**
 * Turns a cover or illustration into the raw picture a scene moves over, once, so that no frame ever decodes an image again.
 *
 * Portrait art fills the screen. Anything wider stands whole, as a card above the captions, over a blurred copy of itself: cropping a book
 * cover to 9:16 would cut its title. Pictures come from people, so a cut or over-large file is refused instead of half drawn.
 */
import { readFile } from 'node:fs/promises';
import { createCanvas, ImageData, type Canvas } from '@napi-rs/canvas';
import sharp from 'sharp';
import { readImageHeader } from '#libs/images/image-header';
import { MAX_IMAGE_PIXELS } from '#libs/images/image-refusals';
import { WIDTH, type Theme } from '../../domain/scene.js';
import { CAPTION_CENTRE, SAFE } from './captions.js';
import { drawGradient, type Rgba } from './gradient.js';
import { Arena, type CompiledKernel } from './kernel.js';
import { UnusablePicture } from './segment-job.js';

/** An eighth larger than the film: room for a zoom of 1.12 without enlarging a pixel. */
export const BACKDROP_WIDTH = 1216;
export const BACKDROP_HEIGHT = 2160;
/** Raise it whenever the same picture would give another backdrop: it is part of the backdrop's key. */
export const BACKDROP_VERSION = 1;

/** Up to this width for its height a picture fills the screen, losing a tenth of it at most. */
const FULL_BLEED = 0.625;

const SCALE = BACKDROP_WIDTH / WIDTH;
/** The card's room: under the top controls, over the captions, and inside what the closest zoom still shows. */
const CARD = {
  top: (SAFE.top + 30) * SCALE,
  bottom: (CAPTION_CENTRE - 260) * SCALE,
  width: 900,
  radius: 28,
} as const;

export interface FittedPicture {
  /** yuv420p, BT.709, limited range. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export function gradientBackdrop(kernel: CompiledKernel, stops: Theme['gradient']): FittedPicture {
  return toPlanes(kernel, drawGradient(stops, BACKDROP_WIDTH, BACKDROP_HEIGHT));
}

/** @param picture a file's path or its bytes. */
export async function pictureBackdrop(kernel: CompiledKernel, picture: string | Uint8Array): Promise<FittedPicture> {
  try {
    const bytes = typeof picture === 'string' ? await readFile(picture) : Buffer.from(picture);
    readImageHeader(bytes); // no other decoder than those of PNG, JPEG and WebP is reached
    return toPlanes(kernel, await fit(bytes));
  } catch (error) {
    throw new UnusablePicture(
      `The picture cannot be used (${reason(error)}). Upload it again as JPEG, PNG or WebP of up to ${MAX_IMAGE_PIXELS / 1e6} megapixels.`,
    );
  }
}

async function fit(picture: Buffer): Promise<Rgba> {
  const { width, height } = await open(picture).metadata();
  const { autoOrient } = await open(picture).metadata();
  const [w, h] = [autoOrient.width || width, autoOrient.height || height];
  if (w / h <= FULL_BLEED) return sized(open(picture), BACKDROP_WIDTH, BACKDROP_HEIGHT);

  // The card takes its size from the room, the cloth behind it from a thumbnail: a wide blur for little work.
  const room = { width: CARD.width, height: CARD.bottom - CARD.top };
  const scale = Math.min(room.width / w, room.height / h);
  const card = await sized(open(picture), Math.max(8, Math.round(w * scale)), Math.max(8, Math.round(h * scale)));
  const thumbnail = await sized(open(picture), 54, 96);
  const raw = { raw: { width: 54, height: 96, channels: 4 as const } };
  const soft = await sharp(thumbnail.data, raw).blur(5).raw().toBuffer();
  const cloth = await sized(sharp(soft, raw), BACKDROP_WIDTH, BACKDROP_HEIGHT);
  return layCard(cloth, card);
}

function open(picture: Buffer): sharp.Sharp {
  return sharp(picture, { failOn: 'truncated', limitInputPixels: MAX_IMAGE_PIXELS, pages: 1 }).autoOrient();
}

/** Eight bits of sRGB, opaque, cut to shape around its middle. */
async function sized(image: sharp.Sharp, width: number, height: number): Promise<Rgba> {
  const data = await image
    .resize(width, height, { fit: 'cover', kernel: 'lanczos3' })
    .toColourspace('srgb')
    .flatten({ background: '#000' })
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer();
  return { data, width, height };
}

function layCard(cloth: Rgba, card: Rgba): Rgba {
  const canvas = toCanvas(cloth);
  const pen = canvas.getContext('2d');
  pen.fillStyle = 'rgba(8, 8, 14, 0.5)';
  pen.fillRect(0, 0, cloth.width, cloth.height);
  const x = Math.round((cloth.width - card.width) / 2);
  const y = Math.round((CARD.top + CARD.bottom - card.height) / 2);
  pen.save();
  pen.shadowColor = 'rgba(0, 0, 0, 0.6)';
  pen.shadowBlur = 60;
  pen.shadowOffsetY = 18;
  pen.fillStyle = '#000';
  pen.beginPath();
  pen.roundRect(x, y, card.width, card.height, CARD.radius);
  pen.fill();
  pen.restore();
  pen.clip();
  pen.drawImage(toCanvas(card), x, y);
  return { data: canvas.data(), width: cloth.width, height: cloth.height };
}

function toCanvas({ data, width, height }: Rgba): Canvas {
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  return canvas;
}

function toPlanes(compiled: CompiledKernel, { data, width, height }: Rgba): FittedPicture {
  const size = width * height;
  const arena = new Arena();
  const rgba = arena.reserve(size * 4);
  const planes = arena.reserve((size * 3) / 2);
  const alpha = arena.reserve((size * 5) / 4);
  const kernel = compiled.over(arena);
  kernel.bytes.set(data, rgba);
  kernel.planes(rgba, width, height, planes, alpha, planes + size, planes + (size * 5) / 4, alpha + size);
  return { bytes: kernel.bytes.slice(planes, planes + (size * 3) / 2), width, height };
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.trim() ?? 'unknown';
}
