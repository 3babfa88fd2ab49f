/**
 * The chapters module for specs, its own and those of other modules: the real use cases over in-memory repositories.
 *
 *     const unitOfWork = new InMemoryUnitOfWork();
 *     const { works, writing, chapters } = inMemoryChapters(unitOfWork);
 *     const workId = await works.create(author, { title: 'The Lamp', language: 'en' });
 */
import type { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { InMemoryChapters } from './application/chapters.in-memory.js';
import { ManagingWorks } from './application/managing-works.js';
import { Writing } from './application/writing.js';
import {
  ChapterTables,
  DirectRevisionTexts,
  InMemoryChapterRepository,
  InMemoryRevisions,
  InMemoryWorkRepository,
  InMemoryWorkStorage,
} from './domain/ports.in-memory.js';

export function inMemoryChapters(unitOfWork: InMemoryUnitOfWork) {
  const tables = new ChapterTables(unitOfWork);
  const repository = new InMemoryWorkRepository(tables);
  const storage = new InMemoryWorkStorage(unitOfWork);
  return {
    tables,
    storage,
    chapters: new InMemoryChapters(tables),
    works: new ManagingWorks(unitOfWork, repository, storage),
    writing: new Writing(
      unitOfWork,
      repository,
      new InMemoryChapterRepository(tables),
      new InMemoryRevisions(tables),
      new DirectRevisionTexts(),
    ),
  };
}
