import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { OnlyAdminsTakeDown, type TakeDownState } from '#libs/kernel/take-down';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { can } from '../domain/policy.js';
import { RenditionRepository } from '../domain/ports.js';
import type { Rendition, RenditionPutBack, RenditionTakenDown } from '../domain/rendition.js';

/** Use cases of admins: take down a film, put it back. */
@Injectable()
export class TakingDownFilms {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly renditions: RenditionRepository,
  ) {}

  /** Its files and the links to them are refused at once, and no other film of its revision can be asked for. */
  takeDown(by: Actor, id: string, reason: string): Promise<Readonly<TakeDownState>> {
    return this.change(by, id, (rendition, now) => rendition.takeDown(reason, now));
  }

  async putBack(by: Actor, id: string): Promise<void> {
    await this.change(by, id, (rendition) => rendition.putBack());
  }

  private change(
    by: Actor,
    id: string,
    decide: (rendition: Rendition, now: Date) => RenditionTakenDown | RenditionPutBack,
  ): Promise<Readonly<TakeDownState>> {
    return this.unitOfWork.run(async ({ now, record }) => {
      if (!can(by, 'film:take-down', { isShown: false, worksOnIt: false })) throw new OnlyAdminsTakeDown();
      const rendition = await this.renditions.get(id);
      const event = decide(rendition, now);
      await this.renditions.save(rendition);
      await record(event);
      return rendition.snapshot();
    });
  }
}
