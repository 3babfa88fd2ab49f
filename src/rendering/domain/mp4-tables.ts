/**
 * The index of an MP4 (`moov`, ISO/IEC 14496-12 §8): what our films and segments have in common. Both count the movie in audio samples,
 * where frames and packets are whole numbers, and pictures in 512ths of a frame, as FFmpeg does.
 */
import { ascii, box, concat, fullBox, runs, u16, u32, u64 } from './mp4-boxes.js';
import { AAC_PACKET, FRAME_RATE, HEIGHT, SAMPLE_RATE, SAMPLES_PER_FRAME, WIDTH } from './scene.js';

const TICKS = 512; // of one frame
const VIDEO_TIMESCALE = FRAME_RATE * TICKS;
const MOVIE_TIMESCALE = SAMPLE_RATE;
/** Packets a decoder needs before its first sound. */
export const PRIMING = 1;

const U32 = 2 ** 32;

/** Samples of one track that lie together in the file. */
export interface Chunk {
  readonly of: 'video' | 'sound';
  readonly samples: number;
  readonly bytes: number;
}

export interface JoinedVideo {
  readonly entry: Uint8Array;
  readonly sizes: Uint32Array;
  readonly sync: number[];
  /** By how many frames a picture is shown after it is decoded. */
  readonly later: Int32Array;
  readonly delay: number;
}

type Places = (of: Chunk['of']) => Uint8Array[];

/** Everything before the samples, and the length of the whole file. The index stands in front, so that a film plays while it loads. */
export function fileHead(
  chunks: readonly Chunk[],
  frames: number,
  tracks: (places: Places) => Uint8Array[],
): { header: Uint8Array; bytes: number } {
  const body = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const ftyp = box('ftyp', ascii('isom'), u32([512]), ascii('isomiso2avc1mp41'));
  const index = (base: number, wide: boolean): Uint8Array =>
    moov(
      frames,
      tracks((of) => sampleToChunk(chunks, of, base, wide)),
    );
  // 64-bit offsets, four bytes more for each chunk, only where they are needed. Either way the index has one length, wherever it points.
  const narrow = index(0, false).length;
  const widened = narrow + 4 * chunks.length;
  const wide = ftyp.length + widened + 16 + body >= U32;
  const mdat = wide ? concat([u32([1]), ascii('mdat'), u64([body + 16])]) : concat([u32([body + 8]), ascii('mdat')]);
  const base = ftyp.length + (wide ? widened : narrow) + mdat.length;
  return { header: concat([ftyp, index(base, wide), mdat]), bytes: base + body };
}

/** `stsc` and `stco` of one track. */
function sampleToChunk(chunks: readonly Chunk[], of: Chunk['of'], base: number, wide: boolean): Uint8Array[] {
  const offsets: number[] = [];
  const rules: number[] = [];
  let at = base;
  for (const chunk of chunks) {
    if (chunk.of === of) {
      offsets.push(at);
      if (rules.at(-2) !== chunk.samples) rules.push(offsets.length, chunk.samples, 1);
    }
    at += chunk.bytes;
  }
  return [
    fullBox('stsc', 0, 0, u32([rules.length / 3, ...rules])),
    wide
      ? fullBox('co64', 0, 0, u32([offsets.length]), u64(offsets))
      : fullBox('stco', 0, 0, u32([offsets.length]), u32(offsets)),
  ];
}

const IDENTITY = u32([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]);

function moov(frames: number, tracks: Uint8Array[]): Uint8Array {
  const duration = frames * SAMPLES_PER_FRAME;
  const mvhd = fullBox(
    'mvhd',
    0,
    0,
    u32([0, 0, MOVIE_TIMESCALE, duration, 0x10000]),
    u16(0x100, 0),
    u32([0, 0]),
    IDENTITY,
    u32([0, 0, 0, 0, 0, 0, 3]),
  );
  return box('moov', mvhd, ...tracks);
}

interface Track {
  readonly id: number;
  readonly handler: 'vide' | 'soun';
  readonly timescale: number;
  /** Of the samples, in the track's own ticks. */
  readonly length: number;
  /** How much of the beginning is skipped, in the track's own ticks, and how long it then plays, in the movie's. */
  readonly skip: number;
  readonly plays: number;
  readonly header: Uint8Array;
  readonly tables: Uint8Array[];
}

