import { crc32 } from 'node:zlib';
import { DamagedImage } from './image-refusals.js';
import type { ImageSize } from './image-size.js';

/** An encoder writes one IDAT chunk per 8 kB or more: a file of the largest size has fewer chunks. */
const MAX_CHUNKS = 20_000;
/** Profiles, texts and previews. They may be compressed, and a decoder would have to inflate them. */
const MAX_ANCILLARY_BYTES = 2_000_000;
/** Bit depths that each colour type may have (PNG specification, table 11.1). */
const DEPTHS: Record<number, readonly number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };

/** Reads IHDR and follows the chunks to IEND (PNG specification, 5.3). What comes after IEND is not looked at. @throws DamagedImage */
export function readPngSize(bytes: Buffer): ImageSize {
  if (bytes.length < 33 || bytes.readUInt32BE(8) !== 13 || typeAt(bytes, 8) !== 'IHDR')
    throw new DamagedImage('a PNG starts with an IHDR chunk');
  if (crc32(bytes.subarray(12, 29)) !== bytes.readUInt32BE(29)) throw new DamagedImage('the checksum of IHDR is wrong');
  const [depth, colour, compression, filter, interlace] = bytes.subarray(24, 29);
  if (!DEPTHS[colour]?.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw new DamagedImage('IHDR describes a PNG that does not exist');
  followChunks(bytes);
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function followChunks(bytes: Buffer): void {
  let at = 33;
  let ancillary = 0;
  let hasData = false;
  for (let count = 1; count <= MAX_CHUNKS; count++) {
    if (at + 12 > bytes.length) throw new DamagedImage('the PNG is cut off');
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) throw new DamagedImage('the PNG is cut off');
    const type = typeAt(bytes, at);
    if (type === 'IEND') {
      if (!hasData) throw new DamagedImage('the PNG holds no pixels');
      return;
    }
    if (type === 'IDAT') hasData = true;
    // bit 5 of the first letter: a decoder may skip what has it set, and knows no others than these
    else if (bytes[at + 4] & 0x20) ancillary += length;
    else if (type !== 'PLTE') throw new DamagedImage('the PNG holds a chunk that may not stand there');
    if (ancillary > MAX_ANCILLARY_BYTES) throw new DamagedImage('the PNG holds more metadata than an image needs');
    at += 12 + length;
  }
  throw new DamagedImage('the PNG is cut into too many chunks');
}

const typeAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at + 4, at + 8);
