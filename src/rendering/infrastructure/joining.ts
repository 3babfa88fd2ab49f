/** A film's bytes, from the files of its scenes: copied, never encoded again. */
import { open } from 'node:fs/promises';
import { type FilmPlan, type FilmScene, planFilm } from '../domain/mp4.js';
import { find } from '../domain/mp4-boxes.js';
import { readSegment, type VideoSegment } from '../domain/mp4-segment.js';
import { atMost } from './at-most.js';
import { packetsOf, SILENT_PACKET } from './sound/aac.js';

const HEAD = 32 * 1024;
const AT_ONCE = 8;
/** What is handed over at a time: a film has a stretch of pictures and one of sound for every second. */
const PIECE = 1024 * 1024;

/** An object as a file of this machine, which may hold more after its last byte. */
export interface FileOf {
  readonly path: string;
  readonly bytes: number;
}

export interface SceneOnDisk {
  readonly segment: FileOf;
  readonly sound: FileOf;
}

export interface JoinedFilm extends FilmPlan {
  /**
   * The bytes, from their start: read as often as they must be, rather than written to disk in between. A piece is good until the next one is
   * asked for.
   */
  readonly read: () => AsyncGenerator<Buffer, void>;
}

export async function joinScenes(scenes: readonly SceneOnDisk[]): Promise<JoinedFilm> {
  const parts = await atMost(AT_ONCE, scenes, async ({ segment, sound }): Promise<FilmScene> => {
    const [video, aac] = await Promise.all([indexOf(segment), contentOf(sound)]);
    return { video, packets: packetsOf(aac) };
  });
  const plan = planFilm(parts, { channels: 1, silence: SILENT_PACKET });
  return { ...plan, read: () => bytesOf(plan, scenes) };
}

/** The index stands at the front; a few thousand bytes of many millions. */
async function indexOf(segment: FileOf): Promise<VideoSegment> {
  const head = await contentOf(segment, HEAD);
  const end = find(head, ['moov'])?.end ?? Infinity;
  return readSegment(end <= head.length ? head : await contentOf(segment), segment.bytes);
}

/** From its start, and not more than so many bytes: one read for all of them is several times faster than a stream. */
export async function contentOf({ path, bytes }: FileOf, most = Infinity): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(Math.min(bytes, most));
  await readInto([content], path, 0);
  return content;
}

async function readInto(places: readonly Buffer[], path: string, start: number): Promise<void> {
  const file = await open(path);
  try {
    const { bytesRead } = await file.readv(places, start);
    if (bytesRead !== places.reduce((sum, { length }) => sum + length, 0))
      throw new Error('A scene’s file became shorter while it was read.');
  } finally {
    await file.close();
  }
}

/**
 * Through two pieces of memory by turns, one filled while the other is taken: new ones for every second of a film make the collector run
 * in between, for as long as all the rest takes.
 */
async function* bytesOf(plan: FilmPlan, scenes: readonly SceneOnDisk[]): AsyncGenerator<Buffer, void> {
  const memory = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(PIECE, plan.bytes)));
  const fillings = fillingsOf(stretchesOf(plan, scenes));
  let turn = 0;
  const begin = (): Promise<Buffer> | undefined => {
    const { value } = fillings.next();
    if (!value) return undefined;
    const filled = fill(memory[turn++ % 2], value);
    filled.catch(() => undefined); // it is awaited in the next turn, if there is one
    return filled;
  };
  for (let next = begin(); next;) {
    const piece = await next;
    next = begin();
    yield piece;
  }
}

/** Some of the bytes of a file, or of those at hand. */
interface Stretch {
  readonly of: string | Uint8Array;
  readonly start: number;
  readonly end: number;
}

function* stretchesOf(plan: FilmPlan, scenes: readonly SceneOnDisk[]): Generator<Stretch, void> {
  const atHand = (of: Uint8Array): Stretch => ({ of, start: 0, end: of.length });
  yield atHand(plan.header);
  for (const piece of plan.pieces) {
    if ('packets' in piece) yield* piece.packets.map(atHand);
    else yield { of: scenes[piece.scene].segment.path, start: piece.start, end: piece.end };
  }
}

function* fillingsOf(stretches: Iterable<Stretch>): Generator<readonly Stretch[], void> {
  let [filling, room]: [Stretch[], number] = [[], PIECE];
  for (const { of, start, end } of stretches) {
    for (let at = start; at < end;) {
      const to = Math.min(end, at + room);
      filling.push({ of, start: at, end: to });
      room -= to - at;
      at = to;
      if (room) continue;
      yield filling;
      [filling, room] = [[], PIECE];
    }
  }
  if (filling.length) yield filling;
}

/** A scene's pictures follow each other in their file: one read for all of them, to wherever each comes to lie. */
async function fill(memory: Buffer, stretches: readonly Stretch[]): Promise<Buffer> {
  const reads: { path: string; start: number; end: number; into: Buffer[] }[] = [];
  let size = 0;
  for (const { of, start, end } of stretches) {
    const place = memory.subarray(size, (size += end - start));
    const before = reads.at(-1);
    if (typeof of !== 'string') place.set(of.subarray(start, end));
    else if (before?.path === of && before.end === start) {
      before.end = end;
      before.into.push(place);
    } else reads.push({ path: of, start, end, into: [place] });
  }
  await Promise.all(reads.map(({ path, start, into }) => readInto(into, path, start)));
  return memory.subarray(0, size);
}
