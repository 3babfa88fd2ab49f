/**
 * The picture kernel, in AssemblyScript: moves a picture, darkens it behind the text, and lays captions over it.
 *
 * Compiled to WebAssembly SIMD by tools/launcher/build-kernel.mjs (tsc and ESLint never see this file). It has no heap and no static data:
 * the host owns the memory and passes every address. Built without `--enable simd` the same functions would run scalar, many times
 * slower and silently; so the build and the loader both look at `SIMD`.
 *
 * Weights have 7 bits: two products of a byte and a weight, and the rounding half, then fit an unsigned 16-bit lane.
 * Constants of the inner loops are loaded from memory, as newer V8 rebuilds a literal vector in every iteration.
 */
export const SIMD: bool = ASC_FEATURE_SIMD;
/** Widest row of a source or destination, in bytes. */
export const MAX_WIDTH: i32 = 4096;
/** Bytes of scratch memory `zoom` needs. */
export const SCRATCH_BYTES: i32 = 48 + MAX_WIDTH * 6 + 2 * (MAX_WIDTH + 64);

// Scratch: three constants | one 48-byte entry for every 8 columns | two rows, each with room for a 16-byte load at its last pixel.
const ENTRIES: usize = 48;
const ENTRY: usize = 48; // 16 bytes of swizzle mask | 8 weights of 16 bits | first column | padding
const ROWS: usize = 48 + MAX_WIDTH * 6;
const ROW: usize = MAX_WIDTH + 64;

function clamp(position: f64, last: f64): f64 {
  return position < 0 ? 0 : position > last ? last : position;
}

/** How much of the right or lower neighbour a position takes, 0…128. */
function share(position: f64, whole: i32): i32 {
  return <i32>((position - whole) * 128 + 0.5);
}

/** (a·wa + b·wb + 64) / 128 in eight lanes. */
function mix(a: v128, wa: v128, b: v128, wb: v128, half: v128): v128 {
  return i16x8.shr_u(i16x8.add(i16x8.add(i16x8.mul(a, wa), i16x8.mul(b, wb)), half), 7);
}

/** Eight output pixels: the mask gathers each (left, right) pair of bytes into one lane. */
function gather(row: usize, mask: v128, left: v128, right: v128, half: v128, low: v128): v128 {
  const pairs = i8x16.swizzle(v128.load(row), mask);
  return mix(v128.and(pairs, low), left, i16x8.shr_u(pairs, 8), right, half);
}

/** For every 8 output columns: where they read and with what weights. The last group overlaps, so that none is partial. */
function prepareColumns(at: usize, x0: f64, step: f64, last: f64, width: i32): void {
  for (let x = 0; x < width; x += 8, at += ENTRY) {
    const from = min(x, width - 8);
    const first = <i32>clamp(x0 + step * from, last);
    store<i32>(at, first, 32);
    for (let i = 0; i < 8; i++) {
      const position = clamp(x0 + step * (from + i), last);
      const column = <i32>position;
      const offset = column - first;
      store<u16>(at + (i << 1), <u16>(offset | ((offset + 1) << 8)));
      store<u16>(at + (i << 1), <u16>share(position, column), 16);
    }
  }
}

/** Two scratch rows, columns [from, to): the first between rows a and b, the second between c and d. */
function mixRows(a: usize, b: usize, wb: i32, c: usize, d: usize, wd: i32, scratch: usize, from: usize, to: usize): void {
  const vb = i16x8.splat(<i16>wb),
    va = i16x8.splat(<i16>(128 - wb));
  const vd = i16x8.splat(<i16>wd),
    vc = i16x8.splat(<i16>(128 - wd));
  const last = to - 16,
    row = scratch + ROWS,
    half = v128.load(scratch);
  let x = from;
  while (true) {
    if (x > last) x = last;
    const b0 = v128.load_ext<u8>(b + x),
      b1 = v128.load_ext<u8>(b + x, 8);
    v128.store(
      row + x,
      i8x16.narrow_i16x8_u(mix(v128.load_ext<u8>(a + x), va, b0, vb, half), mix(v128.load_ext<u8>(a + x, 8), va, b1, vb, half)),
    );
    // Neighbouring output rows mostly share their middle source row.
    const c0 = b == c ? b0 : v128.load_ext<u8>(c + x),
      c1 = b == c ? b1 : v128.load_ext<u8>(c + x, 8);
    v128.store(
      row + x,
      i8x16.narrow_i16x8_u(mix(c0, vc, v128.load_ext<u8>(d + x), vd, half), mix(c1, vc, v128.load_ext<u8>(d + x, 8), vd, half)),
      ROW,
    );
    if (x == last) break;
    x += 16;
  }
}

