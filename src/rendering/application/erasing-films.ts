import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { FilmErasure, renditionErased } from '../domain/erasure.js';

const BATCH = 50;

/** Removes the films of a chapter or work that was erased, and what was written for them. */
@Injectable()
export class ErasingFilms {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly erasure: FilmErasure,
  ) {}

  /** In units of work of its own. @param markHandled called in the last of them */
  async ofChapter(chapterId: string, markHandled: () => Promise<boolean>): Promise<void> {
    await this.films(chapterId);
    await this.unitOfWork.run(async () => {
      if (await markHandled()) await this.erasure.removeScript(chapterId);
    });
  }

  /** In a unit of work. The chapters were erased before, each with an event of its own. */
  ofWork(workId: string): Promise<void> {
    return this.unitOfWork.run(() => this.erasure.removeWork(workId));
  }

  private async films(chapterId: string): Promise<void> {
    for (;;) {
      const films = await this.unitOfWork.run(() => this.erasure.filmsOf(chapterId, BATCH));
      if (!films.length) return;
      for (const film of films)
        await this.unitOfWork.run(async ({ record }) => {
          await this.erasure.removeFilm(film.id);
          await record(renditionErased(film));
        });
    }
  }
}
