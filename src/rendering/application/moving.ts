import { Injectable } from '@nestjs/common';
import { type Job, Outbox } from '#libs/kernel/outbox';
import { partFields } from '../domain/drawing.js';
import { soundFieldsLike } from '../domain/artefacts.js';
import { type Fields, keyOf } from '../domain/keys.js';
import { shorter } from '../domain/plan.js';
import { Artefacts, type PartState, RenditionRepository } from '../domain/ports.js';
import type { Rendition } from '../domain/rendition.js';
import { FRAME_RATE, LONGEST_SPOKEN } from '../domain/scene.js';

/** Moves films along when something of theirs is made: asks for what is next, once, and tells whoever watches. In a unit of work. */
@Injectable()
export class Moving {
  constructor(
    private readonly renditions: RenditionRepository,
    private readonly artefacts: Artefacts,
    private readonly outbox: Outbox,
  ) {}

  /** Moves every film that waits for this artefact, each under its lock: the last part is found once. */
  async moveOn(key: string): Promise<void> {
    for (const id of (await this.renditions.using(key)).sort()) await this.goOn(await this.renditions.get(id), key);
  }

  /**
   * Looks at what a film still lacks and asks for it: segments for scenes that are spoken, the film when all are there.
   * @param made only what came of this artefact is looked at: a long chapter has a thousand scenes
   */
  async goOn(rendition: Rendition, made?: string): Promise<void> {
    const state = rendition.snapshot();
    if (state.state !== 'rendering') return;
    const parts = await this.withoutLong(rendition, await this.renditions.parts(state.id, made));
    const sounds = await this.artefacts.ready(parts.map(({ soundKey }) => soundKey));
    const spoken = parts.filter((part) => part.segmentKey === null && sounds.has(part.soundKey));
    const wanted = spoken.map((part) => {
      const sound = sounds.get(part.soundKey)!;
      const fields = partFields(part, state, sound);
      return { key: keyOf(fields), fields, frames: sound.frames! };
    });
    const ready = await this.artefacts.want('segment', wanted);
    spoken.forEach((part, i) => {
      part.segmentKey = wanted[i].key;
      part.segmentReused = ready.has(wanted[i].key);
      part.frames = wanted[i].frames;
      rendition.warn((sounds.get(part.soundKey)!.facts.warnings as string[] | undefined) ?? []);
    });
    if (spoken.length) await this.renditions.saveParts(spoken);
    const { frames, drawn, lacking } = await this.renditions.standing(state.id);
    const missing = new Map(spoken.map(({ idx }, i) => [wanted[i].key, idx] as const).filter(([key]) => !ready.has(key)));
    await this.outbox.send(...[...missing].map(([key, idx]) => partErrand('render.segment', key, rendition, idx, lacking)));
    if (frames !== null) {
      const firstTime = state.framesPlanned === null;
      rendition.measured(frames);
      if (drawn && rendition.beginAssembling()) await this.outbox.send(rendition.errand('render.assemble', 'AssembleFilm'));
      if (firstTime || rendition.snapshot().state === 'assembling') await this.tell(rendition);
    }
    await this.renditions.save(rendition);
  }

  /** A voice may be slower than planned: a scene that takes it too long becomes several, each spoken anew. Only a single word stays whole. */
  private async withoutLong(rendition: Rendition, parts: PartState[]): Promise<PartState[]> {
    const sounds = await this.artefacts.ready(parts.map(({ soundKey }) => soundKey));
    const isLong = ({ scene, soundKey }: PartState): boolean => {
      const pauses = scene.spans.reduce((sum, { pause = 0 }) => sum + pause, 0); // as long as their author wants
      return (sounds.get(soundKey)?.frames ?? 0) > LONGEST_SPOKEN + pauses * FRAME_RATE;
    };
    const long = parts.filter((part) => part.segmentKey === null && isLong(part) && shorter(part.scene).length > 1);
    if (!long.length) return parts;
    const fields = await this.artefacts.fields(long.map(({ soundKey }) => soundKey));
    const wanted: { key: string; fields: Fields }[] = [];
    const cut = (await this.renditions.parts(rendition.id)).flatMap((part) => {
      if (!long.some(({ idx }) => idx === part.idx)) return [part];
      return shorter(part.scene).map((scene): PartState => {
        const its = soundFieldsLike(fields.get(part.soundKey)!, scene);
        const soundKey = keyOf(its);
        wanted.push({ key: soundKey, fields: its });
        return { ...part, scene, soundKey, soundReused: false };
      });
    });
    const ready = await this.artefacts.want('sound', wanted);
    for (const part of cut) if (ready.has(part.soundKey)) part.soundReused = true;
    const asked = new Set(wanted.map(({ key }) => key).filter((key) => !ready.has(key)));
    await this.renditions.removeParts(rendition.id);
    await this.renditions.addParts(cut.map((part, idx) => ({ ...part, idx })));
    const { lacking } = await this.renditions.standing(rendition.id);
    const missing = new Map(cut.map(({ soundKey }, idx) => [soundKey, idx] as const).filter(([key]) => asked.has(key)));
    await this.outbox.send(...[...missing].map(([key, idx]) => partErrand('render.narrate', key, rendition, idx, lacking)));
    return this.withoutLong(rendition, await this.renditions.parts(rendition.id));
  }

  /** To whoever watches it. */
  async tell(rendition: Rendition): Promise<void> {
    await this.outbox.record(rendition.changed());
  }
}

const ERRANDS = { 'render.narrate': 'NarrateScene', 'render.segment': 'DrawScene' } as const;

/** @param scene, lacking as `Rendition.turn` has them */
export function partErrand(
  queue: keyof typeof ERRANDS,
  key: string,
  rendition: Rendition,
  scene: number,
  lacking: number,
): Job<{ key: string }> {
  const { id, chapterId, workId } = rendition.snapshot();
  const about = [id, chapterId, workId];
  const turn = rendition.turn(scene, lacking);
  return { type: ERRANDS[queue], v: 1, queue, ...turn, subject: { kind: 'artefact', id: key }, about, data: { key } };
}
