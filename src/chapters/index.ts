// The front door of chapters: nothing else here may be imported from outside.
export { ChaptersModule, ChaptersWebModule, chaptersSchema } from './chapters.module.js';
export { type ChapterCard, Chapters, type QuoteRequest } from './application/chapters.js';
export { align } from './domain/alignment.js';
export { KeepingWorks } from './application/keeping-works.js';
export { Writing } from './application/writing.js';
export { type Anchor, passage as carry } from './domain/anchoring.js';
export { Covers } from './domain/ports.js';
export { readManuscript } from './domain/manuscript.js';
export type { ChapterPublished, ChapterUnpublished } from './domain/chapter.js';