/** Both scratch rows into output rows `p` and `q`. */
function mixColumns(scratch: usize, p: usize, q: usize, width: i32): void {
  const half = v128.load(scratch),
    full = v128.load(scratch, 16),
    low = v128.load(scratch, 32);
  const row = scratch + ROWS;
  let x = 0,
    at = scratch + ENTRIES;
  for (; x + 16 <= width; x += 16, at += 2 * ENTRY) {
    const r = v128.load(at, 16),
      s = v128.load(at, ENTRY + 16);
    const m = v128.load(at),
      n = v128.load(at, ENTRY);
    const rl = i16x8.sub(full, r),
      sl = i16x8.sub(full, s);
    const e = row + load<u32>(at, 32),
      f = row + load<u32>(at, ENTRY + 32);
    v128.store(p + x, i8x16.narrow_i16x8_u(gather(e, m, rl, r, half, low), gather(f, n, sl, s, half, low)));
    v128.store(q + x, i8x16.narrow_i16x8_u(gather(e + ROW, m, rl, r, half, low), gather(f + ROW, n, sl, s, half, low)));
  }
  for (; x < width; x += 8, at += ENTRY) {
    const r = v128.load(at, 16),
      m = v128.load(at),
      rl = i16x8.sub(full, r),
      e = row + load<u32>(at, 32);
    const u = gather(e, m, rl, r, half, low),
      v = gather(e + ROW, m, rl, r, half, low),
      o = min(x, width - 8);
    v128.store_lane<u64>(p + o, i8x16.narrow_i16x8_u(u, u), 0);
    v128.store_lane<u64>(q + o, i8x16.narrow_i16x8_u(v, v), 0);
  }
}

/**
 * dst[x, y] = src at (x0 + step·x, y0 + step·y), bilinear, clamped to the picture; one 8-bit plane.
 * Wants 0 < step ≤ 2, 16 ≤ sw ≤ MAX_WIDTH, sh ≥ 2, 8 ≤ dw ≤ MAX_WIDTH, dh ≥ 1; else it writes nothing and returns 1.
 */
export function zoom(
  src: usize,
  ss: i32,
  sw: i32,
  sh: i32,
  dst: usize,
  ds: i32,
  dw: i32,
  dh: i32,
  x0: f64,
  y0: f64,
  step: f64,
  scratch: usize,
): i32 {
  if (!(step > 0 && step <= 2 && x0 == x0 && y0 == y0)) return 1; // refuses NaN as well
  if (sw < 16 || sw > MAX_WIDTH || ss < sw || sh < 2 || dw < 8 || dw > MAX_WIDTH || ds < dw || dh < 1) return 1;
  const lastX = <f64>(sw - 2),
    lastY = <f64>(sh - 2);
  prepareColumns(scratch + ENTRIES, x0, step, lastX, dw);
  // Only the columns the window touches are mixed, but at least one whole vector of them.
  let from = <i32>clamp(x0, lastX),
    to = <i32>clamp(x0 + step * (dw - 1), lastX) + 2;
  if (to - from < 16) {
    from = max(0, to - 16);
    to = from + 16;
  }
  v128.store(scratch, i16x8.splat(64));
  v128.store(scratch, i16x8.splat(128), 16);
  v128.store(scratch, i16x8.splat(0xff), 32);
  for (let y = 0; y < dh; y += 2) {
    const z = min(y + 1, dh - 1); // an odd last row is done twice
    const p = clamp(y0 + step * y, lastY),
      k = <i32>p;
    const q = clamp(y0 + step * z, lastY),
      l = <i32>q;
    const a = src + <usize>k * ss,
      c = src + <usize>l * ss;
    mixRows(a, a + ss, share(p, k), c, c + ss, share(q, l), scratch, from, to);
    mixColumns(scratch, dst + <usize>y * ds, dst + <usize>z * ds, dw);
  }
  return 0;
}

/** What remains of eight bytes under an alpha: round(d·(255 − a) / 255). */
function under(d: v128, a: v128): v128 {
  const v = i16x8.add(i16x8.mul(d, i16x8.sub(i16x8.splat(255), a)), i16x8.splat(128));
  return i16x8.shr_u(i16x8.add(v, i16x8.shr_u(v, 8)), 8);
}

