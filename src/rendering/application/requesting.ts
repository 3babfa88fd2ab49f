import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { Clock } from '#libs/kernel/clock';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { Outbox } from '#libs/kernel/outbox';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Chapters } from '../../chapters/index.js';
import { authorize } from './authorize.js';
import { Quotas, RenditionRepository, SettingsRepository, type SettingsState } from '../domain/ports.js';
import { refusal } from '../domain/quota.js';
import { can } from '../domain/policy.js';
import { FilmTakenDown, OnlyAuthorsFilm, Rendition, RenditionNotFound, UnknownTheme } from '../domain/rendition.js';
import { THEMES } from '../domain/themes.js';
import { type Asked, Wishes } from './wishes.js';

/** What an author asks of rendering. Here a film is only recorded; workers make it (producing.ts). */
@Injectable()
export class Requesting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly renditions: RenditionRepository,
    private readonly settings: SettingsRepository,
    private readonly chapters: Chapters,
    private readonly wishes: Wishes,
    private readonly quotas: Quotas,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @returns the film's id, and whether it is a new one: the same wish twice is one film. */
  request(by: Actor, chapterId: string, wish: Asked): Promise<{ id: string; isNew: boolean }> {
    return this.unitOfWork.run(async () => {
      await authorize(this.chapters, by, 'film:make', 'chapter:film', chapterId);
      return this.film(chapterId, by.id, wish);
    });
  }

  /** A chapter was published: film what readers see now, if its author has set so. */
  react(chapterId: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const card = await this.chapters.summary(chapterId);
      if (!card?.revision || !(await this.settings.get(card.workId)).onPublish) return;
      if ((await this.renditions.takenDownBecause(chapterId, card.revision)) !== undefined) return;
      await this.film(chapterId, null, {});
    });
  }

  /** A chapter was taken back: its films under way are stopped, but those of a text that is published again already. */
  withdraw(chapterId: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const shown = await this.chapters.readableRevisions(chapterId);
      for (const id of await this.renditions.underWay(chapterId)) {
        const rendition = await this.renditions.get(id);
        if (shown.includes(rendition.snapshot().revision) || !rendition.withdraw(this.clock.now())) continue;
        await this.renditions.save(rendition);
        await this.outbox.record(rendition.changed());
      }
    });
  }

  cancel(by: Actor, id: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      const rendition = await this.renditions.get(id);
      await this.mustMake(by, rendition);
      rendition.cancel(this.clock.now());
      await this.renditions.save(rendition);
      await this.outbox.record(rendition.changed());
    });
  }

  /** @throws RenditionNotFound for who may not see the film, OnlyAuthorsFilm for others. */
  private async mustMake(by: Actor, rendition: Rendition): Promise<void> {
    const { chapterId, revision, state } = rendition.snapshot();
    const worksOnIt = await this.chapters.can(by, 'chapter:film', chapterId);
    if (can(by, 'film:make', { isShown: false, worksOnIt })) return;
    const isShown = state === 'ready' && (await this.chapters.readableRevisions(chapterId)).includes(revision);
    throw can(by, 'film:read', { isShown, worksOnIt }) ? new OnlyAuthorsFilm() : new RenditionNotFound();
  }

  /** @throws ChangedMeanwhile when the settings are not those of `expected` any more. */
  set(
    by: Actor,
    workId: string,
    expected: number | undefined,
    wanted: { onPublish?: boolean; voice?: string | null; fallbackVoice?: string | null; theme?: string },
  ): Promise<SettingsState> {
    return this.unitOfWork.run(async () => {
      await authorize(this.chapters, by, 'film:make', 'work:film', workId);
      if (wanted.theme !== undefined && !THEMES[wanted.theme]) throw new UnknownTheme(Object.keys(THEMES));
      const now = await this.settings.get(workId);
      if (expected !== undefined && expected !== now.version) throw new ChangedMeanwhile(`"${now.version}"`);
      const next = {
        ...now,
        ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
        version: now.version + 1,
      };
      await this.settings.save(next);
      return next;
    });
  }

  private async film(chapterId: string, by: string | null, asked: Asked): Promise<{ id: string; isNew: boolean }> {
    const wish = await this.wishes.of(chapterId, asked);
    const down = await this.renditions.takenDownBecause(chapterId, wish.revision);
    if (down !== undefined) throw new FilmTakenDown(down);
    const same = await this.renditions.ofWish(wish);
    if (same) return { id: same.id, isNew: false };
    const rendition = Rendition.request(wish, by, this.clock.now());
    const use = await this.renditions.useBy(wish.authorId);
    const refused = refusal(this.quotas.ofAnAuthor, use, wish.expectedSeconds, this.clock.now());
    if (refused && by) throw refused;
    // nobody waits for an answer to publishing: the author finds the refusal among the films
    const fact = refused && rendition.fail(refused.message, this.clock.now());
    await this.renditions.save(rendition);
    if (fact) await this.outbox.record(fact);
    else await this.outbox.send(rendition.errand('render.plan', 'PlanRendition'));
    await this.outbox.record(rendition.changed());
    return { id: rendition.id, isNew: true };
  }
}
