import { DamagedImage } from './image-refusals.js';
import type { ImageSize } from './image-size.js';

/** A progressive JPEG has about ten scans. Each one can cost as much as decoding the whole image. */
const MAX_SCANS = 100;
/** A profile and a preview in pieces of 64 kB are some hundred. */
const MAX_SEGMENTS = 5_000;
const SOS = 0xda;
const EOI = 0xd9;

/** Follows the markers to EOI (ITU-T T.81, annex B) and reads the frame header. What comes after EOI is not looked at. @throws DamagedImage */
export function readJpegSize(bytes: Buffer): ImageSize {
  let size: ImageSize | undefined;
  let scans = 0;
  for (let at = 2, segments = 0; ; segments++) {
    if (segments > MAX_SEGMENTS) throw new DamagedImage('the JPEG is cut into too many segments');
    if (bytes[at] !== 0xff) throw new DamagedImage('the JPEG has no marker where one must stand, or is cut off');
    while (bytes[at] === 0xff) at++; // any number of fill bytes
    const marker = bytes[at++];
    if (marker === undefined) throw new DamagedImage('the JPEG is cut off');
    if (marker === EOI) break;
    if (standsAlone(marker)) continue;
    const length = at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
    if (length < 2 || at + length > bytes.length) throw new DamagedImage('a segment of the JPEG is cut off');
    if (isFrame(marker)) {
      if (size) throw new DamagedImage('the JPEG has more than one frame');
      size = frameSize(bytes.subarray(at + 2, at + length));
    }
    at += length;
    if (marker !== SOS) continue;
    if (!size) throw new DamagedImage('the JPEG has a scan before its frame');
    if (++scans > MAX_SCANS) throw new DamagedImage('the JPEG has more scans than any image needs');
    at = endOfScan(bytes, at);
  }
  if (!size || !scans) throw new DamagedImage('the JPEG holds no pixels');
  return size;
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which share their range. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

const standsAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

function frameSize(segment: Buffer): ImageSize {
  if (segment.length < 6) throw new DamagedImage('the frame header of the JPEG is cut off');
  if (segment[0] !== 8) throw new DamagedImage('the JPEG has not eight bits a sample');
  if (![1, 3, 4].includes(segment[5])) throw new DamagedImage('the JPEG is neither grey, RGB nor CMYK');
  return { height: segment.readUInt16BE(1), width: segment.readUInt16BE(3) };
}

/** Entropy-coded data ends at a 0xff that neither a stuffed zero nor a restart marker follows. */
function endOfScan(bytes: Buffer, from: number): number {
  // a loop, not indexOf: hostile data has a 0xff in every second byte
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue;
    const next = bytes[at + 1];
    if (next !== 0x00 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new DamagedImage('the JPEG is cut off');
}
