import fc from 'fast-check';
import { concat, DamagedFile, find, viewOf, type Box } from './mp4-boxes.js';
import { readAdts, readSegment, writeSegment, type CodedPicture } from './mp4-segment.js';
import { planFilm, UnfitScenes, type FilmPlan, type FilmScene } from './mp4.js';
import { AAC_PACKET, SAMPLES_PER_FRAME } from './scene.js';

const CONFIGURATION = Uint8Array.of(1, 100, 0, 40, 255, 225, 0, 4, 103, 100, 0, 40, 1, 0, 2, 104, 238);
const SOUND = { channels: 1 as const, silence: Uint8Array.of(1, 24, 32, 7) };

/** Pictures in the order a B-frame encoder gives them: P two ahead, then the two between. */
const codedOrder = (frames: number): number[] => {
  const order: number[] = [];
  for (let from = 0; from < frames; from += 3) {
    const group = [from, from + 1, from + 2].filter((picture) => picture < frames);
    order.push(...(from && group.length === 3 ? [group[2], group[0], group[1]] : group));
  }
  return order;
};

const coded = (frames: number, salt: number): CodedPicture[] =>
  codedOrder(frames).map((picture, i) => ({
    data: new Uint8Array(1 + ((i * 7 + salt) % 23)).fill((salt + i) & 255),
    key: i === 0 || picture % 60 === 0,
    picture: picture + 1000, // an encoder may count from anywhere
  }));

const scene = (frames: number, packets: number, salt: number): { file: Uint8Array; scene: FilmScene } => {
  const file = writeSegment(CONFIGURATION, coded(frames, salt));
  const sound = Array.from({ length: packets }, (_, i) => new Uint8Array(2 + ((i + salt) % 5)).fill((salt * 3 + i) & 255));
  return { file, scene: { video: readSegment(file), packets: sound } };
};

const parts = fc.array(
  fc.integer({ min: 1, max: 75 }).chain((frames) =>
    fc.record({
      frames: fc.constant(frames),
      packets: fc.integer({ min: 0, max: Math.floor((frames * SAMPLES_PER_FRAME) / AAC_PACKET) }),
      salt: fc.integer({ min: 0, max: 200 }),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

const writeOut = (plan: FilmPlan, files: readonly Uint8Array[]): Uint8Array =>
  concat([
    plan.header,
    ...plan.pieces.flatMap((piece) =>
      'packets' in piece ? piece.packets : [files[piece.scene].subarray(piece.start, piece.end)],
    ),
  ]);

/** Reads a track back the way a player does: chunk offsets, samples in a chunk, sizes. */
function samplesOf(film: Uint8Array, track: 0 | 1): Uint8Array[] {
  const view = viewOf(film);
  const moov = find(film, ['moov']) as Box;
  const first = find(film, ['trak'], moov) as Box;
  const trak = track === 0 ? first : (find(film, ['trak'], { ...moov, start: first.end }) as Box);
  const stbl = find(film, ['mdia', 'minf', 'stbl'], trak) as Box;
  const at = (type: string, word: number): number => view.getUint32((find(film, [type], stbl) as Box).start + 4 * word);
  const sizes = Array.from({ length: at('stsz', 2) }, (_, i) => at('stsz', 3 + i));
  const samples: Uint8Array[] = [];
  for (let chunk = 0, rule = 0; chunk < at('stco', 1); chunk++) {
    if (rule + 1 < at('stsc', 1) && at('stsc', 2 + 3 * (rule + 1)) === chunk + 1) rule++;
    let from = at('stco', 2 + chunk);
    for (let i = 0; i < at('stsc', 3 + 3 * rule); i++) {
      const size = sizes[samples.length];
      samples.push(film.subarray(from, (from += size)));
    }
  }
  return samples;
}

describe('a segment', () => {
  it('gives back every frame it was written with: sizes, order of showing, key frames', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 99 }), (frames, salt) => {
        const pictures = coded(frames, salt);
        const file = writeSegment(CONFIGURATION, pictures);
        const segment = readSegment(file);
        expect(segment.frames).toBe(frames);
        expect([...segment.sizes]).toEqual(pictures.map(({ data }) => data.length));
        expect([...segment.shown]).toEqual(codedOrder(frames));
        expect([...segment.sync]).toEqual(pictures.flatMap(({ key }, i) => (key ? [i] : [])));
        expect(file.subarray(segment.dataStart, segment.dataEnd)).toEqual(concat(pictures.map(({ data }) => data)));
      }),
    );
  });

  it('cut at any byte is damaged, never a shorter film', () => {
    const file = writeSegment(CONFIGURATION, coded(20, 3));
    for (let length = 0; length < file.length; length++) expect(() => readSegment(file.subarray(0, length))).toThrow(DamagedFile);
  });

  it('is understood from its first bytes when its length is told', () => {
    const file = writeSegment(CONFIGURATION, coded(20, 3));
    const { dataStart } = readSegment(file);
    expect(readSegment(file.slice(0, dataStart), file.length).frames).toBe(20);
    expect(() => readSegment(file.slice(0, dataStart), file.length - 1)).toThrow(DamagedFile);
  });

  it('with a picture missing or shown twice is damaged', () => {
    const pictures = coded(9, 0);
    expect(() =>
      writeSegment(
        CONFIGURATION,
        pictures.filter(({ picture }) => picture !== 1004),
      ),
    ).toThrow(DamagedFile);
    expect(() => writeSegment(CONFIGURATION, [...pictures, pictures[4]])).toThrow(DamagedFile);
  });
});

