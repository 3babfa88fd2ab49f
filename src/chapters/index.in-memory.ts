/**
 * The chapters module for specs, its own and those of other modules: the real use cases over in-memory repositories.
 *
 *     const unitOfWork = new InMemoryUnitOfWork();
 *     const { works, writing, chapters } = inMemoryChapters(unitOfWork);
 *     const workId = await works.create(author, { title: 'The Lamp', language: 'en' });
 */
import type { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryAuth } from '../auth/index.in-memory.js';
import { InMemoryChapters } from './application/chapters.in-memory.js';
import { Deleting } from './application/deleting.js';
import { Erasing } from './application/erasing.js';
import { ManagingMembers } from './application/managing-members.js';
import { ManagingWorks } from './application/managing-works.js';
import { TakingDown } from './application/taking-down.js';
import { Writing } from './application/writing.js';
import {
  ChapterTables,
  DirectRevisionTexts,
  InMemoryChapterRepository,
  InMemoryErasure,
  InMemoryInvitationRepository,
  InMemoryRevisions,
  InMemoryWorkRepository,
  InMemoryWorkStorage,
} from './domain/ports.in-memory.js';

export function inMemoryChapters(unitOfWork: InMemoryUnitOfWork) {
  const tables = new ChapterTables(unitOfWork);
  const repository = new InMemoryWorkRepository(tables);
  const auth = inMemoryAuth(unitOfWork);
  const storage = new InMemoryWorkStorage(unitOfWork);
  const chapterRepository = new InMemoryChapterRepository(tables);
  return {
    auth,
    tables,
    storage,
    chapters: new InMemoryChapters(tables),
    works: new ManagingWorks(unitOfWork, repository, storage),
    members: new ManagingMembers(unitOfWork, repository, new InMemoryInvitationRepository(tables), auth.accounts),
    writing: new Writing(unitOfWork, repository, chapterRepository, new InMemoryRevisions(tables), new DirectRevisionTexts()),
    deleting: new Deleting(unitOfWork, repository, chapterRepository),
    takingDown: new TakingDown(unitOfWork, repository, chapterRepository),
    erasing: new Erasing(unitOfWork, repository, chapterRepository, new InMemoryErasure(tables)),
  };
}
