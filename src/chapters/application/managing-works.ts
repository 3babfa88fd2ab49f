import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Covers, WorkRepository } from '../domain/ports.js';
import { Work } from '../domain/work.js';

/** What an author does with a work as a whole. */
@Injectable()
export class ManagingWorks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly covers: Covers,
  ) {}

  create(by: Actor, details: { title: string; summary?: string; language: string }): Promise<string> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const { work, created } = Work.create(by, details, now);
      await this.works.save(work);
      await record(created);
      return work.id;
    });
  }

  update(
    by: Actor,
    workId: string,
    expected: number | undefined,
    change: { title?: string; summary?: string; language?: string },
  ): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const work = await this.works.get(workId);
      const updated = work.update(by, expected, change);
      await this.works.save(work);
      await record(updated);
    });
  }

  /** The picture is kept first, by its hash: a change that is then refused leaves an object that nothing names. */
  async changeCover(by: Actor, workId: string, expected: number | undefined, picture: Buffer): Promise<void> {
    await this.unitOfWork.run(async () => (await this.works.get(workId)).mustBeOwnedBy(by, expected));
    const key = await this.covers.store(picture);
    await this.unitOfWork.run(async ({ record }) => {
      const work = await this.works.get(workId);
      const changed = work.changeCover(by, expected, key);
      await this.works.save(work);
      await record(changed);
    });
  }
}
