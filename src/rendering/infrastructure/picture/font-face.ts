/**
 * Which characters a font file can draw, read from its `cmap` table (OpenType §cmap, formats 4 and 12; WOFF 1.0 keeps the same tables
 * deflated). We ask the file and not the text engine, because an engine silently falls back to whatever the machine has installed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

const WOFF = 0x774f4646;
const CODE_POINTS = 0x11_0000;

export class FontFace {
  #covered: Uint8Array | undefined;

  constructor(
    readonly family: string,
    readonly path: string,
  ) {}

  get sha256(): string {
    return createHash('sha256').update(readFileSync(this.path)).digest('hex');
  }

  has(codePoint: number): boolean {
    this.#covered ??= coverage(cmapOf(readFileSync(this.path)));
    return ((this.#covered[codePoint >> 3] ?? 0) & (1 << (codePoint & 7))) !== 0;
  }
}

function cmapOf(file: Buffer): Buffer {
  const woff = file.readUInt32BE(0) === WOFF;
  const tables = file.readUInt16BE(woff ? 12 : 4);
  for (let i = 0; i < tables; i++) {
    const at = woff ? 44 + 20 * i : 12 + 16 * i;
    if (file.toString('latin1', at, at + 4) !== 'cmap') continue;
    if (!woff) return file.subarray(file.readUInt32BE(at + 8), file.readUInt32BE(at + 8) + file.readUInt32BE(at + 12));
    const [offset, packed, length] = [file.readUInt32BE(at + 4), file.readUInt32BE(at + 8), file.readUInt32BE(at + 12)];
    const body = file.subarray(offset, offset + packed);
    return packed < length ? inflateSync(body) : body;
  }
  throw new Error('The font has no cmap table.');
}

/** One bit a code point. */
function coverage(cmap: Buffer): Uint8Array {
  const bits = new Uint8Array(CODE_POINTS / 8);
  const cover = (codePoint: number): void => {
    bits[codePoint >> 3] = (bits[codePoint >> 3] ?? 0) | (1 << (codePoint & 7));
  };
  const subtables = Array.from({ length: cmap.readUInt16BE(2) }, (_, i) => cmap.readUInt32BE(4 + 8 * i + 4));
  for (const at of subtables) {
    const format = cmap.readUInt16BE(at);
    if (format === 12) groups(cmap, at, cover);
    if (format === 4) segments(cmap, at, cover);
  }
  return bits;
}

function groups(cmap: Buffer, at: number, cover: (codePoint: number) => void): void {
  for (let i = 0; i < cmap.readUInt32BE(at + 12); i++) {
    const [first, last, glyph] = [0, 4, 8].map((o) => cmap.readUInt32BE(at + 16 + 12 * i + o)) as [number, number, number];
    for (let codePoint = first; codePoint <= last; codePoint++) if (glyph + codePoint - first !== 0) cover(codePoint);
  }
}

function segments(cmap: Buffer, at: number, cover: (codePoint: number) => void): void {
  const twice = cmap.readUInt16BE(at + 6);
  for (let i = 0; i < twice; i += 2) {
    const last = cmap.readUInt16BE(at + 14 + i);
    const first = cmap.readUInt16BE(at + 16 + twice + i);
    const delta = cmap.readUInt16BE(at + 16 + 2 * twice + i);
    const place = at + 16 + 3 * twice + i;
    const range = cmap.readUInt16BE(place);
    for (let codePoint = first; codePoint <= last && codePoint !== 0xffff; codePoint++) {
      const glyph = range ? cmap.readUInt16BE(place + range + 2 * (codePoint - first)) : codePoint;
      if (range ? glyph !== 0 : ((glyph + delta) & 0xffff) !== 0) cover(codePoint);
    }
  }
}