function trak(track: Track): Uint8Array {
  const video = track.handler === 'vide';
  const size = video ? u32([WIDTH * 0x10000, HEIGHT * 0x10000]) : u32([0, 0]);
  const tkhd = fullBox(
    'tkhd',
    0,
    3,
    u32([0, 0, track.id, 0, track.plays, 0, 0]),
    u16(0, 0, video ? 0 : 0x100, 0),
    IDENTITY,
    size,
  );
  const elst = fullBox('elst', 0, 0, u32([1, track.plays, track.skip, 0x10000]));
  const mdhd = fullBox('mdhd', 0, 0, u32([0, 0, track.timescale, track.length]), u16(0x55c4, 0)); // "und"
  const hdlr = fullBox('hdlr', 0, 0, u32([0]), ascii(track.handler), u32([0, 0, 0]), ascii(video ? 'Picture\0' : 'Sound\0'));
  const dinf = box('dinf', fullBox('dref', 0, 0, u32([1]), fullBox('url ', 0, 1)));
  return box(
    'trak',
    tkhd,
    box('edts', elst),
    box('mdia', mdhd, hdlr, box('minf', track.header, dinf, box('stbl', ...track.tables))),
  );
}

/** The `avc1` sample entry (ISO/IEC 14496-15 §5.4.2) around an encoder's configuration record, with the colours that players should assume. */
export function avcSampleEntry(configuration: Uint8Array): Uint8Array {
  const dots = 72 * 0x10000; // per inch
  const name = new Uint8Array(32);
  const fields = [
    u32([0]),
    u16(0, 1),
    u32([0, 0, 0, 0]),
    u16(WIDTH, HEIGHT),
    u32([dots, dots, 0]),
    u16(1),
    name,
    u16(24, 0xffff),
  ];
  const [bt709, limited] = [1, 0];
  const colour = box('colr', ascii('nclx'), u16(bt709, bt709, bt709), Uint8Array.of(limited));
  return box('avc1', ...fields, box('avcC', configuration), colour, box('pasp', u32([1, 1])));
}

export function videoTrack(video: JoinedVideo, places: Uint8Array[]): Uint8Array {
  const frames = video.sizes.length;
  const compose = runs(video.later.map((later) => (later + video.delay) * TICKS));
  return trak({
    id: 1,
    handler: 'vide',
    timescale: VIDEO_TIMESCALE,
    length: frames * TICKS,
    skip: video.delay * TICKS,
    plays: frames * SAMPLES_PER_FRAME,
    header: fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)),
    tables: [
      fullBox('stsd', 0, 0, u32([1]), video.entry),
      fullBox('stts', 0, 0, u32([1, frames, TICKS])),
      fullBox('stss', 0, 0, u32([video.sync.length]), u32(video.sync.map((frame) => frame + 1))),
      fullBox('ctts', 0, 0, u32([compose.length / 2]), u32(compose)),
      fullBox('stsz', 0, 0, u32([0, frames]), u32(video.sizes)),
      ...places,
    ],
  });
}

export function soundTrack(packets: readonly Uint8Array[], channels: number, frames: number, places: Uint8Array[]): Uint8Array {
  // AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): AAC-LC = 2, 48 kHz = 3, then the channels.
  const config = (2 << 11) | (3 << 7) | (channels << 3);
  const decoder = concat([
    Uint8Array.of(3, 25, 0, 2, 0, 4, 17, 0x40, 0x15, 0, 0, 0),
    u32([128_000, 128_000]),
    Uint8Array.of(5, 2),
    u16(config),
    Uint8Array.of(6, 1, 2),
  ]);
  const entry = box(
    'mp4a',
    u32([0]),
    u16(0, 1),
    u32([0, 0]),
    u16(channels, 16, 0, 0),
    u32([SAMPLE_RATE * 0x10000]),
    fullBox('esds', 0, 0, decoder),
  );
  const samples = packets.length * AAC_PACKET;
  return trak({
    id: 2,
    handler: 'soun',
    timescale: SAMPLE_RATE,
    length: samples,
    skip: PRIMING * AAC_PACKET,
    plays: Math.min(samples - PRIMING * AAC_PACKET, frames * SAMPLES_PER_FRAME),
    header: fullBox('smhd', 0, 0, u16(0, 0)),
    tables: [
      fullBox('stsd', 0, 0, u32([1]), entry),
      fullBox('stts', 0, 0, u32([1, packets.length, AAC_PACKET])),
      ...places,
      fullBox('stsz', 0, 0, u32([0, packets.length]), u32(packets.map(({ length }) => length))),
    ],
  });
}
