// The public API of the chapters module: other modules import nothing else from here.
export { ChaptersModule, ChaptersWebModule, ChaptersWorkerModule, chaptersSchema } from './chapters.module.js';
export { type ChapterSummary, Chapters, type QuoteRequest } from './application/chapters.js';
export { Titles } from './application/titles.js';
export { align } from './domain/alignment.js';
export { ManagingWorks } from './application/managing-works.js';
export { Writing } from './application/writing.js';
export type { Anchor } from './domain/anchoring.js';
export { WorkStorage } from './domain/ports.js';
export { readManuscript } from './domain/manuscript.js';
export {
  type ChapterDeleted,
  type ChapterErased,
  type ChapterExpired,
  ChapterNotFound,
  type ChapterPublished,
  type ChapterTakenDown,
  type ChapterUnpublished,
} from './domain/chapter.js';
export type { WorkDeleted, WorkErased, WorkExpired, WorkTakenDown } from './domain/work.js';
