/** The tools behind one roof: renderer processes, narrator and assembler, and what is made by them (kept.ts). */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { ObjectStore } from '#libs/storage/object-store';
import { VERSION, type VoiceIdentity } from '../domain/artefacts.js';
import { keyOf } from '../domain/keys.js';
import type { PlannedScene } from '../domain/plan.js';
import {
  Damaged,
  type Drawing,
  type PictureMade,
  type SceneFiles,
  type SegmentWish,
  type SoundMade,
  Studio,
  type Tools as StudioTools,
  UnusableCover,
} from '../domain/ports.js';
import type { Film } from '../domain/rendition.js';
import type { Theme } from '../domain/scene.js';
import { blockTimes, cuesOf, subrip, webvtt } from '../domain/subtitles.js';
import { THEMES } from '../domain/themes.js';
import { orAborted } from '../application/making.js';
import { InstalledVoices } from './installed-voices.js';
import { contentOf, joinScenes } from './joining.js';
import { discard, type Gathered, isGone, Kept } from './kept.js';
import { clearLeftovers, ownFolder, settleIn } from './leftovers.js';
import { Pins } from './object-pins.js';
import { type Encoder, findEncoder } from './picture/encoder.js';
import { describeEngine } from './picture/engine.js';
import { Renderer } from './picture/renderer.js';
import { middleOf } from './picture/segment-job.js';
import { picturesFolder } from './unused.js';
import { filmGain, NEAR } from './sound/mastering.js';
import { Narrator } from './sound/narrator.js';
import { PaidSpeech } from './sound/paid-speech.js';
import { listVoices, serverFingerprint, voiceFingerprint } from './sound/voices.js';
import { told } from './troubles.js';

/** How many speak while so many scenes are drawn: it takes a fifth of the time. */
export const narratorsFor = (drawn: number): number => Math.ceil(drawn / 4);

/** Of some 300 kB each. */
const MOST_POSTERS = 8;

interface Tools {
  encoder: Encoder;
  renderer: Renderer;
  narrator: Narrator;
  engine: StudioTools;
}

@Injectable()
export class LocalStudio extends Studio implements OnApplicationShutdown {
  private tools: Promise<Tools> | undefined;
  private readonly folder: string;
  private readonly kept: Kept;

  /** What was fitted from what: the chapters of a work have one cover, and most works have none. */
  private readonly fitted = new Map<string, PictureMade>();

  /** Of the films assembled last, by what they show. */
  private readonly posters = new Map<string, Buffer>();

  /**
   * @param paid for the answers of a speech server, where they are kept for all workers
   * @param pins where objects are swept that nobody needs
   */
  constructor(
    private readonly config: Config,
    objects: ObjectStore,
    private readonly voices: InstalledVoices,
    @Optional() private readonly paid?: PaidSpeech,
    @Optional() pins?: Pins,
  ) {
    super();
    this.folder = ownFolder(join(config.home, 'studio'));
    this.kept = new Kept(objects, this.folder, picturesFolder(config.home), pins);
  }

  async engine(): Promise<Tools['engine']> {
    return (await this.ready()).engine;
  }

  voiceOf(id: string, language: string): VoiceIdentity {
    return this.voices.identity(id, language);
  }

  async fitPicture(cover: string | null, gradient: Theme['gradient']): Promise<PictureMade> {
    const { renderer } = await this.ready();
    const name = JSON.stringify([cover, gradient]);
    const before = this.fitted.get(name);
    if (before && (await this.kept.isStored(before))) return before;
    const out = this.kept.scratch('picture.yuv');
    const picture = cover === null ? undefined : this.kept.scratch('cover');
    try {
      if (cover !== null) await this.kept.fetchWhole(cover, picture!);
      const made = await renderer.backdrop({ picture, gradient, out });
      await this.kept.keep(out, made.sha256, 'application/octet-stream');
      await rename(out, this.kept.cached(made.sha256));
      this.fitted.set(name, made);
      return made;
    } catch (error) {
      const unreadable = isGone(error) || error instanceof Damaged;
      if (cover !== null && unreadable) throw new UnusableCover('The cover cannot be read any more. Upload it again.');
      throw told(error);
    } finally {
      await discard(out, picture);
    }
  }

