/**
 * Joins scenes into one faststart MP4 without re-encoding: the index is written anew, frames and packets are copied as they are.
 *
 * Nothing here reads or writes files. `planFilm` answers the head of the film (`ftyp`, `moov`, the start of `mdat`) and the list of
 * pieces that follow, so a film of any length is streamed; the same scenes always give the same bytes.
 *
 * Sound and picture do not share a grid (1,024 samples against 1,600), so each scene's packets begin at the packet border nearest to its
 * first frame and silence fills the rest: never more than 512 samples, 10.7 ms, apart, however long the film. One more silent packet
 * opens the track: a decoder's first packet only primes it, and the edit list skips those 1,024 samples.
 */
import type { VideoSegment } from './mp4-segment.js';
import { fileHead, PRIMING, soundTrack, videoTrack, type Chunk, type JoinedVideo } from './mp4-tables.js';
import { AAC_PACKET, FRAME_RATE, SAMPLES_PER_FRAME } from './scene.js';

export interface FilmScene {
  readonly video: VideoSegment;
  /** AAC-LC packets of 1,024 samples, the first and last of them silent. */
  readonly packets: readonly Uint8Array[];
}

export interface Sound {
  readonly channels: 1 | 2;
  /** A packet that decodes to silence after any other: fills the film grid. */
  readonly silence: Uint8Array;
}

/** What follows the header, in order: a stretch of a scene's segment file, or packets that are at hand. */
export type Piece =
  { readonly scene: number; readonly start: number; readonly end: number } | { readonly packets: readonly Uint8Array[] };

export interface FilmPlan {
  readonly header: Uint8Array;
  readonly pieces: readonly Piece[];
  /** Length of the whole file. */
  readonly bytes: number;
  readonly frames: number;
  readonly seconds: number;
  /** Where each scene begins: its first frame, and the first sample of its sound as it is heard. */
  readonly starts: readonly { readonly frame: number; readonly sample: number }[];
}

/** Scenes that cannot stand in one track, or sound that is longer than its pictures. */
export class UnfitScenes extends Error {}

const CHUNK_SECONDS = 1;

export function planFilm(scenes: readonly FilmScene[], sound: Sound): FilmPlan {
  if (!scenes.length) throw new UnfitScenes('A film needs at least one scene.');
  const { packets, starts } = layPackets(scenes, sound.silence);
  const video = joinVideo(scenes);
  const frames = video.sizes.length;
  const { chunks, pieces } = interleave(scenes, packets);
  const { header, bytes } = fileHead(chunks, frames, (places) => [
    videoTrack(video, places('video')),
    soundTrack(packets, sound.channels, frames, places('sound')),
  ]);
  return { header, pieces, bytes, frames, seconds: frames / FRAME_RATE, starts };
}

function layPackets(scenes: readonly FilmScene[], silence: Uint8Array): { packets: Uint8Array[]; starts: FilmPlan['starts'] } {
  const packets: Uint8Array[] = [silence];
  const starts: { frame: number; sample: number }[] = [];
  const fillTo = (frame: number): void => {
    const target = PRIMING + Math.round((frame * SAMPLES_PER_FRAME) / AAC_PACKET);
    while (packets.length < target) packets.push(silence);
  };
  let frame = 0;
  for (const [i, scene] of scenes.entries()) {
    if (scene.packets.length * AAC_PACKET > scene.video.frames * SAMPLES_PER_FRAME) {
      throw new UnfitScenes(`Scene ${i} has ${scene.packets.length} packets of sound for ${scene.video.frames} frames.`);
    }
    fillTo(frame);
    starts.push({ frame, sample: (packets.length - PRIMING) * AAC_PACKET });
    for (const packet of scene.packets) packets.push(packet);
    frame += scene.video.frames;
  }
  fillTo(frame);
  return { packets, starts };
}

function joinVideo(scenes: readonly FilmScene[]): JoinedVideo {
  const entry = scenes[0].video.entry;
  const total = scenes.reduce((sum, { video }) => sum + video.frames, 0);
  const sizes = new Uint32Array(total);
  const later = new Int32Array(total);
  const sync: number[] = [];
  let at = 0;
  let delay = 0;
  for (const [i, { video }] of scenes.entries()) {
    if (entry.length !== video.entry.length || entry.some((byte, k) => byte !== video.entry[k])) {
      throw new UnfitScenes(`Scene ${i} was encoded with other settings than the first: render both with one engine.`);
    }
    sizes.set(video.sizes, at);
    for (const key of video.sync) sync.push(at + key);
    video.shown.forEach((picture, k) => {
      later[at + k] = picture - k;
      delay = Math.max(delay, k - picture);
    });
    at += video.frames;
  }
  return { entry, sizes, sync, later, delay };
}

/** Picture and sound take turns every second, so that a player need not hold more than that of either. */
function interleave(scenes: readonly FilmScene[], packets: readonly Uint8Array[]): { chunks: Chunk[]; pieces: Piece[] } {
  const chunks: Chunk[] = [];
  const pieces: Piece[] = [];
  const frames = scenes.reduce((sum, { video }) => sum + video.frames, 0);
  let scene = 0;
  let inScene = 0;
  let offset = 0;
  let packet = 0;
  for (let frame = 0; frame < frames; frame += CHUNK_SECONDS * FRAME_RATE) {
    const until = Math.min(frames, frame + CHUNK_SECONDS * FRAME_RATE);
    let bytes = 0;
    for (let left = until - frame; left > 0;) {
      const { video } = scenes[scene];
      const take = Math.min(left, video.frames - inScene);
      let length = 0;
      for (let i = 0; i < take; i++) length += video.sizes[inScene + i];
      pieces.push({ scene, start: video.dataStart + offset, end: video.dataStart + offset + length });
      bytes += length;
      offset += length;
      inScene += take;
      left -= take;
      if (inScene === video.frames) {
        scene++;
        inScene = offset = 0;
      }
    }
    chunks.push({ of: 'video', samples: until - frame, bytes });
    const last = until === frames ? packets.length : PRIMING + Math.round((until * SAMPLES_PER_FRAME) / AAC_PACKET);
    const group = packets.slice(packet, last);
    packet = last;
    if (!group.length) continue; // the last frames of a film can be shorter than half a packet
    pieces.push({ packets: group });
    chunks.push({ of: 'sound', samples: group.length, bytes: group.reduce((sum, { length }) => sum + length, 0) });
  }
  return { chunks, pieces };
}
