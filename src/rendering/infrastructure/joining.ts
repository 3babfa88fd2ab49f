/** A film's bytes, from the files of its scenes: copied, never encoded again. */
import { createHash } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type FilmPlan, type FilmScene, planFilm } from '../domain/mp4.js';
import { find } from '../domain/mp4-boxes.js';
import { readSegment, type VideoSegment } from '../domain/mp4-segment.js';
import { packetsOf, SILENT_PACKET } from './sound/aac.js';

const HEAD = 64 * 1024;

/** Where a scene's segment and sound are on this machine. */
export interface SceneOnDisk {
  readonly segment: string;
  readonly sound: string;
}

export interface JoinedFilm extends FilmPlan {
  readonly sha256: string;
  /** The bytes, from their start. A film is read twice, for its name and to be stored, rather than written to disk in between. */
  readonly read: () => Readable;
}

export async function joinScenes(scenes: readonly SceneOnDisk[]): Promise<JoinedFilm> {
  const parts: FilmScene[] = [];
  for (const { segment, sound } of scenes)
    parts.push({ video: await indexOf(segment), packets: packetsOf(await readFile(sound)) });
  const plan = planFilm(parts, { channels: 1, silence: SILENT_PACKET });
  const hash = createHash('sha256');
  for await (const bytes of bytesOf(plan, scenes)) hash.update(bytes);
  return { ...plan, sha256: hash.digest('hex'), read: () => Readable.from(bytesOf(plan, scenes)) };
}

/** The index stands at the front; a few thousand bytes of many millions. */
async function indexOf(segment: string): Promise<VideoSegment> {
  const file = await open(segment);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, HEAD)), position: 0 });
    const head = buffer.subarray(0, bytesRead);
    const end = find(head, ['moov'])?.end ?? Infinity;
    return end <= bytesRead ? readSegment(head, size) : readSegment(await readFile(segment));
  } finally {
    await file.close();
  }
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
        at = { scene: piece.scene, file: await open(scenes[piece.scene].segment) };
      }
      // a second of film: one read for it is several times faster than a stream
      const bytes = Buffer.allocUnsafe(piece.end - piece.start);
      const { bytesRead } = await at.file.read(bytes, 0, bytes.length, piece.start);
      if (bytesRead !== bytes.length) throw new Error('A scene’s file became shorter while it was read.');
      yield bytes;
    }
  } finally {
    await at?.file.close();
  }
}
