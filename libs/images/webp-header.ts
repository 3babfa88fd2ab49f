import { DamagedImage } from './image-refusals.js';
import type { ImageSize } from './image-size.js';

/** Reads the first chunk: VP8 (RFC 6386), VP8L or VP8X (RFC 9649). What comes after the RIFF chunk is not looked at. @throws DamagedImage */
export function readWebpSize(bytes: Buffer): ImageSize {
  if (bytes.length < 30) throw new DamagedImage('the WebP is cut off');
  if (bytes.readUInt32LE(4) + 8 > bytes.length) throw new DamagedImage('the WebP is cut off');
  const first = bytes.toString('latin1', 12, 16);
  if (first === 'VP8 ') return lossySize(bytes, 20);
  if (first === 'VP8L') return losslessSize(bytes, 20);
  if (first !== 'VP8X') throw new DamagedImage('the WebP starts with no chunk that holds an image');
  return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
}

function lossySize(bytes: Buffer, at: number): ImageSize {
  const isKeyFrame = (bytes[at] & 1) === 0;
  if (!isKeyFrame || bytes.readUIntBE(at + 3, 3) !== 0x9d012a) throw new DamagedImage('the WebP holds no key frame');
  return { width: bytes.readUInt16LE(at + 6) & 0x3fff, height: bytes.readUInt16LE(at + 8) & 0x3fff };
}

function losslessSize(bytes: Buffer, at: number): ImageSize {
  if (bytes[at] !== 0x2f || bytes[at + 4] >> 5 !== 0) throw new DamagedImage('the WebP holds no lossless image');
  const bits = bytes.readUInt32LE(at + 1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