describe('a film', () => {
  it('holds every frame and every packet of its scenes, in order, whatever their lengths', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const made = list.map(({ frames, packets, salt }) => scene(frames, packets, salt));
        const plan = planFilm(
          made.map((one) => one.scene),
          SOUND,
        );
        const film = writeOut(
          plan,
          made.map(({ file }) => file),
        );
        expect(film.length).toBe(plan.bytes);
        expect(samplesOf(film, 0)).toEqual(list.flatMap(({ frames, salt }) => coded(frames, salt).map(({ data }) => data)));
        const heard = samplesOf(film, 1).filter((packet) => Buffer.compare(packet, SOUND.silence));
        expect(heard).toEqual(made.flatMap((one) => one.scene.packets.filter((packet) => Buffer.compare(packet, SOUND.silence))));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps sound within half a packet of its pictures, at every scene and at the end', () => {
    fc.assert(
      fc.property(parts, (list) => {
        const plan = planFilm(
          list.map(({ frames, packets, salt }) => scene(frames, packets, salt).scene),
          SOUND,
        );
        for (const { frame, sample } of plan.starts)
          expect(Math.abs(frame * SAMPLES_PER_FRAME - sample)).toBeLessThanOrEqual(AAC_PACKET / 2);
        const packets = plan.pieces.reduce((sum, piece) => sum + ('packets' in piece ? piece.packets.length : 0), 0);
        expect(Math.abs(plan.frames * SAMPLES_PER_FRAME - (packets - 1) * AAC_PACKET)).toBeLessThanOrEqual(AAC_PACKET / 2);
      }),
      { numRuns: 30 },
    );
  });

  it('begins with its index, so that it plays while it loads', () => {
    const { header } = planFilm([scene(70, 20, 1).scene, scene(5, 1, 2).scene], SOUND);
    const types = ['ftyp', 'moov', 'mdat'].map((type) => find(header, [type])?.start ?? Infinity);
    expect(types).toEqual([...types].sort((a, b) => a - b));
    expect(find(header, ['mdat'])?.start).toBe(header.length);
  });

  it('names the same coded picture for each frame as its segments did', () => {
    const list = [scene(31, 10, 1), scene(1, 0, 2), scene(64, 30, 3)];
    const plan = planFilm(
      list.map((one) => one.scene),
      SOUND,
    );
    const film = writeOut(
      plan,
      list.map(({ file }) => file),
    );
    // Take away the sound track, and a film is a segment.
    const moov = find(film, ['moov']) as Box;
    const video = find(film, ['trak'], moov) as Box;
    const ctts = find(film, ['mdia', 'minf', 'stbl', 'ctts'], video) as Box;
    const view = viewOf(film);
    const shown: number[] = [];
    for (let i = 0; i < view.getUint32(ctts.start + 4); i++) {
      for (let k = 0; k < view.getUint32(ctts.start + 8 + 8 * i); k++)
        shown.push(shown.length + view.getUint32(ctts.start + 12 + 8 * i) / 512);
    }
    const delay = Math.min(...shown);
    expect(shown.map((place) => place - delay)).toEqual([
      ...list[0].scene.video.shown,
      31,
      ...[...list[2].scene.video.shown].map((place) => 32 + place),
    ]);
    const elst = find(film, ['edts', 'elst'], video) as Box;
    expect(view.getUint32(elst.start + 8)).toBe(96 * SAMPLES_PER_FRAME); // plays all of it
    expect(view.getUint32(elst.start + 12)).toBe(delay * 512); // from its first picture
  });

  it('past four gigabytes points with 64 bits', () => {
    const one = scene(300, 100, 4).scene;
    const heavy = { ...one, video: { ...one.video, sizes: one.video.sizes.map(() => 20_000_000) } };
    const plan = planFilm([heavy], SOUND);
    expect(plan.bytes).toBeGreaterThan(2 ** 32);
    const stbl = find(plan.header, ['moov', 'trak', 'mdia', 'minf', 'stbl']) as Box;
    const co64 = find(plan.header, ['co64'], stbl) as Box;
    const chunks = viewOf(plan.header).getUint32(co64.start + 4);
    expect(chunks).toBe(10);
    expect(viewOf(plan.header).getBigUint64(co64.start + 8)).toBe(BigInt(plan.header.length));
    expect(viewOf(plan.header).getBigUint64(co64.start + 8 * chunks)).toBeGreaterThan(2n ** 32n);
  });

  it('of scenes from two encoders is refused, as is sound longer than its pictures', () => {
    const other = writeSegment(Uint8Array.of(...CONFIGURATION.subarray(0, 4), 254, ...CONFIGURATION.subarray(5)), coded(9, 1));
    expect(() => planFilm([scene(9, 2, 1).scene, { video: readSegment(other), packets: [] }], SOUND)).toThrow(UnfitScenes);
    expect(() => planFilm([scene(9, 15, 1).scene], SOUND)).toThrow(UnfitScenes);
    expect(() => planFilm([], SOUND)).toThrow(UnfitScenes);
  });
});

describe('ADTS', () => {
  const packet = (payload: number[], crc: boolean): number[] => {
    const size = payload.length + (crc ? 9 : 7);
    return [
      0xff,
      crc ? 0xf0 : 0xf1,
      0x4c,
      0x40 | (size >> 11),
      (size >> 3) & 255,
      ((size & 7) << 5) | 31,
      0xfc,
      ...(crc ? [0, 0] : []),
      ...payload,
    ];
  };

  it('gives its packets without their headers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(fc.nat(255), { minLength: 1, maxLength: 900 }), fc.boolean()), { maxLength: 8 }),
        (list) => {
          const stream = Uint8Array.from(list.flatMap(([payload, crc]) => packet(payload, crc)));
          expect(readAdts(stream).map((bytes) => [...bytes])).toEqual(list.map(([payload]) => payload));
        },
      ),
    );
  });

  it('cut short is damaged', () => {
    const stream = Uint8Array.from([...packet([1, 2, 3], false), ...packet([4, 5], false)]);
    expect(() => readAdts(stream.subarray(0, stream.length - 1))).toThrow(DamagedFile);
    expect(() => readAdts(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow(DamagedFile);
  });
});