/** Lays a premultiplied strip (rows of exactly `w` bytes) with its alpha over dst: dst = dst·(255 − a) / 255 + src. */
export function blend(dst: usize, ds: i32, src: usize, alpha: usize, w: i32, h: i32): void {
  for (let y = 0; y < h; y++, dst += ds, src += w, alpha += w) {
    let x = 0;
    for (; x + 16 <= w; x += 16) {
      const a = v128.load(alpha + x);
      if (!v128.any_true(a)) continue; // most of a caption is empty
      const d = dst + x;
      v128.store(
        d,
        i8x16.add_sat_u(
          v128.load(src + x),
          i8x16.narrow_i16x8_u(
            under(v128.load_ext<u8>(d), i16x8.extend_low_i8x16_u(a)),
            under(v128.load_ext<u8>(d, 8), i16x8.extend_high_i8x16_u(a)),
          ),
        ),
      );
    }
    for (; x < w; x++) {
      const a = <i32>load<u8>(alpha + x);
      if (!a) continue;
      const v = <i32>load<u8>(dst + x) * (255 - a) + 128;
      store<u8>(dst + x, min(255, ((v + (v >> 8)) >> 8) + <i32>load<u8>(src + x)));
    }
  }
}

/**
 * Draws `h` rows towards `level` (16 for luma, 128 for chroma): row y keeps keeps[y] / 256 of its contrast.
 * `keeps` holds one u16 a row, 0…256. This is the shade behind captions: it stays still while the picture moves.
 */
export function shade(dst: usize, ds: i32, w: i32, h: i32, keeps: usize, level: i32): void {
  for (let y = 0; y < h; y++, dst += ds, keeps += 2) {
    const keep = <i32>load<u16>(keeps),
      add = level * (256 - keep) + 128;
    if (keep == 256) continue;
    const vk = i16x8.splat(<i16>keep),
      va = i16x8.splat(<i16>add);
    let x = 0;
    for (; x + 16 <= w; x += 16) {
      const d = dst + x;
      v128.store(
        d,
        i8x16.narrow_i16x8_u(
          i16x8.shr_u(i16x8.add(i16x8.mul(v128.load_ext<u8>(d), vk), va), 8),
          i16x8.shr_u(i16x8.add(i16x8.mul(v128.load_ext<u8>(d, 8), vk), va), 8),
        ),
      );
    }
    for (; x < w; x++) store<u8>(dst + x, (<i32>load<u8>(dst + x) * keep + add) >> 8);
  }
}

/**
 * Premultiplied RGBA to BT.709 limited-range planes, still premultiplied: luma `y` with alpha `a`, and chroma `u`, `v` with alpha
 * `a2` at half the size (each the mean of four pixels). `w` and `h` are even; every plane is packed.
 */
export function planes(rgba: usize, w: i32, h: i32, y: usize, a: usize, u: usize, v: usize, a2: usize): void {
  const line = <usize>w * 4;
  for (let row = 0; row < h; row += 2, rgba += line, y += w, a += w) {
    for (let x = 0; x < w; x += 2, rgba += 8, y += 2, a += 2, u++, v++, a2++) {
      const top = load<u64>(rgba),
        bottom = load<u64>(rgba + line);
      if (!(top | bottom)) {
        store<u16>(y, 0);
        store<u16>(y + w, 0);
        store<u16>(a, 0);
        store<u16>(a + w, 0);
        store<u8>(u, 0);
        store<u8>(v, 0);
        store<u8>(a2, 0);
        continue;
      }
      let r = 0,
        g = 0,
        b = 0,
        alpha = 0;
      for (let i = 0; i < 4; i++) {
        const pixel = <u32>((i < 2 ? top : bottom) >> ((i & 1) << 5));
        const pr = <i32>(pixel & 255),
          pg = <i32>((pixel >> 8) & 255),
          pb = <i32>((pixel >> 16) & 255),
          pa = <i32>(pixel >> 24);
        const at = (i & 1) + (i >> 1) * w;
        store<u8>(y + at, (4112 * pa + 11966 * pr + 40254 * pg + 4064 * pb + 32768) >> 16);
        store<u8>(a + at, pa);
        r += pr;
        g += pg;
        b += pb;
        alpha += pa;
      }
      store<u8>(u, (32897 * alpha - 6596 * r - 22189 * g + 28784 * b + 131072) >> 18);
      store<u8>(v, (32897 * alpha + 28784 * r - 26145 * g - 2639 * b + 131072) >> 18);
      store<u8>(a2, (alpha + 2) >> 2);
    }
  }
}
