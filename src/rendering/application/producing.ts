import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/kernel/clock';
import { Live } from '#libs/kernel/live';
import { Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { tooOften } from '../domain/artefacts.js';
import { partWish, sceneWish } from '../domain/drawing.js';
import type { Fields } from '../domain/keys.js';
import { type PlannedScene, speakerOf } from '../domain/plan.js';
import {
  Artefacts,
  type Claim,
  Damaged,
  type Output,
  type PartState,
  RenditionRepository,
  Studio,
  Undrawable,
} from '../domain/ports.js';
import type { Rendition, RenditionState } from '../domain/rendition.js';
import { type Done, Making } from './making.js';
import { Mending } from './mending.js';
import { Moving, partErrand } from './moving.js';
import { Planner } from './planner.js';

const PROGRESS_MS = 500;

/**
 * What workers do, step by step: plan, narrate, draw, assemble. Each step may run twice and die at any point. Postgres holds
 * the truth: an artefact is ready or not, its lease is held or not; a queue only wakes us. What a step makes is kept by
 * content first and registered in the transaction that moves every film waiting for it.
 */
@Injectable()
export class Producing {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly renditions: RenditionRepository,
    private readonly artefacts: Artefacts,
    private readonly making: Making,
    private readonly moving: Moving,
    private readonly mending: Mending,
    private readonly studio: Studio,
    private readonly planner: Planner,
    private readonly outbox: Outbox,
    private readonly live: Live,
    private readonly clock: Clock,
  ) {}

  /** Cuts the pinned revision into scenes and asks for the sound of those that have none yet. */
  async plan(id: string, done: Done): Promise<void> {
    const rendition = (await this.look(id)).snapshot();
    if (rendition.state !== 'planning') return this.note(done);
    const engine = await this.studio.engine();
    const { scenes, sounds, pictures } = await this.planner.plan(rendition, engine.sound); // throws NothingToNarrate: told to the author by the processor
    const { warnings, ...pictured } = await this.mending.fitted(rendition, pictures);
    await this.unitOfWork.run(async () => {
      if (!(await done())) return;
      const held = await this.renditions.get(id);
      await this.artefacts.hold([pictured.picture, ...Object.values(pictured.pictures)].map((one) => one.sha256));
      if (!held.beginRendering(engine, pictured)) return;
      for (const warning of warnings) held.degrade(warning);
      const ready = await this.artefacts.want('sound', [...sounds]);
      await this.renditions.addParts(
        scenes.map((scene, idx) => partOf(id, idx, scene, sounds[idx].key, ready.has(sounds[idx].key))),
      );
      await this.renditions.save(held);
      const missing = new Map(sounds.map(({ key }, idx) => [key, idx] as const).filter(([key]) => !ready.has(key)));
      await this.outbox.send(...[...missing].map(([key, idx]) => partErrand('render.narrate', key, held, idx, missing.size)));
      await this.moving.tell(held);
      await this.moving.goOn(held);
    });
  }

  /** Speaks one scene; its words get times, and so the scene its length. */
  async narrate(key: string, done: Done, stop: AbortSignal): Promise<void> {
    const work = async (_: Claim, signal: AbortSignal): Promise<Output | undefined> => {
      const [part, rendition] = await this.someScene(key);
      if (!part || !rendition) return undefined;
      const voice = part.voice ?? speakerOf(part.scene, rendition.voice);
      const made = await this.studio.narrate(part.scene, voice, rendition.language, key, signal);
      return {
        sha256: made.sha256,
        bytes: made.bytes,
        frames: made.frames,
        facts: { times: made.times, warnings: made.warnings, energies: made.energies, ...costOf(made) },
      };
    };
    await this.making.make(
      key,
      done,
      stop,
      work,
      () => this.moving.moveOn(key),
      () => this.renditions.isWanted(key),
    );
  }

  /**
   * Encodes one scene's picture. Where that cannot be done, a plain card takes its place: one bad scene costs no film.
   * @param onPoured when another scene would begin, so that no core waits for the last frames of this one
   */
  async draw(key: string, done: Done, stop: AbortSignal, onPoured?: () => void): Promise<void> {
    if (tooOften(await this.artefacts.mishaps(key))) return this.mending.layCard(key, done);
    const work = async (claim: Claim, signal: AbortSignal): Promise<Output | undefined> => {
      const [part, rendition] = await this.someScene(key);
      if (!part || !rendition) return undefined;
      const sound = (await this.artefacts.ready([part.soundKey])).get(part.soundKey);
      if (!sound) throw new Error('The sound of this scene is gone; it is made again.');
      const films = await this.unitOfWork.run(() => this.renditions.using(key));
      let last = 0;
      const onFrames = (encoded: number): void => {
        claim.frames = encoded;
        if (performance.now() - last < PROGRESS_MS) return;
        last = performance.now();
        void this.artefacts.renew(claim).catch(() => false);
        for (const film of films)
          this.live.signal(`rendition:${film}`, 'progress', { scene: part.idx, frames: encoded }, `${part.idx}`);
      };
      const wish = partWish(part, rendition, sound);
      const watch = { onFrames, onPoured, signal, first: part.idx === 0 };
      const made = await this.mending.withPicture(rendition, () => this.studio.draw(wish, key, watch));
      return { sha256: made.sha256, bytes: made.bytes, frames: made.frames, facts: costOf(made) };
    };
    try {
      await this.making.make(
        key,
        done,
        stop,
        work,
        () => this.moving.moveOn(key),
        () => this.renditions.isWanted(key),
      );
    } catch (error) {
      if (!(error instanceof Undrawable)) throw error;
      await this.mending.layCard(key, done);
    }
  }

  /** Joins the scenes without re-encoding, and writes captions and poster. */
  async assemble(id: string, done: Done): Promise<void> {
    const rendition = (await this.look(id)).snapshot();
    if (rendition.state !== 'assembling') return this.note(done);
    const parts = await this.renditions.parts(id);
    const keys = [...new Set(parts.flatMap(({ soundKey, segmentKey }) => [soundKey, segmentKey!]))];
    const ready = await this.artefacts.ready(keys);
    const missing = keys.filter((key) => !ready.has(key));
    if (missing.length) return this.mending.mend(id, missing, done);
    const scenes = parts.map((part) => {
      const [sound, segment] = [ready.get(part.soundKey)!, ready.get(part.segmentKey!)!];
      const { pages, frames } = sceneWish(part.scene, rendition, sound);
      const energies = (sound.facts.energies as number[] | undefined) ?? []; // none of those made before they were kept
      return { segment: segment.sha256, sound: sound.sha256, energies, captions: pages, frames };
    });
    const first = partWish(parts[0], rendition, ready.get(parts[0].soundKey)!);
    try {
      const film = await this.mending.withPicture(rendition, () => this.studio.assemble(scenes, first, rendition.language));
      await this.unitOfWork.run(async () => {
        if (!(await done())) return;
        const held = await this.renditions.get(id);
        const fact = held.finish(film, rendition.studio, this.clock.now());
        if (!fact) return;
        await this.artefacts.hold([film.sha256, film.poster, film.webvtt, film.srt, film.cues]);
        await this.renditions.save(held);
        await this.outbox.record(fact);
        await this.moving.tell(held);
      });
      await this.studio.standBy(rendition.voice, rendition.language).catch(() => undefined); // the film is stored
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      const broken = keys.filter((key) => error.objects.includes(ready.get(key)!.sha256));
      if (!broken.length) throw error;
      await this.mending.mend(id, broken, done);
    }
  }

  private look(id: string): Promise<Rendition> {
    return this.unitOfWork.run(() => this.renditions.get(id));
  }

  private async note(done: Done): Promise<void> {
    await this.unitOfWork.run(done);
  }

  /** A scene that wants this artefact, with its film: any will do, as the key is all that it depends on. */
  private someScene(key: string): Promise<[PartState | undefined, Readonly<RenditionState> | undefined]> {
    return this.unitOfWork.run(async () => {
      const [id] = await this.renditions.using(key);
      if (!id) return [undefined, undefined];
      const part = (await this.renditions.parts(id, key)).at(0);
      return [part, (await this.renditions.get(id)).snapshot()];
    });
  }
}

/** What it took is kept with it: estimates are made of these. */
const costOf = ({ cpu }: { cpu?: number }): Fields => (cpu === undefined ? {} : { cpu: Math.round(cpu * 1_000) / 1_000 });

const partOf = (rendition: string, idx: number, scene: PlannedScene, soundKey: string, soundReused: boolean): PartState => ({
  rendition,
  idx,
  scene,
  blocks: [...new Set(scene.spans.map(({ block }) => block))],
  voice: null,
  soundKey,
  soundReused,
  segmentKey: null,
  segmentReused: null,
  frames: null,
  card: false,
});
