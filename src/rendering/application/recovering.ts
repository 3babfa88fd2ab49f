import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Artefacts, Experience, JobControl, RenditionRepository, Studio } from '../domain/ports.js';
import { Mending } from './mending.js';

/** Other workers get this many turns to say that they are there, before a film is taken from them. */
const TURNS_BEFORE_JUDGING = 5;

/**
 * What every worker does again and again, so that nothing waits for somebody who is gone: it says which tools it has, clears
 * what killed ones left on its machine, frees leases that lapsed and has their scenes made by others, and begins films anew
 * whose tools nobody has any more.
 */
@Injectable()
export class Recovering {
  private turns = 0;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly renditions: RenditionRepository,
    private readonly artefacts: Artefacts,
    private readonly studio: Studio,
    private readonly experience: Experience,
    private readonly jobs: JobControl,
    private readonly mending: Mending,
  ) {}

  /** @param patience seconds that a film waits for a worker with its tools */
  async turn(patience: number): Promise<void> {
    try {
      const tools = await this.studio.engine();
      await this.artefacts.present(tools.studio);
      await this.experience.tell(tools);
      await this.studio.tidy();
      await this.freeLapsed();
      if (++this.turns > TURNS_BEFORE_JUDGING)
        for (const id of await this.renditions.orphans(patience)) await this.mending.beginAnew(id);
    } catch (error) {
      this.turns = 0; // Postgres was away: the others could not say that they are there either
      throw error;
    }
  }

  private async freeLapsed(): Promise<void> {
    await this.unitOfWork.run(async () => {
      const free = await this.artefacts.lapsed();
      const of = (kind: string): string[] => free.filter((one) => one.kind === kind).map(({ key }) => key);
      await this.jobs.redeliver('render.narrate', of('sound'));
      await this.jobs.redeliver('render.segment', of('segment'));
    });
  }
}
