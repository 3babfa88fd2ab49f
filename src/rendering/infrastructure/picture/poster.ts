/** A still of the film, straight from the compositor: what stands at that frame, captions and all, without any video decoder. */
import sharp from 'sharp';
import { HEIGHT, WIDTH } from '../../domain/scene.js';

const QUALITY = 86;

/** BT.709 limited range to RGB, chroma repeated for its four pixels. @param frame planes Y, U, V of one 1080×1920 frame */
export function toRgb(frame: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray(WIDTH * HEIGHT * 3);
  const half = WIDTH / 2;
  const u = WIDTH * HEIGHT;
  const v = u + u / 4;
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, at += 3) {
      const chroma = (y >> 1) * half + (x >> 1);
      const luma = 1.164384 * ((frame[y * WIDTH + x] ?? 0) - 16);
      const blue = (frame[u + chroma] ?? 0) - 128;
      const red = (frame[v + chroma] ?? 0) - 128;
      rgb[at] = luma + 1.792741 * red;
      rgb[at + 1] = luma - 0.213249 * blue - 0.532909 * red;
      rgb[at + 2] = luma + 2.112402 * blue;
    }
  }
  return new Uint8Array(rgb.buffer);
}

export function toJpeg(frame: Uint8Array): Promise<Buffer> {
  return sharp(toRgb(frame), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