  async narrate(scene: PlannedScene, voice: string, language: string, key: string, signal: AbortSignal): Promise<SoundMade> {
    const { narrator } = await this.ready();
    const job = {
      scene,
      voice: this.voices.voice(language, voice),
      language,
      folder: this.folder,
      name: `${key}-${randomUUID()}`,
    };
    const made = await narrator.narrate(job, signal).catch((error: unknown) => Promise.reject(told(error)));
    try {
      await orAborted(this.kept.keep(made.aac.path, made.aac.sha256, 'audio/aac'), signal);
      let at = 0;
      const times = scene.spans.map(({ tokens }) =>
        tokens.map((): [number, number] => [made.words[at].start, made.words[at++].end]),
      );
      const { sha256, bytes } = made.aac;
      return {
        sha256,
        bytes,
        frames: made.frames,
        times,
        warnings: [...made.warnings],
        energies: [...made.energies],
        cpu: made.cpu,
      };
    } catch (error) {
      throw told(error);
    } finally {
      await discard(made.pcm.path, made.aac.path);
    }
  }

  async draw(wish: SegmentWish, key: string, { onFrames, onPoured, signal, first }: Drawing) {
    const { renderer, narrator } = await this.ready();
    narrator.rest();
    const [out, still] = [this.kept.scratch(`${key}.mp4`), first ? this.kept.scratch(`${key}.jpg`) : undefined];
    try {
      const job = { ...(await this.sceneJob(wish)), out, ...(still && { still }) };
      const { frames, sha256, bytes, cpu } = await renderer.render(job, { onFrames, onPoured }, signal);
      if (still) this.remember(wish, await readFile(still));
      if (frames !== wish.frames) throw new Error(`The encoder gave ${frames} frames of ${wish.frames}.`);
      await orAborted(this.kept.keep(out, sha256, 'video/mp4'), signal);
      return { frames, sha256, bytes, cpu };
    } catch (error) {
      throw told(error);
    } finally {
      await discard(out, still);
    }
  }

  async assemble(scenes: readonly SceneFiles[], posterOf: SegmentWish, language: string): Promise<Film> {
    const files = new Map<string, Gathered>();
    // while the scenes are fetched and joined; a failure is told where it is waited for
    const cues = cuesOf(scenes.map(({ frames, captions }) => ({ frames, pages: captions })));
    const beside = Promise.all([
      this.poster(posterOf).then((jpeg) => this.kept.keepBytes(jpeg, 'image/jpeg')),
      this.kept.keepBytes(webvtt(cues, language), 'text/vtt; charset=utf-8'),
      this.kept.keepBytes(subrip(cues), 'application/x-subrip; charset=utf-8'),
      this.kept.keepBytes(JSON.stringify({ cues, blocks: blockTimes(cues) }), 'application/json; charset=utf-8'),
    ]);
    beside.catch(() => undefined);
    try {
      await this.kept.gather([...new Set(scenes.flatMap(({ segment, sound }) => [segment, sound]))], files);
      await this.levelWhole(scenes, files);
      const { read, bytes, frames, seconds } = await joinScenes(
        scenes.map(({ segment, sound }) => ({ segment: files.get(segment)!, sound: files.get(sound)! })),
      );
      const sha256 = await this.kept.keepStream(read, 'video/mp4');
      const [poster, vtt, srt, times] = await beside;
      return { sha256, bytes, frames, seconds, poster, webvtt: vtt, srt, cues: times };
    } catch (error) {
      throw told(error);
    } finally {
      await beside.catch(() => undefined);
      await discard(...[...files.values()].map(({ path, isOurs }) => (isOurs ? path : undefined)));
    }
  }

  /** The middle of that scene. An edit elsewhere in the chapter does not change it, and to draw it takes as long as to join the film. */
  private async poster(of: SegmentWish): Promise<Buffer> {
    const jpeg = this.posters.get(JSON.stringify(of)) ?? (await this.drawnPoster(of));
    this.remember(of, jpeg);
    return jpeg;
  }

  private remember(of: SegmentWish, jpeg: Buffer): void {
    const name = JSON.stringify(of);
    this.posters.delete(name);
    this.posters.set(name, jpeg); // the last used comes last
    for (const oldest of [...this.posters.keys()].slice(0, -MOST_POSTERS)) this.posters.delete(oldest);
  }

