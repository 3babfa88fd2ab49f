import sharp from 'sharp';
import { hugePng } from '../../../../test/support/images.js';
import { compiledKernel } from '../../../../test/support/picture.js';
import { INK } from '../../domain/themes.js';
import { BACKDROP_HEIGHT as H, BACKDROP_WIDTH as W, gradientBackdrop, pictureBackdrop, type FittedPicture } from './backdrop.js';
import { UnusablePicture } from './segment-job.js';

jest.setTimeout(60_000); // pictures at full size, beside whatever else the machine does

const kernel = compiledKernel();

/** Left half red, right half blue, a white frame around it. */
async function picture(width: number, height: number): Promise<sharp.Sharp> {
  const raw = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const edge = x < width * 0.04 || y < height * 0.04 || x >= width * 0.96 || y >= height * 0.96;
      raw.set(edge ? [255, 255, 255] : x < width / 2 ? [220, 20, 20] : [20, 20, 220], (y * width + x) * 3);
    }
  }
  return sharp(raw, { raw: { width, height, channels: 3 } });
}

const luma = ({ bytes }: FittedPicture, x: number, y: number): number => bytes[Math.round(y) * W + Math.round(x)];
const red = ({ bytes }: FittedPicture, x: number, y: number): number =>
  bytes[W * H + (W * H) / 4 + (Math.round(y) >> 1) * (W / 2) + (Math.round(x) >> 1)];

describe('a picture behind the text', () => {
  it('fills the screen when it is portrait', async () => {
    const fitted = await pictureBackdrop(kernel, await (await picture(270, 480)).png().toBuffer());
    expect(fitted).toMatchObject({ width: W, height: H });
    expect(fitted.bytes.length).toBe((W * H * 3) / 2);
    expect(luma(fitted, W / 2, 8)).toBeGreaterThan(225); // its white edge is at the edge
    expect(red(fitted, W / 4, H / 2)).toBeGreaterThan(200);
    expect(red(fitted, (W * 3) / 4, H / 2)).toBeLessThan(130);
  });

  it('stands whole above the captions when it is wider: no edge of a book cover is cut', async () => {
    for (const [width, height] of [
      [400, 600],

      [800, 450],
      [900, 150],
    ]) {
      const fitted = await pictureBackdrop(kernel, await (await picture(width, height)).jpeg().toBuffer());
      // Walking over the middle row of the card one meets white edge, red, blue, white edge, all inside what the closest zoom shows.
      const middle = ((230 + 970) * (W / 1080)) / 2;
      const row = Array.from({ length: W }, (_, x) => luma(fitted, x, middle));
      const white = row.flatMap((value, x) => (value > 215 ? [x] : []));
      expect(white.length).toBeGreaterThan(4);
      expect(Math.min(...white)).toBeGreaterThan(W * 0.054);
      expect(Math.max(...white)).toBeLessThan(W * (1 - 0.054));
    }
  });

  it('is turned as the camera was held', async () => {
    const upright = await pictureBackdrop(kernel, await (await picture(270, 480)).png().toBuffer());
    const turned = await (await picture(270, 480)).rotate(-90).png().toBuffer();
    const lying = await pictureBackdrop(
      kernel,
      await sharp(turned).withMetadata({ orientation: 6 }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    );
    for (const [x, y] of [
      [W / 4, H / 2],
      [(W * 3) / 4, H / 2],
      [W / 2, 8],
    ]) {
      expect(Math.abs(luma(lying, x, y) - luma(upright, x, y))).toBeLessThan(6);
      expect(Math.abs(red(lying, x, y) - red(upright, x, y))).toBeLessThan(6);
    }
  });

  it.each([
    ['CMYK', async () => (await picture(270, 480)).toColourspace('cmyk').jpeg().toBuffer()],
    ['16 bits a channel', async () => (await picture(270, 480)).toColourspace('rgb16').png().toBuffer()],
    ['grey', async () => (await picture(270, 480)).greyscale().png().toBuffer()],
    ['transparency', async () => (await picture(270, 480)).ensureAlpha(0.5).webp().toBuffer()],
    ['a palette', async () => (await picture(270, 480)).png({ palette: true }).toBuffer()],
  ] as const)('may have %s', async (_, make) => {
    const fitted = await pictureBackdrop(kernel, await make());
    expect(luma(fitted, W / 2, 8)).toBeGreaterThan(luma(fitted, W / 4, H / 2));
    expect(fitted.bytes.length).toBe((W * H * 3) / 2);
  });

  it('that moves stands still, on its first picture', async () => {
    const frame = async (colour: string) =>
      sharp({ create: { width: 90, height: 160, channels: 3, background: colour } })
        .raw()
        .toBuffer();
    const two = Buffer.concat([await frame('#ff0000'), await frame('#0000ff')]);
    const pages = sharp(two, { raw: { width: 90, height: 320, channels: 3, pageHeight: 160 } });
    const still = await pictureBackdrop(
      kernel,
      await sharp(await frame('#ff0000'), { raw: { width: 90, height: 160, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const moving = await pages.clone().webp({ lossless: true, delay: 100 }).toBuffer();
    expect((await sharp(moving).metadata()).pages).toBe(2);
    const fitted = await pictureBackdrop(kernel, moving);
    expect(fitted).toMatchObject({ width: W, height: H });
    expect(Math.abs(red(fitted, W / 2, H / 2) - red(still, W / 2, H / 2))).toBeLessThan(4);
  });

  it('cut off in the middle is refused instead of being half grey', async () => {
    const whole = await picture(450, 800);
    for (const file of [
      await whole.clone().jpeg().toBuffer(),
      await whole.clone().png().toBuffer(),
      await whole.clone().webp().toBuffer(),
    ]) {
      await expect(pictureBackdrop(kernel, file)).resolves.toBeDefined();
      await expect(pictureBackdrop(kernel, file.subarray(0, Math.floor(file.length * 0.6)))).rejects.toThrow(UnusablePicture);
    }
  });

  it('that is no picture, or far too large, is refused with a sentence', async () => {
    await expect(pictureBackdrop(kernel, Buffer.from('not a picture'))).rejects.toThrow(/cannot be used .*JPEG, PNG or WebP/);
    await expect(pictureBackdrop(kernel, hugePng(9_000, 9_000))).rejects.toThrow(UnusablePicture);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(pictureBackdrop(kernel, svg)).rejects.toThrow(/no PNG, JPEG or WebP/);
  });
});

describe('the gradient', () => {
  it('is the same every time and takes its colours from the theme', () => {
    const [one, two] = [gradientBackdrop(kernel, INK.gradient), gradientBackdrop(kernel, INK.gradient)];
    expect(Buffer.compare(one.bytes, two.bytes)).toBe(0);
    const green = gradientBackdrop(kernel, ['#003300', '#005500', '#007700']);
    expect(red(green, W / 2, H / 2)).toBeLessThan(128);
    expect(red(one, W / 2, H - 50)).toBeGreaterThan(128);
  });

  it('has enough texture for a slow move to be seen', () => {
    const { bytes } = gradientBackdrop(kernel, INK.gradient);
    let changes = 0;
    for (let y = 0; y < H; y += 8)
      for (let x = 0; x < W - 8; x += 8) changes += Math.abs(bytes[y * W + x] - bytes[y * W + x + 8]);
    expect(changes / ((H / 8) * (W / 8))).toBeGreaterThan(0.5);
  });
});
