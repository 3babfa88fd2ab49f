/** Images that no encoder writes, for tests of refusals. */
import { crc32, deflateSync } from 'node:zlib';

export interface PngChunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunk({ type, data }: PngChunk): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, 'latin1');
  data.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, -4)), framed.length - 4);
  return framed;
}

/** A PNG whose header says this size, grey and one bit a sample, whatever its data are. */
export function pngOf(width: number, height: number, chunks: PngChunk[] = [{ type: 'IDAT', data: Buffer.alloc(0) }]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const framed = [{ type: 'IHDR', data: header }, ...chunks, { type: 'IEND', data: Buffer.alloc(0) }].map(chunk);
  return Buffer.concat([signature, ...framed]);
}

/** A whole black PNG of that many pixels in a few kilobytes. */
export function hugePng(width: number, height: number): Buffer {
  const rows = Buffer.alloc((Math.ceil(width / 8) + 1) * height);
  return pngOf(width, height, [{ type: 'IDAT', data: deflateSync(rows, { level: 9 }) }]);
}
