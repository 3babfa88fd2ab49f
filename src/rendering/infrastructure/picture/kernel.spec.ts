import fc from 'fast-check';
import { compiledKernel } from '../../../../test/support/picture.js';
import { Arena, CompiledKernel, type Kernel } from './kernel.js';

const compiled = compiledKernel();

/** Plain JavaScript, pixel by pixel: rounds after the columns, then after the rows. */
function zoomed(
  src: Uint8Array,
  sw: number,
  sh: number,
  dw: number,
  dh: number,
  x0: number,
  y0: number,
  step: number,
): Uint8Array {
  const at = (position: number, size: number): [number, number] => {
    const inside = Math.min(Math.max(position, 0), size - 2);
    return [Math.floor(inside), Math.floor((inside - Math.floor(inside)) * 128 + 0.5)];
  };
  const mix = (a = 0, b = 0, share = 0): number => (a * (128 - share) + b * share + 64) >> 7;
  const out = new Uint8Array(dw * dh);
  for (let y = 0; y < dh; y++) {
    const [row, down] = at(y0 + step * y, sh);
    for (let x = 0; x < dw; x++) {
      const [column, right] = at(x0 + step * x, sw);
      const k = row * sw + column;
      out[y * dw + x] = mix(mix(src[k], src[k + sw], down), mix(src[k + 1], src[k + sw + 1], down), right);
    }
  }
  return out;
}

const noise = (size: number, seed: number): Uint8Array => {
  let state = seed | 1;
  return Uint8Array.from({ length: size }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
};

/** Buffers in a memory of which every other byte must stay as it was. */
function guarded(sizes: readonly number[]): { kernel: Kernel; at: number[]; intact: () => boolean } {
  const arena = new Arena();
  const at = sizes.map((size) => arena.reserve(size));
  const kernel = compiled.over(arena);
  kernel.bytes.fill(0xa5);
  const intact = (): boolean => {
    const others = kernel.bytes.slice();
    at.forEach((start, n) => others.fill(0xa5, start, start + sizes[n]));
    return others.every((byte) => byte === 0xa5);
  };
  return { kernel, at, intact };
}

const packed = (bytes: Uint8Array, at: number, stride: number, w: number, h: number): Uint8Array => {
  const out = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) out.set(bytes.subarray(at + y * stride, at + y * stride + w), y * w);
  return out;
};

