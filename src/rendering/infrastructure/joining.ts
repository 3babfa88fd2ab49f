/** A film's bytes, from the files of its scenes: copied, never encoded again. */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type FilmPlan, type FilmScene, planFilm } from '../domain/mp4.js';
import { find } from '../domain/mp4-boxes.js';
import { readSegment, type VideoSegment } from '../domain/mp4-segment.js';
import { atMost } from './at-most.js';
import { packetsOf, SILENT_PACKET } from './sound/aac.js';

const HEAD = 32 * 1024;
const AT_ONCE = 8;

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
  /** The bytes, from their start. A film is read as often as it must be, rather than written to disk in between. */
  readonly read: () => Readable;
}

export async function joinScenes(scenes: readonly SceneOnDisk[]): Promise<JoinedFilm> {
  const parts = await atMost(AT_ONCE, scenes, async ({ segment, sound }): Promise<FilmScene> => {
    const [video, aac] = await Promise.all([indexOf(segment), contentOf(sound)]);
    return { video, packets: packetsOf(aac) };
  });
  const plan = planFilm(parts, { channels: 1, silence: SILENT_PACKET });
  return { ...plan, read: () => Readable.from(bytesOf(plan, scenes)) };
}

/** The index stands at the front; a few thousand bytes of many millions. */
async function indexOf(segment: FileOf): Promise<VideoSegment> {
  const head = await contentOf(segment, HEAD);
  const end = find(head, ['moov'])?.end ?? Infinity;
  return readSegment(end <= head.length ? head : await contentOf(segment), segment.bytes);
}

/** From its start, and not more than so many bytes. */
export async function contentOf({ path, bytes }: FileOf, most = Infinity): Promise<Buffer> {
  const file = await open(path);
  try {
    return await read(file, 0, Math.min(bytes, most));
  } finally {
    await file.close();
  }
}

/** One read for as much as there is at once is several times faster than a stream. */
async function read(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  if (bytesRead !== bytes.length) throw new Error('A scene’s file became shorter while it was read.');
  return bytes;
}

async function* bytesOf(plan: FilmPlan, scenes: readonly SceneOnDisk[]): AsyncGenerator<Uint8Array> {
  let at: { scene: number; file: FileHandle } | undefined;
  try {
    yield plan.header;
    for (const piece of plan.pieces) {
      if ('packets' in piece) {
        yield Buffer.concat(piece.packets);
        continue;
      }
      if (at?.scene !== piece.scene) {
        await at?.file.close();
        at = { scene: piece.scene, file: await open(scenes[piece.scene].segment.path) };
      }
      yield await read(at.file, piece.start, piece.end); // a second of film
    }
  } finally {
    await at?.file.close();
  }
}
