/**
 * A film of one chapter without a server: the same plan, keys, artefacts and studio as the workers', with a folder in place of Postgres
 * and of the object store. What was made once is taken again from the folder, also after a kill: an artefact is listed once its object is
 * whole, and a torn last line of the list is an artefact not listed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Config } from '#libs/config/config';
import { FileStore } from '#libs/storage/file-store';
import { SignedUrls } from '#libs/storage/signed-urls';
import { soundFields } from '../domain/artefacts.js';
import { partFields, sceneWish, themeOf } from '../domain/drawing.js';
import { type Fields, keyOf, type Part, type Reason, reasonsFor } from '../domain/keys.js';
import { type PlanBlock, planOf, type PlannedScene, textOf } from '../domain/plan.js';
import { Damaged, type Output, type PictureMade, type SegmentWish } from '../domain/ports.js';
import { type Film, UnknownTheme } from '../domain/rendition.js';
import { FRAME_RATE } from '../domain/scene.js';
import { THEMES } from '../domain/themes.js';
import { atMost } from './at-most.js';
import { InstalledVoices } from './installed-voices.js';
import { objectKey } from './object-key.js';
import { LocalStudio } from './studio.js';

export interface FolderWish {
  /** What "the film before" is looked for under, to say why a scene is made again. */
  readonly name: string;
  readonly language: string;
  readonly blocks: readonly PlanBlock[];
  readonly voice?: string;
  readonly theme: string;
  /** Path of a picture. */
  readonly cover?: string;
}

export interface FolderScene {
  readonly text: string;
  readonly frames: number;
  readonly sound: Reason;
  readonly picture: Reason;
}

export interface FolderFilm {
  readonly film: Film;
  readonly scenes: readonly FolderScene[];
  /** Share of the film's time during which a caption stands. */
  readonly captioned: number;
  /** How long joining the scenes took, with poster and captions. */
  readonly assemblySeconds: number;
}

/** Told whenever something was made: frames are encoded ones, and estimated ahead until a scene is spoken. */
export type OnProgress = (done: { scenes: number; frames: number }, all: { scenes: number; frames: number }) => void;

/** One scene on its way. */
interface Making {
  readonly scene: PlannedScene;
  readonly sound: { readonly key: string; readonly fields: Fields };
  segment?: { readonly key: string; readonly fields: Fields };
  /** Known when it is spoken. */
  drawing?: SegmentWish;
  frames: number;
  drawn: number;
}

/** A film as it was made: what the next one of that name is compared with. */
interface Remembered {
  readonly blocks: readonly PlanBlock[];
  readonly sounds: readonly Part[];
  readonly pictures: readonly Part[];
}

/** An object that is found damaged is made again, so often. */
const MENDINGS = 3;

export class FolderRendering {
  private readonly artefacts = new Map<string, Output>();

  private constructor(
    private readonly folder: string,
    private readonly config: Config,
    private readonly objects: FileStore,
    private readonly voices: InstalledVoices,
    private readonly studio: LocalStudio,
  ) {}

  /** @param settings those of the workers' configuration that concern a film */
  static async open(
    folder: string,
    settings: Pick<Config, 'ffmpegPath' | 'renderConcurrency' | 'voiceApi'>,
  ): Promise<FolderRendering> {
    await mkdir(join(folder, 'films'), { recursive: true });
    // the studio asks the configuration for these four and nothing else
    const config = { ...settings, home: folder } as Config;
    const objects = await FileStore.open(join(folder, 'objects'), undefined as unknown as SignedUrls);
    const voices = new InstalledVoices(config);
    const rendering = new FolderRendering(folder, config, objects, voices, new LocalStudio(config, objects, voices));
    await rendering.recall();
    return rendering;
  }

  /** The blocks of the film of that name as it was made last: whoever names blocks names the same paragraph the same. */
  async before(name: string): Promise<readonly PlanBlock[]> {
    return (await this.remembered(name)).blocks;
  }

  /** @throws NothingToNarrate, UnknownVoice, UnusableCover … each a sentence for the author. */
  async make(wish: FolderWish, progress: OnProgress, signal: AbortSignal): Promise<FolderFilm> {
    const { language } = wish;
    if (!THEMES[wish.theme]) throw new UnknownTheme(Object.keys(THEMES));
    const voice = this.voices.choose(language, wish.voice);
    const { scenes } = planOf(wish.blocks, language);
    const engine = await this.studio.engine();
    const picture = await this.studio.fitPicture(await this.taken(wish.cover), themeOf(wish).gradient);
    const before = await this.remembered(wish.name);
    const known = new Set(this.artefacts.keys());
    const making = scenes.map((scene): Making => {
      const fields = soundFields(scene, this.studio.voiceOf(voice, language), language, engine.sound);
      const frames = Math.round(scene.seconds * FRAME_RATE);
      return { scene, sound: { key: keyOf(fields), fields }, frames, drawn: 0 };
    });
    const tell = (): void => {
      const sum = (of: (one: Making) => number): number => making.reduce((all, one) => all + of(one), 0);
      const scenesDone = sum(({ segment }) => Number(segment !== undefined && this.artefacts.has(segment.key)));
      progress(
        { scenes: scenesDone, frames: sum(({ drawn }) => drawn) },
        { scenes: making.length, frames: sum(({ frames }) => frames) },
      );
    };
    const one = (scene: Making): Promise<void> =>
      this.scene(scene, { wish, voice, picture, engine: engine.picture, first: making[0], tell, signal });
    for (let mending = 0; ; mending++) {
      await atMost(this.config.renderConcurrency, making, one);
      try {
        const began = performance.now();
        const film = await this.assemble(making, wish.language);
        const assemblySeconds = (performance.now() - began) / 1_000;
        const told = this.tellApart(making, before, known);
        await this.remember(wish, told.remembered);
        return { film, assemblySeconds, ...told };
      } catch (error) {
        if (!(error instanceof Damaged) || mending === MENDINGS) throw error;
        for (const [key, { sha256 }] of this.artefacts) if (error.objects.includes(sha256)) this.artefacts.delete(key);
      }
    }
  }