describe('the picture kernel', () => {
  it('moves a picture exactly as the pixel-by-pixel definition does, and writes nowhere else', () => {
    const sizes = fc.record({
      sw: fc.integer({ min: 16, max: 90 }),
      sh: fc.integer({ min: 2, max: 30 }),
      dw: fc.integer({ min: 8, max: 70 }),
      dh: fc.integer({ min: 1, max: 24 }),
    });
    const places = fc.record({
      x0: fc.double({ min: -20, max: 90, noNaN: true }),
      y0: fc.double({ min: -20, max: 40, noNaN: true }),
      step: fc.double({ min: 0.01, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(
        sizes,
        places,
        fc.integer(),
        fc.integer({ min: 0, max: 5 }),
        ({ sw, sh, dw, dh }, { x0, y0, step }, seed, padding) => {
          const [ss, ds] = [sw + padding, dw + padding];
          const { kernel, at, intact } = guarded([ss * sh, ds * dh, compiled.scratchBytes]);
          const [src, dst, scratch] = at as [number, number, number];
          const picture = noise(sw * sh, seed);
          for (let y = 0; y < sh; y++) kernel.bytes.set(picture.subarray(y * sw, y * sw + sw), src + y * ss);
          expect(kernel.zoom(src, ss, sw, sh, dst, ds, dw, dh, x0, y0, step, scratch)).toBe(0);
          expect(packed(kernel.bytes, dst, ds, dw, dh)).toEqual(zoomed(picture, sw, sh, dw, dh, x0, y0, step));
          expect(intact()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('moves a picture of a film’s size exactly, too', () => {
    const [sw, sh, dw, dh] = [1216, 64, 1080, 48];
    const { kernel, at } = guarded([sw * sh, dw * dh, compiled.scratchBytes]);
    const [src, dst, scratch] = at as [number, number, number];
    const picture = noise(sw * sh, 5);
    for (const zoom of [1, 1.0007, 1.06, 1.12]) {
      const step = sw / dw / zoom;
      const x0 = (sw - dw * step) / 2;
      kernel.bytes.set(picture, src);
      kernel.zoom(src, sw, sw, sh, dst, dw, dw, dh, x0, 0.3, step, scratch);
      expect(Buffer.compare(packed(kernel.bytes, dst, dw, dw, dh), zoomed(picture, sw, sh, dw, dh, x0, 0.3, step))).toBe(0);
    }
  });

  it('refuses what it cannot move and then writes nothing', () => {
    const refused = [
      [15, 9, 8, 2, 0, 0, 1],
      [16, 1, 8, 2, 0, 0, 1],
      [16, 9, 7, 2, 0, 0, 1],
      [16, 9, 8, 0, 0, 0, 1],
      [16, 9, 8, 2, NaN, 0, 1],
      [16, 9, 8, 2, 0, NaN, 1],
      [16, 9, 8, 2, 0, 0, 2.01],
      [16, 9, 8, 2, 0, 0, 0],
      [4097, 9, 8, 2, 0, 0, 1],
    ] as const;
    for (const [sw, sh, dw, dh, x0, y0, step] of refused) {
      const { kernel, at, intact } = guarded([4097 * 9, 64, compiled.scratchBytes]);
      const [src, dst, scratch] = at as [number, number, number];
      expect(kernel.zoom(src, sw, sw, sh, dst, dw, dw, dh, x0, y0, step, scratch)).toBe(1);
      expect(intact()).toBe(true);
      expect(kernel.bytes.every((byte) => byte === 0xa5)).toBe(true);
    }
  });

  it('lays a strip over a frame with rounded, saturating arithmetic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer(),
        (w, h, padding, seed) => {
          const ds = w + padding;
          const { kernel, at, intact } = guarded([ds * h, w * h, w * h]);
          const [dst, src, alpha] = at as [number, number, number];
          const under = noise(w * h, seed);
          // Stretches of nothing and of everything, as letters are.
          const a = noise(w * h, seed + 1).map((v, i) => [0, 255, v][Math.floor(i / 19) % 3]);
          const ink = noise(w * h, seed + 2);
          const s = a.map((v, i) => (ink[i] * v) / 255);
          for (let y = 0; y < h; y++) kernel.bytes.set(under.subarray(y * w, y * w + w), dst + y * ds);
          kernel.bytes.set(s, src);
          kernel.bytes.set(a, alpha);
          kernel.blend(dst, ds, src, alpha, w, h);
          const wanted = under.map((d, i) => Math.min(255, Math.round((d * (255 - a[i])) / 255) + s[i]));
          expect(packed(kernel.bytes, dst, ds, w, h)).toEqual(wanted);
          expect(intact()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('draws rows towards a level by as much as each row asks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(16, 128),
        fc.integer(),
        (w, keeps, level, seed) => {
          const h = keeps.length;
          const { kernel, at, intact } = guarded([w * h, h * 2]);
          const [dst, table] = at as [number, number];
          const before = noise(w * h, seed);
          kernel.bytes.set(before, dst);
          new Uint16Array(kernel.bytes.buffer, table, h).set(keeps);
          kernel.shade(dst, w, w, h, table, level);
          const wanted = before.map((d, i) =>
            Math.floor((d * keeps[Math.floor(i / w)] + level * (256 - keeps[Math.floor(i / w)]) + 128) / 256),
          );
          expect(packed(kernel.bytes, dst, w, w, h)).toEqual(wanted);
          expect(intact()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('turns premultiplied colours into BT.709 planes, one step from the exact value at most', () => {
    const [w, h] = [32, 8];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { kernel, at, intact } = guarded([w * h * 4, w * h, w * h, (w * h) / 4, (w * h) / 4, (w * h) / 4]);
        const [rgba, y, a, u, v, a2] = at as [number, number, number, number, number, number];
        const raw = noise(w * h * 4, seed);
        const pixels = raw.map((value, i) => {
          const alpha = [0, 255, raw[i | 3]][(i >> 7) % 3];
          return i % 4 === 3 ? alpha : (value * alpha) / 255;
        });
        kernel.bytes.set(pixels, rgba);
        kernel.planes(rgba, w, h, y, a, u, v, a2);
        let worst = 0;
        let alphas = true;
        const compare = (at: number, wanted: number): void => void (worst = Math.max(worst, Math.abs(kernel.bytes[at] - wanted)));
        const luma = (r: number, g: number, b: number): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
        for (let k = 0; k < w * h; k++) {
          const [r, g, b, alpha] = pixels.subarray(k * 4);
          compare(y + k, (16 * alpha) / 255 + (219 / 255) * luma(r, g, b));
          alphas &&= kernel.bytes[a + k] === alpha;
        }
        for (let k = 0; k < (w * h) / 4; k++) {
          const corner = Math.floor(k / (w / 2)) * 2 * w + (k % (w / 2)) * 2;
          const [r, g, b, alpha] = [0, 1, 2, 3].map(
            (n) => [0, 1, w, w + 1].reduce((sum, o) => sum + pixels[(corner + o) * 4 + n], 0) / 4,
          );
          compare(u + k, (128 * alpha) / 255 + ((224 / 255) * (b - luma(r, g, b))) / 1.8556);
          compare(v + k, (128 * alpha) / 255 + ((224 / 255) * (r - luma(r, g, b))) / 1.5748);
          alphas &&= kernel.bytes[a2 + k] === Math.floor(alpha + 0.5);
        }
        expect(worst).toBeLessThanOrEqual(1);
        expect(alphas).toBe(true);
        expect(intact()).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it('is refused when it was built without SIMD', () => {
    // (module (global (export "SIMD") i32 (i32.const 0)))
    const scalar = Uint8Array.of(
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      6,
      6,
      1,
      0x7f,
      0,
      0x41,
      0,
      0x0b,
      7,
      8,
      1,
      4,
      0x53,
      0x49,
      0x4d,
      0x44,
      3,
      0,
    );
    expect(() => new CompiledKernel(scalar)).toThrow('without SIMD');
  });
});
