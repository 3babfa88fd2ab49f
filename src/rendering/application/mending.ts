import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/kernel/clock';
import { Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { pictureFields, soundFields } from '../domain/artefacts.js';
import { themeOf } from '../domain/drawing.js';
import { keyOf } from '../domain/keys.js';
import {
  Artefacts,
  Damaged,
  Experience,
  JobControl,
  type PartState,
  Pictures,
  RenditionRepository,
  Studio,
  UnusableCover,
} from '../domain/ports.js';
import { textOf } from '../domain/plan.js';
import type { RenditionState } from '../domain/rendition.js';
import type { FittedPicture } from '../domain/scene.js';
import type { Done } from './making.js';
import { Moving, partErrand } from './moving.js';

const NOT_EVEN_A_CARD =
  'Not even a plain card can be drawn on this server, so there is no film. Tell whoever runs it: the renderer dies again and again.';

/** What is done about a film when something of it is damaged or cannot be made: as little as possible, and never again and again. */
@Injectable()
export class Mending {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly renditions: RenditionRepository,
    private readonly artefacts: Artefacts,
    private readonly moving: Moving,
    private readonly studio: Studio,
    private readonly pictures: Pictures,
    private readonly experience: Experience,
    private readonly outbox: Outbox,
    private readonly jobs: JobControl,
    private readonly clock: Clock,
  ) {}

  /** Objects are missing or damaged: only their artefacts are made again. Of another sound, the scene's length may be another. */
  async mend(id: string, broken: string[], done: Done): Promise<void> {
    await this.unitOfWork.run(async () => {
      if (!(await done())) return;
      const held = await this.renditions.get(id);
      held.backToRendering();
      for (const key of broken) await this.artefacts.void(key);
      const parts = await this.renditions.parts(id);
      const sounds = new Set(parts.map(({ soundKey }) => soundKey));
      const mute = parts.filter(({ soundKey }) => broken.includes(soundKey));
      for (const part of mute) Object.assign(part, { segmentKey: null, segmentReused: null, frames: null });
      if (mute.length) await this.renditions.saveParts(mute);
      await this.outbox.send(
        ...broken.map((key, i) => partErrand(sounds.has(key) ? 'render.narrate' : 'render.segment', key, held, i, broken.length)),
      );
      await this.moving.tell(held);
      await this.moving.goOn(held);
    });
  }

  /** The scene of this segment has a plain card from now on, in every film that waits for it. The next request tries again. */
  async layCard(key: string, done: Done): Promise<void> {
    await this.unitOfWork.run(async () => {
      if (!(await done())) return;
      if ((await this.artefacts.ready([key])).size) return this.moving.moveOn(key); // it was made after all
      if ((await this.artefacts.fields([key])).get(key)?.kind === 'card') return this.giveUp({ key }, NOT_EVEN_A_CARD);
      await this.artefacts.forgive(key);
      for (const id of (await this.renditions.using(key)).sort()) {
        const held = await this.renditions.get(id);
        const parts = await this.renditions.parts(id, key);
        for (const part of parts) {
          Object.assign(part, { segmentKey: null, segmentReused: null, card: true });
          held.degrade(`The picture of this scene could not be drawn, a plain card stands in its place: ${excerpt(part)}`);
        }
        await this.renditions.saveParts(parts);
        await this.moving.goOn(held);
      }
    });
  }

  /**
   * The pictures behind the text: the cover, else the gradient, and those that blocks have of their own, else that one; warnings say why.
   * @param own object keys, by the sha256 of what was uploaded
   */
  async fitted({ cover, theme }: Pick<RenditionState, 'cover' | 'theme'>, own: ReadonlyMap<string, string>): Promise<Fitted> {
    const { gradient } = themeOf({ theme });
    const { fitting } = await this.studio.engine();
    const warnings: string[] = [];
    const fit = async (source: string | null, otherwise: () => Promise<FittedPicture>): Promise<FittedPicture> => {
      try {
        const { sha256, width, height } = await this.studio.fitPicture(source, gradient);
        await this.experience.noteFitted(keyOf(pictureFields(source, gradient, fitting)), { sha256, width, height });
        return { sha256, width, height };
      } catch (error) {
        if (!(error instanceof UnusableCover)) throw error;
        warnings.push(`The film has not all its pictures. ${error.message}`);
        return otherwise();
      }
    };
    const picture = await fit(cover, async () => this.studio.fitPicture(null, gradient));
    const pictures: RenditionState['pictures'] = {};
    for (const [sha256, source] of own) pictures[sha256] = await fit(source, async () => picture);
    return { picture, pictures, warnings };
  }

  /** A fitted picture may be what is damaged: all are fitted once more, and must come out the same. */
  async withPicture<T>(rendition: Readonly<RenditionState>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const [known, { objects }] = [hashesOf(rendition), error as Damaged];
      if (!(error instanceof Damaged) || !objects.some((sha256) => known.includes(sha256))) throw error;
      const sources = await this.pictures.keys(rendition.workId, Object.keys(rendition.pictures));
      if (hashesOf(await this.fitted(rendition, sources)).join() === known.join()) return work();
      await this.beginAnew(rendition.id);
      throw new Error('The picture behind the text is gone and cannot be made again: the film is begun anew.');
    }
  }

  /** It cannot go on as it was begun (its tools or its picture are gone): it is planned again, whole. */
  async beginAnew(id: string): Promise<void> {
    await this.unitOfWork.run(async () => {
      const held = await this.renditions.get(id);
      const { workerGroup } = held.turn();
      if (!held.planAgain()) return;
      if (workerGroup) await this.jobs.cancel(workerGroup, id);
      await this.renditions.removeParts(id);
      await this.renditions.save(held);
      await this.outbox.send(held.errand('render.plan', 'PlanRendition'));
      await this.moving.tell(held);
    });
  }

  /**
   * The voice of this scene failed for good: another speaks it in films whose author asked for one, the others fail. What it says has a key
   * of its own; under the wished one is never anything but the wished voice.
   */
  async speakOtherwise(key: string, why: string): Promise<void> {
    const { sound } = await this.studio.engine();
    await this.unitOfWork.run(async () => {
      for (const id of (await this.renditions.using(key)).sort()) {
        const held = await this.renditions.get(id);
        const { fallbackVoice, language } = held.snapshot();
        const parts = (await this.renditions.parts(id, key)).filter(({ voice }) => voice === null);
        if (fallbackVoice === null || !parts.length) continue;
        const fields = soundFields(parts[0].scene, this.studio.voiceOf(fallbackVoice, language), language, sound);
        const soundKey = keyOf(fields);
        const soundReused = (await this.artefacts.want('sound', [{ key: soundKey, fields }])).has(soundKey);
        await this.renditions.saveParts(parts.map((part) => ({ ...part, voice: fallbackVoice, soundKey, soundReused })));
        held.degrade(`Scenes were spoken by ${fallbackVoice} instead. ${why}`);
        if (!soundReused) {
          const { lacking } = await this.renditions.standing(id);
          await this.outbox.send(partErrand('render.narrate', soundKey, held, parts[0].idx, lacking));
        }
        await this.moving.goOn(held);
      }
    });
    await this.giveUp({ key }, why);
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
        await this.moving.tell(rendition);
      }
    });
  }
}

const excerpt = ({ scene }: PartState): string => {
  const text = textOf(scene);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

type Fitted = { picture: FittedPicture; pictures: RenditionState['pictures']; warnings: string[] };

const hashesOf = ({ picture, pictures }: Pick<RenditionState, 'picture' | 'pictures'>): string[] => [
  picture!.sha256,
  ...Object.keys(pictures)
    .sort()
    .map((name) => pictures[name].sha256),
];
