import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/kernel/clock';
import { Live } from '#libs/kernel/live';
import { type Errand, Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Chapters } from '../../chapters/index.js';
import { segmentFields, soundFields } from '../domain/artefacts.js';
import { sceneWish, themeOf, wordsIn } from '../domain/drawing.js';
import { keyOf } from '../domain/keys.js';
import { planOf, type PlannedScene } from '../domain/plan.js';
import { Artefacts, type Claim, Damaged, type Output, type PartState, RenditionRepository, Studio } from '../domain/ports.js';
import type { Rendition, RenditionState } from '../domain/rendition.js';

/** Called in the unit of work of an errand's effect; false when another run was faster and the effect must be left alone. */
export type Done = () => Promise<boolean>;

const RENEW_MS = 3_000;
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
    private readonly studio: Studio,
    private readonly chapters: Chapters,
    private readonly outbox: Outbox,
    private readonly live: Live,
    private readonly clock: Clock,
  ) {}

  /** Cuts the pinned revision into scenes and asks for the sound of those that have none yet. */
  async plan(id: string, done: Done): Promise<void> {
    const rendition = (await this.look(id)).snapshot();
    if (rendition.state !== 'planning') return this.note(done);
    const engine = await this.studio.engine();
    const blocks = await this.chapters.blocks(rendition.chapterId, rendition.revision);
    const { scenes } = planOf(blocks, rendition.language); // throws NothingToNarrate: told to the author by the processor
    const picture = await this.studio.fitPicture(rendition.cover, themeOf(rendition).gradient);
    const voice = this.studio.voiceOf(rendition.voice, rendition.language);
    const sounds = scenes.map((scene) => {
      const fields = soundFields(scene, voice, rendition.language, engine.sound);
      return { key: keyOf(fields), fields };
    });
    await this.unitOfWork.run(async () => {
      if (!(await done())) return;
      const held = await this.renditions.get(id);
      const { sha256, width, height } = picture;
      if (!held.beginRendering(engine.picture, { sha256, width, height })) return;
      const ready = await this.artefacts.want('sound', sounds);
      await this.renditions.addParts(
        scenes.map((scene, idx) => partOf(id, idx, scene, sounds[idx].key, ready.has(sounds[idx].key))),
      );
      await this.renditions.save(held);
      const missing = [...new Set(sounds.map(({ key }) => key))].filter((key) => !ready.has(key));
      await this.outbox.send(...missing.map((key) => partErrand('render.narrate', 'NarrateScene', key, held)));
      await this.tell(held);
      await this.goOn(held);
    });
  }

  /** Speaks one scene; its words get times, and so the scene its length. */
  async narrate(key: string, done: Done, stop: AbortSignal): Promise<void> {
    await this.make(key, done, stop, async (_, signal) => {
      const [part, rendition] = await this.someScene(key);
      if (!part || !rendition) return undefined;
      const made = await this.studio.narrate(part.scene, rendition.voice, rendition.language, key, signal);
      return {
        sha256: made.sha256,
        bytes: made.bytes,
        frames: made.frames,
        facts: { times: made.times, warnings: made.warnings },
      };
    });
  }

  /** Encodes one scene's picture. */
  async draw(key: string, done: Done, stop: AbortSignal): Promise<void> {
    await this.make(key, done, stop, async (claim, signal) => {
      const [part, rendition] = await this.someScene(key);
      if (!part || !rendition) return undefined;
      const sound = (await this.artefacts.ready([part.soundKey])).get(part.soundKey);
      if (!sound) throw new Error('The sound of this scene is gone; it is made again.');
      const films = await this.unitOfWork.run(() => this.renditions.using(key));
      let last = 0;
      const { sha256, bytes, frames } = await this.studio.draw(
        sceneWish(part.scene, rendition, sound),
        key,
        (encoded) => {
          if (performance.now() - last < PROGRESS_MS) return;
          last = performance.now();
          void this.artefacts.renew(claim, encoded).catch(() => false);
          for (const film of films)
            this.live.tick(`rendition:${film}`, 'progress', { scene: part.idx, frames: encoded }, `${part.idx}`);
        },
        signal,
      );
      return { sha256, bytes, frames, facts: {} };
    });
  }

  /** Joins the scenes without re-encoding, and writes captions and poster. */
  async assemble(id: string, done: Done): Promise<void> {
    const rendition = (await this.look(id)).snapshot();
    if (rendition.state !== 'assembling') return this.note(done);
    const parts = await this.renditions.parts(id);
    const ready = await this.artefacts.ready(parts.flatMap(({ soundKey, segmentKey }) => [soundKey, segmentKey ?? '']));
    try {
      const scenes = parts.map((part) => {
        const [sound, segment] = [ready.get(part.soundKey), ready.get(part.segmentKey ?? '')];
        if (!sound || !segment) throw new Damaged(sound ? (part.segmentKey ?? '') : part.soundKey);
        const { pages, frames } = sceneWish(part.scene, rendition, sound);
        return { segment: segment.sha256, sound: sound.sha256, captions: pages, frames };
      });
      const first = sceneWish(parts[0].scene, rendition, ready.get(parts[0].soundKey)!);
      const film = await this.studio.assemble(scenes, first, rendition.language);
      await this.unitOfWork.run(async () => {
        if (!(await done())) return;
        const held = await this.renditions.get(id);
        const fact = held.finish(film, this.clock.now());
        if (!fact) return;
        await this.renditions.save(held);
        await this.outbox.record(fact);
        await this.tell(held);
      });
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      await this.mend(id, parts, ready, error, done);
    }
  }

  /** For good: the film cannot be made, and its author is told why. */
  async giveUp(work: { rendition?: string; key?: string }, why: string): Promise<void> {
    await this.unitOfWork.run(async () => {
      const ids = work.rendition ? [work.rendition] : await this.renditions.using(work.key ?? '');
      for (const id of ids.sort()) {
        const rendition = await this.renditions.get(id);
        const fact = rendition.fail(why, this.clock.now());
        if (!fact) continue;
        await this.renditions.save(rendition);
        await this.outbox.record(fact);
        await this.tell(rendition);
      }
    });
  }

  /** An object is missing or damaged: only its artefact is made again. */
  private async mend(id: string, parts: PartState[], ready: Map<string, Output>, { sha256 }: Damaged, done: Done): Promise<void> {
    await this.unitOfWork.run(async () => {
      if (!(await done())) return;
      const held = await this.renditions.get(id);
      held.backToRendering();
      const broken = [...new Set(parts.flatMap(({ soundKey, segmentKey }) => [soundKey, segmentKey ?? '']))].filter(
        (key) => key === sha256 || ready.get(key)?.sha256 === sha256 || (key !== '' && !ready.has(key)),
      );
      for (const key of broken) await this.artefacts.void(key);
      const sounds = new Set(parts.map(({ soundKey }) => soundKey));
      await this.outbox.send(
        ...broken.map((key) =>
          sounds.has(key)
            ? partErrand('render.narrate', 'NarrateScene', key, held)
            : partErrand('render.segment', 'DrawScene', key, held),
        ),
      );
      await this.renditions.save(held);
      await this.tell(held);
    });
  }

  /**
   * Makes one artefact under a lease: whoever holds it makes it, renews while it is at it, and can finish only while it is
   * still theirs. Somebody else's lease is waited for: they finish, or it lapses.
   */
  private async make(
    key: string,
    done: Done,
    stop: AbortSignal,
    work: (claim: Claim, signal: AbortSignal) => Promise<Output | undefined>,
  ): Promise<void> {
    const claim = await this.claimed(key, stop);
    if (!claim) return this.finishAll(key, done);
    const lost = new AbortController();
    const beat = setInterval(() => {
      this.artefacts.renew(claim).then(
        (mine) => mine || lost.abort(new Error('The lease on this scene was lost.')),
        () => undefined,
      );
    }, RENEW_MS);
    try {
      const output = await work(claim, AbortSignal.any([stop, lost.signal]));
      await this.finishAll(key, done, claim, output);
    } catch (error) {
      await this.artefacts.release(claim).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(beat);
    }
  }

  private async claimed(key: string, stop: AbortSignal): Promise<Claim | undefined> {
    for (;;) {
      stop.throwIfAborted();
      const claim = await this.artefacts.claim(key);
      if (claim || (await this.artefacts.ready([key])).size) return claim;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Registers the artefact and moves every film that waits for it, each under its lock: the last part is found once. */
  private async finishAll(key: string, done: Done, claim?: Claim, output?: Output): Promise<void> {
    await this.unitOfWork.run(async () => {
      if (claim && output && !(await this.artefacts.finish(claim, output)))
        throw new Error('Another worker took this scene over meanwhile.');
      if (claim && !output) await this.artefacts.release(claim); // nobody wants it any more
      await done();
      for (const id of (await this.renditions.using(key)).sort()) await this.goOn(await this.renditions.get(id));
    });
  }

  /** Looks at what a film still lacks and asks for it: segments for scenes that are spoken, the film when all are there. */
  private async goOn(rendition: Rendition): Promise<void> {
    const state = rendition.snapshot();
    if (state.state !== 'rendering') return;
    const parts = await this.renditions.parts(state.id);
    const sounds = await this.artefacts.ready(parts.map(({ soundKey }) => soundKey));
    const spoken = parts.filter((part) => part.segmentKey === null && sounds.has(part.soundKey));
    const wanted = spoken.map((part) => {
      const wish = sceneWish(part.scene, state, sounds.get(part.soundKey)!);
      const fields = segmentFields({
        frames: wish.frames,
        language: state.language,
        words: wordsIn(part.scene, sounds.get(part.soundKey)!),
        picture: wish.picture.sha256,
        motion: wish.motion,
        theme: wish.theme,
        engine: state.engine ?? '',
      });
      return { key: keyOf(fields), fields, frames: wish.frames };
    });
    const ready = await this.artefacts.want('segment', wanted);
    spoken.forEach((part, i) => {
      part.segmentKey = wanted[i].key;
      part.segmentReused = ready.has(wanted[i].key);
      part.frames = wanted[i].frames;
      rendition.warn((sounds.get(part.soundKey)!.facts.warnings as string[] | undefined) ?? []);
    });
    if (spoken.length) await this.renditions.saveParts(spoken);
    const missing = [...new Set(wanted.map(({ key }) => key))].filter((key) => !ready.has(key));
    await this.outbox.send(...missing.map((key) => partErrand('render.segment', 'DrawScene', key, rendition)));
    if (parts.every(({ frames }) => frames !== null)) {
      const frames = parts.reduce((sum, part) => sum + part.frames!, 0);
      const firstTime = state.framesPlanned === null;
      rendition.measured(frames);
      const drawn = await this.artefacts.ready(parts.map(({ segmentKey }) => segmentKey!));
      if (parts.every(({ segmentKey }) => drawn.has(segmentKey!)) && rendition.beginAssembling())
        await this.outbox.send(rendition.errand('render.assemble', 'AssembleFilm'));
      if (firstTime || rendition.snapshot().state === 'assembling') await this.tell(rendition);
    }
    await this.renditions.save(rendition);
  }

  private async tell(rendition: Rendition): Promise<void> {
    const { id, state, framesPlanned, failure, film } = rendition.snapshot();
    await this.live.append(`rendition:${id}`, {
      type: 'rendition.changed',
      body: { state, framesPlanned, failure, sha256: film?.sha256 ?? null },
    });
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
      const part = (await this.renditions.parts(id)).find(({ soundKey, segmentKey }) => soundKey === key || segmentKey === key);
      return [part, (await this.renditions.get(id)).snapshot()];
    });
  }
}

const partOf = (rendition: string, idx: number, scene: PlannedScene, soundKey: string, soundReused: boolean): PartState => ({
  rendition,
  idx,
  scene,
  blocks: [...new Set(scene.spans.map(({ block }) => block))],
  soundKey,
  soundReused,
  segmentKey: null,
  segmentReused: null,
  frames: null,
});

function partErrand(
  queue: 'render.narrate' | 'render.segment',
  type: string,
  key: string,
  rendition: Rendition,
): Errand<{ key: string }> {
  const { id, chapterId, workId } = rendition.snapshot();
  return { type, v: 1, queue, subject: { kind: 'artefact', id: key }, about: [id, chapterId, workId], data: { key } };
}
