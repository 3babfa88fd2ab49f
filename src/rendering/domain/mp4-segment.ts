/**
 * Reads what an encoder made of one scene, without trusting it: an interrupted encoder leaves a perfectly valid, shorter file.
 * A segment is one H.264 track at 30 frames a second; sound is a list of AAC packets, from ADTS (ISO/IEC 13818-7 §6.2) or elsewhere.
 */
import { type Box, boxesIn, concat, DamagedFile, find, u32, viewOf } from './mp4-boxes.js';
import { avcSampleEntry, fileHead, videoTrack } from './mp4-tables.js';
import { FRAME_RATE } from './scene.js';

export interface VideoSegment {
  readonly frames: number;
  /** Bytes of each coded frame, in the order of the file. */
  readonly sizes: Uint32Array;
  /** For each coded frame, which picture of the scene it is, 0…frames−1: B-frames are coded after what they look forward to. */
  readonly shown: Uint32Array;
  /** Coded positions one may seek to. */
  readonly sync: Uint32Array;
  /** The `avc1` sample entry (ISO/IEC 14496-15) without its bit rate, so that two segments of one engine have equal entries. */
  readonly entry: Uint8Array;
  /** Where the frames lie in the file, without gaps. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** Sample entries begin with 8 bytes of box head and 78 bytes of fixed visual fields. */
const VISUAL_FIELDS = 78;

/**
 * @param file the whole segment, or its first bytes when `moov` stands at the front; then give its real `length`.
 * @throws DamagedFile when it is cut, has gaps, or is not what our encoder writes.
 */
export function readSegment(file: Uint8Array, length = file.length): VideoSegment {
  try {
    return readTables(file, length);
  } catch (error) {
    if (error instanceof RangeError) throw new DamagedFile('a table in it ends before its last entry');
    throw error;
  }
}

function readTables(file: Uint8Array, length: number): VideoSegment {
  const media = need(find(file, ['moov', 'trak', 'mdia']), 'moov/trak/mdia');
  const tables = need(find(file, ['minf', 'stbl'], media), 'stbl');
  if (media.end > file.length) throw new DamagedFile('its index is cut off');
  const view = viewOf(file);
  const table = (type: string): Box | undefined => find(file, [type], tables);

  const stsz = need(table('stsz'), 'stsz');
  const one = view.getUint32(stsz.start + 4);
  const frames = view.getUint32(stsz.start + 8);
  if (frames === 0) throw new DamagedFile('it holds no frame');
  const sizes = Uint32Array.from({ length: frames }, (_, i) => one || view.getUint32(stsz.start + 12 + 4 * i));

  const mdhd = need(find(file, ['mdhd'], media), 'mdhd');
  const timescale = view.getUint32(mdhd.start + (file[mdhd.start] === 1 ? 20 : 12));
  const ticks = timescale / FRAME_RATE;
  for (const [, delta] of pairs(view, need(table('stts'), 'stts'))) {
    if (delta !== ticks) throw new DamagedFile(`a frame lasts ${delta} ticks instead of ${ticks}`);
  }

  const { start: dataStart, end: dataEnd } = contiguous(view, table, sizes);
  if (dataEnd > length) throw new DamagedFile(`its frames end at byte ${dataEnd} and the file at ${length}`);

  const stss = table('stss');
  const keys = stss ? view.getUint32(stss.start + 4) : frames;
  const sync = Uint32Array.from({ length: keys }, (_, i) => (stss ? view.getUint32(stss.start + 8 + 4 * i) - 1 : i));
  if (sync[0] !== 0) throw new DamagedFile('it does not begin with a key frame');
  const shown = displayOrder(view, table('ctts'), frames, ticks);
  return { frames, sizes, shown, sync, entry: sampleEntry(file, need(table('stsd'), 'stsd')), dataStart, dataEnd };
}

function need(box: Box | undefined, name: string): Box {
  if (!box) throw new DamagedFile(`it has no ${name}`);
  return box;
}

function* pairs(view: DataView, box: Box): Generator<[count: number, value: number]> {
  const entries = view.getUint32(box.start + 4);
  for (let i = 0; i < entries; i++) yield [view.getUint32(box.start + 8 + 8 * i), view.getInt32(box.start + 12 + 8 * i)];
}

/** One track alone in a file lies in one piece; anything else was not written by our encoder. */
function contiguous(
  view: DataView,
  table: (type: string) => Box | undefined,
  sizes: Uint32Array,
): { start: number; end: number } {
  const stco = table('stco');
  const co64 = table('co64');
  const offsets = need(stco ?? co64, 'stco');
  const chunks = view.getUint32(offsets.start + 4);
  const offset = (i: number): number =>
    stco ? view.getUint32(offsets.start + 8 + 4 * i) : Number(view.getBigUint64(offsets.start + 8 + 8 * i));
  const stsc = need(table('stsc'), 'stsc');
  const rules = view.getUint32(stsc.start + 4);
  const rule = (i: number, field: number): number => view.getUint32(stsc.start + 8 + 12 * i + 4 * field);

  const start = offset(0);
  let at = start;
  let sample = 0;
  for (let chunk = 0, r = 0; chunk < chunks; chunk++) {
    if (r + 1 < rules && rule(r + 1, 0) === chunk + 1) r++;
    if (offset(chunk) !== at) throw new DamagedFile(`there is a gap before chunk ${chunk}`);
    for (let i = 0; i < rule(r, 1); i++) at += sizes[sample++] ?? 0;
  }
  if (sample !== sizes.length) throw new DamagedFile(`its chunks hold ${sample} frames of ${sizes.length}`);
  return { start, end: at };
}

function displayOrder(view: DataView, ctts: Box | undefined, frames: number, ticks: number): Uint32Array {
  const later = new Int32Array(frames);
  let at = 0;
  for (const [count, offset] of ctts ? pairs(view, ctts) : []) {
    later.fill(offset, at, at + count);
    at += count;
  }
  return onGrid(Array.from(later, (offset, i) => i + offset / ticks));
}

/** Pictures counted from the first one shown; each of them exactly once. */
function onGrid(pictures: readonly number[]): Uint32Array {
  const first = pictures.reduce((a, b) => Math.min(a, b), Infinity);
  const seen = new Uint8Array(pictures.length);
  return Uint32Array.from(pictures, (picture, i) => {
    const place = picture - first;
    if (!Number.isInteger(place) || place >= seen.length || seen[place]) {
      throw new DamagedFile(`frame ${i} is not on the grid of ${FRAME_RATE} a second`);
    }
    seen[place] = 1;
    return place;
  });
}

function sampleEntry(file: Uint8Array, stsd: Box): Uint8Array {
  const [entry] = boxesIn(file, stsd.start + 8, stsd.end);
  if (entry?.type !== 'avc1') throw new DamagedFile(`its track is ${entry?.type ?? 'nothing'}, not avc1`);
  const fixed = file.subarray(entry.start, entry.start + VISUAL_FIELDS);
  const kept = [...boxesIn(file, entry.start + VISUAL_FIELDS, entry.end)]
    .filter((child) => child.type !== 'btrt')
    .map((child) => file.subarray(child.start - 8, child.end));
  const body = concat([fixed, ...kept]);
  return concat([u32([body.length + 8]), file.subarray(entry.start - 4, entry.start), body]);
}

export interface CodedPicture {
  /** NAL units, each after its length in four bytes. */
  readonly data: Uint8Array;
  readonly key: boolean;
  /** Which picture it is, counted from any one. */
  readonly picture: number;
}

/** One scene as a file that plays by itself and that `readSegment` understands. @param configuration the body of `avcC` */
export function writeSegment(configuration: Uint8Array, coded: readonly CodedPicture[]): Uint8Array {
  const shown = onGrid(coded.map(({ picture }) => picture));
  const video = {
    entry: avcSampleEntry(configuration),
    sizes: Uint32Array.from(coded, ({ data }) => data.length),
    sync: coded.flatMap(({ key }, i) => (key ? [i] : [])),
    later: Int32Array.from(shown, (picture, i) => picture - i),
    delay: shown.reduce((most, picture, i) => Math.max(most, i - picture), 0),
  };
  const bytes = coded.reduce((sum, { data }) => sum + data.length, 0);
  const chunks = [{ of: 'video' as const, samples: coded.length, bytes }];
  const { header } = fileHead(chunks, coded.length, (places) => [videoTrack(video, places('video'))]);
  return concat([header, ...coded.map(({ data }) => data)]);
}

/** The packets of an ADTS stream, without their headers. They are views into `adts`, not copies. */
export function readAdts(adts: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < adts.length;) {
    const [a, b, , d, e, f] = adts.subarray(at, at + 7) as unknown as [number, number, number, number, number, number];
    if (a !== 0xff || (b & 0xf6) !== 0xf0) throw new DamagedFile(`byte ${at} begins no ADTS packet`);
    const size = ((d & 3) << 11) | (e << 3) | (f >> 5);
    const head = b & 1 ? 7 : 9; // with a checksum the header is two bytes longer
    if (size <= head || at + size > adts.length) throw new DamagedFile(`the ADTS packet at byte ${at} is cut off`);
    packets.push(adts.subarray(at + head, at + size));
    at += size;
  }
  return packets;
}