  private async drawnPoster(of: SegmentWish): Promise<Buffer> {
    const { renderer } = await this.ready();
    const out = this.kept.scratch('poster.jpg');
    try {
      await renderer.poster({ ...(await this.sceneJob(of)), frame: middleOf(of), out });
      return await readFile(out);
    } finally {
      await discard(out);
    }
  }

  async standBy(voice: string, language: string): Promise<void> {
    const { narrator } = await this.ready();
    void narrator.standBy(this.voices.voice(language, voice)); // nobody waits for it
  }

  tidy(): Promise<void> {
    return clearLeftovers(join(this.config.home, 'studio'), this.folder);
  }

  /** Scenes are mastered alone; where they miss −14 LUFS together, all their sound is written anew by one offset. */
  private async levelWhole(scenes: readonly SceneFiles[], files: Map<string, Gathered>): Promise<void> {
    const { narrator } = await this.ready();
    const sounds = new Map(scenes.map(({ sound, energies }) => [sound, energies]));
    let gain = filmGain(scenes.map(({ energies }) => energies));
    if (gain === 1) return;
    const made = new Map<string, string>();
    try {
      // the limiter takes most of it back: again, by more than what is missing then
      for (let round = 0, more = gain; round < 5 && more !== 1; round++, gain *= more ** 2) {
        for (const sound of sounds.keys()) {
          const out = made.get(sound) ?? this.kept.scratch('loud.aac');
          made.set(sound, out);
          sounds.set(sound, await narrator.relevel(await contentOf(files.get(sound)!), gain, out));
        }
        more = filmGain(
          scenes.map(({ sound }) => sounds.get(sound)!),
          NEAR,
        );
      }
      for (const [sound, path] of made) {
        if (files.get(sound)!.isOurs) await discard(files.get(sound)!.path);
        files.set(sound, { path, bytes: (await stat(path)).size, isOurs: true });
        made.delete(sound);
      }
    } finally {
      await discard(...made.values());
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const tools = await this.tools?.catch(() => undefined);
    tools?.narrator.close();
    await tools?.renderer.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private ready(): Promise<Tools> {
    this.tools ??= this.setUp().catch((error: unknown) => {
      this.tools = undefined; // the next errand tries again
      throw error;
    });
    return this.tools;
  }

  private async setUp(): Promise<Tools> {
    await mkdir(picturesFolder(this.config.home), { recursive: true });
    await settleIn(this.folder);
    const encoder = await findEncoder(this.config.ffmpegPath);
    const processes = this.config.renderConcurrency;
    const renderer = new Renderer({
      ffmpeg: encoder.ffmpeg,
      // scenes are counted by whoever asks; one by express, and a backdrop or poster, must not wait until one of them ends
      processes: processes + 2,
      kept: processes,
      pidFolder: join(this.folder, 'pids'),
    });
    const narrator = new Narrator({
      ffmpeg: encoder.ffmpeg,
      ffmpegFingerprint: encoder.fingerprint,
      server: this.config.voiceApi,
      paid: this.paid,
      processes: narratorsFor(processes),
    });
    const { fingerprint, parts } = describeEngine(encoder);
    const said = [serverFingerprint(this.config.voiceApi), ...listVoices().map((voice) => voiceFingerprint(voice))];
    const themes = JSON.stringify(THEMES); // with what each tells the encoder
    const studio = keyOf({ version: VERSION, picture: fingerprint, sound: narrator.chain, said, themes }).slice(0, 12);
    return {
      encoder,
      renderer,
      narrator,
      engine: { picture: fingerprint, fitting: parts.pictures, sound: narrator.chain, studio },
    };
  }

  private async sceneJob({ picture, ...scene }: SegmentWish) {
    const { sha256, width, height } = picture ?? (await this.fitPicture(null, scene.theme.gradient));
    const path = await this.kept.picture(sha256).catch((error: unknown) => {
      for (const [name, made] of this.fitted) if (made.sha256 === sha256) this.fitted.delete(name);
      throw error;
    });
    return { ...scene, backdrop: { path, width, height } };
  }
}
