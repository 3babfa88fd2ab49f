import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { mapInTurns } from '#libs/kernel/map-in-turns';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Chapters } from '../../chapters/index.js';
import { authorize } from './authorize.js';
import { pictureFields } from '../domain/artefacts.js';
import { partFields, themeOf } from '../domain/drawing.js';
import { costOf, type Foreseen, type ForeseenScene, lengthOf, NoWorkerYet } from '../domain/foresight.js';
import { keyOf } from '../domain/keys.js';
import { Artefacts, Experience } from '../domain/ports.js';
import type { RenditionState, Wish } from '../domain/rendition.js';
import type { FittedPicture } from '../domain/scene.js';
import { Planner, type WholePlan } from './planner.js';
import { type Supposed, Wishes } from './wishes.js';

export interface Foresight {
  readonly wish: Wish;
  readonly scenes: readonly ForeseenScene[];
  /** CPU seconds. */
  readonly cost: { readonly sound: number; readonly picture: number };
}

/** What a film would have to be made of, before anybody asks for it. Changes nothing. */
@Injectable()
export class Foreseeing {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly wishes: Wishes,
    private readonly planner: Planner,
    private readonly artefacts: Artefacts,
    private readonly experience: Experience,
    private readonly chapters: Chapters,
  ) {}

  /** @throws NoWorkerYet, NothingToNarrate, and what a request is refused with */
  async foresee(by: Actor, chapterId: string, supposed: Supposed): Promise<Foresight> {
    await authorize(this.chapters, by, 'film:make', 'chapter:film', chapterId);
    // a unit of work only to read in it: settings and script are locked while they are looked at together
    const { wish, lexicon } = await this.unitOfWork.run(() => this.wishes.suppose(chapterId, supposed));
    const tools = await this.experience.tools();
    if (!tools) throw new NoWorkerYet();
    const plan = await this.planner.plan(wish, tools.sound, lexicon);
    const sounds = await this.artefacts.ready(plan.sounds.map(({ key }) => key));
    const rates = await this.experience.rates(wish.workId, wish.voice, tools.picture);
    const look = { ...(await this.pictured(wish, plan, tools.fitting)), engine: tools.picture };
    const drawn = await mapInTurns(plan.scenes, (scene, i): Omit<Foreseen, 'isThere'> => {
      const sound = sounds.get(plan.sounds[i].key);
      if (!sound) return { key: null, fields: null };
      const fields = partFields({ scene, card: false }, { ...look, theme: wish.theme, language: wish.language }, sound);
      return { key: keyOf(fields), fields };
    });
    const segments = await this.artefacts.ready(drawn.flatMap(({ key }) => key ?? []));
    const scenes = plan.scenes.map((scene, i): ForeseenScene => ({
      scene,
      sound: { ...plan.sounds[i], isThere: sounds.has(plan.sounds[i].key) },
      segment: { ...drawn[i], isThere: segments.has(drawn[i].key ?? '') },
      frames: sounds.get(plan.sounds[i].key)?.frames ?? lengthOf(scene, rates),
    }));
    return { wish, scenes, cost: costOf(scenes, rates) };
  }

  /** The pictures as they were fitted before; one that never was has a name that nothing was made with. */
  private async pictured(
    wish: Wish,
    { pictures: own }: WholePlan,
    fitting: string,
  ): Promise<Pick<RenditionState, 'picture' | 'pictures'>> {
    const { gradient } = themeOf(wish);
    const keyFor = (source: string | null): string => keyOf(pictureFields(source, gradient, fitting));
    const known = await this.experience.fitted([wish.cover, ...own.values()].map(keyFor));
    const fitted = (source: string | null): FittedPicture =>
      known.get(keyFor(source)) ?? { sha256: `not fitted yet: ${source ?? 'gradient'}`, width: 0, height: 0 };
    return {
      picture: fitted(wish.cover),
      pictures: Object.fromEntries([...own].map(([sha256, source]) => [sha256, fitted(source)])),
    };
  }
}
