/** A still of the film, straight from the compositor: what stands at that frame, captions and all, without any video decoder. */
import { createCanvas, ImageData } from '@napi-rs/canvas';
import { HEIGHT, WIDTH } from '../../domain/scene.js';

const QUALITY = 86;

/** BT.709 limited range to RGBA; each pair of chroma values is that of four pixels. @param frame planes Y, U, V of one 1080×1920 frame */
export function toRgba(frame: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4).fill(255);
  const u = WIDTH * HEIGHT;
  const v = u + u / 4;
  for (let y = 0, chroma = 0; y < HEIGHT; y += 2) {
    for (let x = 0; x < WIDTH; x += 2, chroma++) {
      const blue = frame[u + chroma] - 128;
      const red = frame[v + chroma] - 128;
      const [r, g, b] = [1.792741 * red, -0.213249 * blue - 0.532909 * red, 2.112402 * blue];
      for (let pixel = 0; pixel < 4; pixel++) {
        const at = (y + (pixel >> 1)) * WIDTH + x + (pixel & 1);
        const luma = 1.164384 * (frame[at] - 16);
        rgba[4 * at] = luma + r;
        rgba[4 * at + 1] = luma + g;
        rgba[4 * at + 2] = luma + b;
      }
    }
  }
  return rgba;
}

/** By the library that draws the captions, which is loaded here already. */
export function toJpeg(frame: Uint8Array): Promise<Buffer> {
  const canvas = createCanvas(WIDTH, HEIGHT);
  canvas.getContext('2d').putImageData(new ImageData(toRgba(frame), WIDTH, HEIGHT), 0, 0);
  return canvas.encode('jpeg', QUALITY);
}