  /** Copies one of a film's files out of the folder. */
  async copy(sha256: string, to: string): Promise<void> {
    await pipeline((await this.objects.get(objectKey(sha256))).stream, createWriteStream(`${to}.part`));
    await rename(`${to}.part`, to);
  }

  close(): Promise<void> {
    return this.studio.onApplicationShutdown();
  }

  private async scene(
    making: Making,
    film: {
      wish: FolderWish;
      voice: string;
      picture: PictureMade;
      engine: string;
      first: Making;
      tell: () => void;
      signal: AbortSignal;
    },
  ): Promise<void> {
    const { wish, signal, tell } = film;
    const { scene, sound } = making;
    signal.throwIfAborted();
    const spoken =
      this.artefacts.get(sound.key) ??
      (await this.list(sound, async () => {
        const { times, warnings, energies, ...made } = await this.studio.narrate(
          scene,
          film.voice,
          wish.language,
          sound.key,
          signal,
        );
        return { ...made, facts: { times, warnings, energies } };
      }));
    const look = { picture: film.picture, theme: wish.theme, language: wish.language, engine: film.engine };
    const drawing = (making.drawing = sceneWish(scene, look, spoken));
    const fields = partFields({ scene, card: false }, look, spoken);
    const segment = (making.segment = { key: keyOf(fields), fields });
    making.frames = drawing.frames;
    if (!this.artefacts.has(segment.key))
      await this.list(segment, async () => {
        const onFrames = (frames: number): void => {
          making.drawn = frames;
          tell();
        };
        const watch = { onFrames, signal, first: film.first === making };
        return { ...(await this.studio.draw(drawing, segment.key, watch)), facts: {} };
      });
    making.drawn = drawing.frames;
    tell();
  }

  private assemble(making: readonly Making[], language: string): Promise<Film> {
    const scenes = making.map(({ sound, segment, drawing }) => {
      const { sha256, facts } = this.artefacts.get(sound.key)!;
      return {
        segment: this.artefacts.get(segment!.key)!.sha256,
        sound: sha256,
        energies: (facts.energies as number[] | undefined) ?? [],
        captions: drawing!.pages,
        frames: drawing!.frames,
      };
    });
    return this.studio.assemble(scenes, making[0].drawing!, language);
  }

  private tellApart(making: readonly Making[], before: Remembered, known: ReadonlySet<string>) {
    const part = (scene: PlannedScene, { key, fields }: { key: string; fields: Fields }): Part => ({
      key,
      fields,
      blocks: [...new Set(scene.spans.map(({ block }) => block))],
    });
    const sounds = making.map(({ scene, sound }) => part(scene, sound));
    const pictures = making.map(({ scene, segment }) => part(scene, segment!));
    const [heard, seen] = [reasonsFor(before.sounds, sounds), reasonsFor(before.pictures, pictures)];
    // what was there is reused, whichever film it was made for
    const reason = (key: string, found: Reason): Reason => (known.has(key) ? { kind: 'reused' } : found);
    const scenes = making.map(({ scene, frames, sound, segment }, i) => ({
      text: textOf(scene),
      frames,
      sound: reason(sound.key, heard[i]),
      picture: reason(segment!.key, seen[i]),
    }));
    const standing = making.flatMap(({ drawing }) => drawing!.pages).reduce((sum, { start, end }) => sum + end - start, 0);
    const captioned = (standing * FRAME_RATE) / making.reduce((sum, { frames }) => sum + frames, 0);
    return { scenes, remembered: { sounds, pictures }, captioned };
  }

  private async list({ key, fields }: { key: string; fields: Fields }, make: () => Promise<Output>): Promise<Output> {
    const output = await make();
    this.artefacts.set(key, output);
    await appendFile(join(this.folder, 'artefacts.jsonl'), `${JSON.stringify({ key, ...output, made: fields.kind })}\n`);
    return output;
  }

  private async recall(): Promise<void> {
    const list = await readFile(join(this.folder, 'artefacts.jsonl'), 'utf8').catch(() => '');
    for (const line of list.split('\n').slice(0, -1)) {
      const { key, sha256, bytes, frames, facts } = JSON.parse(line) as Output & { key: string };
      this.artefacts.set(key, { sha256, bytes, frames, facts });
    }
    // a line that a kill tore stays without its end: the next one shall not be written onto it
    if (list && !list.endsWith('\n'))
      await writeFile(join(this.folder, 'artefacts.jsonl'), list.slice(0, list.lastIndexOf('\n') + 1));
  }

  private async remembered(name: string): Promise<Remembered> {
    const text = await readFile(this.memory(name), 'utf8').catch(() => undefined);
    return text === undefined ? { blocks: [], sounds: [], pictures: [] } : (JSON.parse(text) as Remembered);
  }

  private async remember({ name, blocks }: FolderWish, parts: Omit<Remembered, 'blocks'>): Promise<void> {
    const file = this.memory(name);
    await writeFile(`${file}.part`, JSON.stringify({ blocks, ...parts } satisfies Remembered));
    await rename(`${file}.part`, file);
  }

  private memory(name: string): string {
    return join(this.folder, 'films', `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`);
  }

  private async taken(cover: string | undefined): Promise<string | null> {
    if (cover === undefined) return null;
    const key = `covers/${createHash('sha256').update(cover).digest('hex')}`;
    await this.objects.put(key, createReadStream(cover), { contentType: 'application/octet-stream' });
    return key;
  }
}
