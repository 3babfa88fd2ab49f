import fc from 'fast-check';
import sharp from 'sharp';
import { DomainError } from '#libs/kernel/domain-error';
import { type ImageFormat, readImageHeader } from './image-header.js';
import { MAX_IMAGE_PIXELS } from './image-refusals.js';
import { hugePng, pngOf } from '../../test/support/images.js';

const FORMATS: readonly ImageFormat[] = ['png', 'jpeg', 'webp'];
const blank = (width: number, height: number): sharp.Sharp =>
  sharp({ create: { width, height, channels: 3, background: '#204060', noise: { type: 'gaussian', mean: 90, sigma: 40 } } });

/** What the header says, or the code of the refusal. Anything else that is thrown fails the test. */
function outcome(bytes: Buffer): unknown {
  try {
    return readImageHeader(bytes);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

describe('The header of an image', () => {
  it('tells format, width and height as the encoder wrote them, in every flavour of the three formats', async () => {
    const flavours: [ImageFormat, (image: sharp.Sharp) => sharp.Sharp][] = [
      ['png', (image) => image.png()],
      ['png', (image) => image.png({ palette: true, progressive: true })],
      ['png', (image) => image.toColourspace('rgb16').png()],
      ['png', (image) => image.greyscale().png()],
      ['png', (image) => image.ensureAlpha(0.5).png().withMetadata()],
      ['jpeg', (image) => image.jpeg()],
      ['jpeg', (image) => image.jpeg({ progressive: true, mozjpeg: true })],
      ['jpeg', (image) => image.greyscale().jpeg()],
      ['jpeg', (image) => image.toColourspace('cmyk').jpeg()],
      ['jpeg', (image) => image.jpeg().withMetadata({ orientation: 6 })],
      ['webp', (image) => image.webp()],
      ['webp', (image) => image.webp({ lossless: true })],
      ['webp', (image) => image.ensureAlpha(0.5).webp()],
      ['webp', (image) => image.webp().withMetadata({ orientation: 3 })],
    ];
    for (const [format, encode] of flavours)
      expect(readImageHeader(await encode(blank(321, 123)).toBuffer())).toEqual({ format, width: 321, height: 123 });
  });

  it('refuses every prefix of an image that is shorter than its last marker', async () => {
    for (const format of FORMATS) {
      const whole = await blank(64, 48).toFormat(format).toBuffer();
      for (let length = 0; length < whole.length - 1; length++)
        expect(['damaged-image', 'unsupported-image']).toContain(outcome(whole.subarray(0, length)));
    }
  });

  it('refuses what is too large by the header alone', () => {
    expect(outcome(pngOf(60_000, 1_000))).toBe('image-too-large');
    expect(outcome(pngOf(6_000, MAX_IMAGE_PIXELS / 6_000))).toMatchObject({ width: 6_000 });
    expect(outcome(pngOf(6_001, MAX_IMAGE_PIXELS / 6_000))).toBe('image-too-large');
    expect(outcome(pngOf(0x7fffffff, 0x7fffffff))).toBe('image-too-large');
    expect(outcome(pngOf(0, 5))).toBe('damaged-image');
    expect(outcome(hugePng(7_746, 7_746))).toBe('image-too-large');
  });

  it('refuses a PNG of too many chunks, with too much metadata, without data, or with an unknown critical chunk', () => {
    const chunks = (count: number, type: string, bytes: number): { type: string; data: Buffer }[] =>
      Array.from({ length: count }, () => ({ type, data: Buffer.alloc(bytes) }));
    expect(outcome(pngOf(5, 5, chunks(30_000, 'IDAT', 0)))).toBe('damaged-image');
    expect(outcome(pngOf(5, 5, [...chunks(3, 'zTXt', 700_000), ...chunks(1, 'IDAT', 9)]))).toBe('damaged-image');
    expect(outcome(pngOf(5, 5, []))).toBe('damaged-image');
    expect(outcome(pngOf(5, 5, [...chunks(1, 'IDAT', 9), ...chunks(1, 'IHDR', 13)]))).toBe('damaged-image');
  });

  it('refuses a JPEG of hundreds of scans or thousands of segments', async () => {
    const whole = await blank(64, 48).jpeg({ progressive: true }).toBuffer();
    const scan = whole.subarray(whole.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
    const many = (count: number): Buffer =>
      Buffer.concat([whole.subarray(0, -2), ...Array<Buffer>(count).fill(scan), whole.subarray(-2)]);
    expect(outcome(many(10))).toMatchObject({ format: 'jpeg' });
    expect(outcome(many(300))).toBe('damaged-image');
    const comments = Buffer.concat(Array<Buffer>(6_000).fill(Buffer.from([0xff, 0xfe, 0, 2])));
    expect(outcome(Buffer.concat([whole.subarray(0, 2), comments, whole.subarray(2)]))).toBe('damaged-image');
  });

  it('knows nothing but the three formats', async () => {
    const others = {
      gif: await blank(9, 9).gif().toBuffer(),
      avif: await blank(9, 9).avif().toBuffer(),
      tiff: await blank(9, 9).tiff().toBuffer(),
      svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      pdf: Buffer.from('%PDF-1.7\n'),
      bmp: Buffer.from('BM\0\0\0\0'),
      nothing: Buffer.alloc(0),
    };
    for (const [what, bytes] of Object.entries(others)) expect([what, outcome(bytes)]).toEqual([what, 'unsupported-image']);
  });

  it('answers or refuses whatever the bytes are, and reads no byte that is not there', async () => {
    const wholes = await Promise.all(FORMATS.map((format) => blank(40, 30).toFormat(format).toBuffer()));
    const starts = wholes.map((whole) => whole.subarray(0, 12));
    fc.assert(
      fc.property(fc.nat(3), fc.uint8Array({ maxLength: 400 }), (start, rest) => {
        outcome(Buffer.concat([starts[start] ?? Buffer.alloc(0), rest]));
      }),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(fc.nat(2), fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 6 }), (which, changes) => {
        const bytes = Buffer.from(wholes[which]);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        outcome(bytes);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes time that grows no faster than the file', async () => {
    const jpeg = await blank(64, 48).jpeg().toBuffer();
    const hostile: ((size: number) => Buffer)[] = [
      (size) => Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(size, Buffer.from([0xff, 0x00]))]),
      (size) => Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(size, 0xff)]),
      (size) => Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(size, Buffer.from([0xff, 0xfe, 0, 2]))]),
      (size) => pngOf(5, 5, Array<{ type: string; data: Buffer }>(size / 12).fill({ type: 'IDAT', data: Buffer.alloc(0) })),
    ];
    for (const make of hostile) {
      const cost = (size: number): number => {
        const bytes = make(size);
        const times = Array.from({ length: 5 }, () => {
          const start = performance.now();
          outcome(bytes);
          return performance.now() - start;
        });
        return Math.min(...times);
      };
      cost(1_200_000); // compiled from here on
      expect(cost(9_600_000)).toBeLessThan(8 * 3 * cost(1_200_000) + 20);
    }
  });
});
