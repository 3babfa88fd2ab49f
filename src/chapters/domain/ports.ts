import type { Actor } from '#libs/kernel/actor';
import type { Chapter } from './chapter.js';
import type { Invitation } from './invitation.js';
import type { Facts } from './policy.js';
import type { RankedChapter, ReadingOrder } from './reading-order.js';
import type { Book, RevisionText, StoredText, Text } from './revision-text.js';
import type { Work } from './work.js';

/** Works, for use cases that change one. */
export abstract class WorkRepository {
  /** Locks it until the unit of work ends. @throws WorkNotFound */
  abstract get(id: string): Promise<Work>;
  abstract save(work: Work): Promise<void>;
  /** For `authorize`; undefined when there is no such work. */
  abstract facts(id: string, actor: Actor | undefined): Promise<Facts | undefined>;
  /** Works that an account owns, newest first. */
  abstract ownedBy(accountId: string): Promise<OwnedWork[]>;
  /** Ids of the works that an account is a member of. */
  abstract withMember(accountId: string): Promise<string[]>;
  /** The order of its chapters. Locks the work until the unit of work ends. @throws WorkNotFound */
  abstract order(workId: string): Promise<ReadingOrder>;
}

export interface OwnedWork {
  id: string;
  title: string;
  isDeleted: boolean;
  /** Somebody else can read it: it is not in the bin, and has a published chapter or a member. */
  isShared: boolean;
  /** How many members could become its owner. */
  members: number;
}

export abstract class InvitationRepository {
  /** Locks it until the unit of work ends. @throws InvitationNotFound */
  abstract get(id: string): Promise<Invitation>;
  abstract save(invitation: Invitation): Promise<void>;
  /** How many invitations of a work can still be accepted. */
  abstract countOpen(workId: string, now: Date): Promise<number>;
  /** Ids of the open invitations that an account sent or got. */
  abstract openOf(accountId: string): Promise<string[]>;
}

export abstract class ChapterRepository {
  /** Locks it until the unit of work ends; whoever needs the work's lock too takes that first. @throws ChapterNotFound */
  abstract get(id: string): Promise<Chapter>;
  abstract save(chapter: Chapter): Promise<void>;
  /** For `authorize`; undefined when there is no such chapter. */
  abstract facts(id: string, actor: Actor | undefined): Promise<Facts | undefined>;
  /** Without a lock: a chapter stays in its work. @throws ChapterNotFound */
  abstract workOf(id: string): Promise<string>;
  abstract saveRanks(chapters: readonly RankedChapter[]): Promise<void>;
  /** Published chapters of a work that are neither in the bin nor taken down themselves: readers see them if they see the work. */
  abstract publishedOf(workId: string): Promise<string[]>;
  /** Stores that a revision was published. */
  abstract recordPublication(chapterId: string, revision: number, at: Date): Promise<void>;
  /** Marks all publications of the chapter as retracted. */
  abstract recordRetraction(chapterId: string, at: Date): Promise<void>;
}

/** What is to be erased, and the removal of its rows. Everything is in small steps, as a work may have thousands of chapters. */
export abstract class Erasure {
  /** Chapters whose time in the bin is over, the longest waiting first. */
  abstract dueChapters(now: Date, limit: number): Promise<string[]>;
  abstract dueWorks(now: Date, limit: number): Promise<string[]>;
  /** Chapters of a work, also those in the bin. */
  abstract chaptersOf(workId: string, limit: number): Promise<string[]>;
  /** Works that an account owns, also those in the bin. */
  abstract worksOf(accountId: string): Promise<string[]>;
  /** Removes every row of a chapter, in the unit of work that records `ChapterErased`. */
  abstract removeChapter(id: string): Promise<void>;
  /** Removes every row of a work that has no chapter any more, in the unit of work that records `WorkErased`. */
  abstract removeWork(id: string): Promise<void>;
}

/** The newest revision and all earlier (id, digest) pairs: what aligning a new text needs. */
export interface Head extends StoredText {
  chapterId: string;
  title: string;
  version: number;
  revision: number;
}

export interface NewRevision {
  chapterId: string;
  number: number;
  parent: number | null;
  title: string;
  authorId: string;
  text: RevisionText;
  createdAt: Date;
}

/** Insert-only: a stored revision never changes, and unchanged blocks are stored once. */
export abstract class Revisions {
  abstract head(chapterId: string): Promise<Head | undefined>;
  abstract add(...revisions: NewRevision[]): Promise<void>;
  /** Number of readable characters of a revision; undefined when there is no such revision. */
  abstract length(chapterId: string, number: number): Promise<number | undefined>;
}

/**
 * The functions of revision-text.ts, away from the event loop when the text is long. Not inside a unit of work: they may wait in a queue.
 * The signal is that of whoever waits for the answer.
 */
export abstract class RevisionTexts {
  /** @throws ChapterTooLong */
  abstract first(text: Text, signal?: AbortSignal): Promise<RevisionText>;
  /** @throws ChapterTooLong */
  abstract revise(stored: StoredText, text: Text | undefined, signal?: AbortSignal): Promise<RevisionText>;
  /** @throws TooManyChapters, ChapterTooLong */
  abstract readBook(
    source: string,
    format: 'markdown' | 'text',
    language: string | undefined,
    signal?: AbortSignal,
  ): Promise<Book>;
}

/** Where something lies in the object store. */
export interface StoredObject {
  key: string;
  sha256: string;
  bytes: number;
}

/** What of a work an object is: there is one cover, and any number of pictures. */
export type ObjectUse = 'cover' | 'picture';

/**
 * The files of a work. Each counts against the storage quota of the work's owner for as long as the work holds it.
 *
 *     await storage.storeImage(workId, 'cover', upload, (image) => unitOfWork.run(async () => {
 *       await storage.hold(workId, 'cover', image);
 *       …
 *     }));
 */
export abstract class WorkStorage {
  /**
   * Checks an image, encodes it anew without metadata and stores it, outside any unit of work. The bytes are reserved until `attach`,
   * which is to hold them, has ended.
   * @throws UnsupportedImage, DamagedImage, ImageTooLarge, ServerBusy, StorageQuotaExceeded
   */
  abstract storeImage(
    workId: string,
    use: ObjectUse,
    upload: Buffer,
    attach: (image: StoredObject) => Promise<void>,
  ): Promise<void>;
  /** In a unit of work: the work has this object now, a cover in place of the one before. */
  abstract hold(workId: string, use: ObjectUse, object: StoredObject): Promise<void>;
  /** In a unit of work: the work has this object no more. Its bytes are free at once, and deleted by the daily sweep. */
  abstract release(workId: string, use: ObjectUse, sha256?: string): Promise<void>;
}
