import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { authorize } from '../domain/policy.js';
import { WorkRepository, WorkStorage } from '../domain/ports.js';
import { Work } from '../domain/work.js';

/** Use cases of an author for a whole work. */
@Injectable()
export class ManagingWorks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly storage: WorkStorage,
  ) {}

  async create(by: Actor, details: { title: string; summary?: string; language: string }): Promise<string> {
    authorize(by, 'work:create', { role: null, isPublic: false });
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
      authorize(by, 'work:update', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const updated = work.update(by, expected, change);
      await this.works.save(work);
      await record(updated);
    });
  }

  removeCover(by: Actor, workId: string, expected: number | undefined): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      authorize(by, 'work:update', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const removed = work.removeCover(by, expected);
      if (!removed) return;
      await this.works.save(work);
      await this.storage.release(workId, 'cover');
      await record(removed);
    });
  }

  async changeCover(by: Actor, workId: string, expected: number | undefined, upload: Buffer): Promise<void> {
    await this.unitOfWork.run(async () => {
      authorize(by, 'work:update', await this.works.facts(workId, by));
      (await this.works.get(workId)).mustBe(expected);
    });
    await this.storage.storeImage(workId, 'cover', upload, (image) =>
      this.unitOfWork.run(async ({ record }) => {
        authorize(by, 'work:update', await this.works.facts(workId, by));
        const work = await this.works.get(workId);
        const changed = work.changeCover(by, expected, image.key);
        await this.works.save(work);
        await this.storage.hold(workId, 'cover', image);
        await record(changed);
      }),
    );
  }
}
