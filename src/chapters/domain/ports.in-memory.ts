import { createHash } from 'node:crypto';
import type { Actor } from '#libs/kernel/actor';
import type { InMemoryTable, InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import type { Block } from './blocks.js';
import { Chapter, ChapterNotFound, type ChapterState } from './chapter.js';
import { Invitation, InvitationNotFound, type InvitationState } from './invitation.js';
import type { Facts, WorkRole } from './policy.js';
import {
  ChapterRepository,
  Erasure,
  type Head,
  InvitationRepository,
  type NewRevision,
  type ObjectUse,
  type OwnedWork,
  Revisions,
  RevisionTexts,
  type StoredObject,
  WorkRepository,
  WorkStorage,
} from './ports.js';
import { type RankedChapter, ReadingOrder } from './reading-order.js';
import * as texts from './revision-text.js';
import { Work, WorkNotFound, type WorkState } from './work.js';

interface PublicationState {
  chapterId: string;
  number: number;
  revision: number;
  at: Date;
  retractedAt: Date | null;
}
type RevisionState = Omit<NewRevision, 'text'> & Pick<texts.RevisionText, 'blocks' | 'lineage' | 'length'>;
type BlockTextState = Block & { chapterId: string; digest: string };

/** What the repositories below share, as the adapters on PostgreSQL share a schema. */
export class ChapterTables {
  readonly works: InMemoryTable<WorkState>;
  readonly invitations: InMemoryTable<InvitationState>;
  readonly chapters: InMemoryTable<ChapterState>;
  readonly publications: InMemoryTable<PublicationState>;
  readonly revisions: InMemoryTable<RevisionState>;
  readonly blockTexts: InMemoryTable<BlockTextState>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    this.works = unitOfWork.table();
    this.invitations = unitOfWork.table();
    this.chapters = unitOfWork.table();
    this.publications = unitOfWork.table();
    this.revisions = unitOfWork.table();
    this.blockTexts = unitOfWork.table();
  }

  workFacts(id: string, actor: Actor | undefined): Facts | undefined {
    const work = this.works.get(id);
    if (!work) return undefined;
    const isPublic = this.chapters.all().some((chapter) => chapter.workId === id && isShown(chapter, work));
    return { role: roleIn(work, actor), isPublic, isDeleted: !!work.deletedAt, isTakenDown: !!work.takenDownAt };
  }

  chapterFacts(id: string, actor: Actor | undefined): Facts | undefined {
    const chapter = this.chapters.get(id);
    if (!chapter) return undefined;
    const work = this.works.get(chapter.workId)!;
    return {
      role: roleIn(work, actor),
      isPublic: isShown(chapter, work),
      isDeleted: !!(chapter.deletedAt ?? work.deletedAt),
      isTakenDown: !!(chapter.takenDownAt ?? work.takenDownAt),
    };
  }

  /** The revision that readers see. */
  shownRevision(id: string): number | null {
    const chapter = this.chapters.get(id);
    return chapter && isShown(chapter, this.works.get(chapter.workId)!) ? chapter.publishedRevision : null;
  }

  /** In the order in which they were published. */
  publicationsOf(chapterId: string): PublicationState[] {
    return this.publications.all().filter((one) => one.chapterId === chapterId);
  }

  blocksOf(chapterId: string, number: number): Block[] {
    const pairs = JSON.parse(this.revisions.get(`${chapterId} ${number}`)?.blocks ?? '[]') as [string, string][];
    return pairs.map((pair) => this.blockTexts.get(pair.join(' '))!).map(({ id, kind, text }) => ({ id, kind, text }));
  }
}

const isShown = (chapter: ChapterState, work: WorkState): boolean =>
  chapter.status === 'published' && [chapter, work].every(({ deletedAt, takenDownAt }) => !deletedAt && !takenDownAt);

const roleIn = (work: WorkState, actor: Actor | undefined): WorkRole | null =>
  work.ownerId === actor?.id
    ? 'owner'
    : (!work.deletedAt && work.members.find(({ accountId }) => accountId === actor?.id)?.role) || null;

const newestFirst = (one: { id: string }, other: { id: string }): number => (one.id > other.id ? -1 : 1);

export class InMemoryWorkRepository extends WorkRepository {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async get(id: string): Promise<Work> {
    await this.tables.works.lock(id);
    const row = this.tables.works.get(id);
    if (!row) throw new WorkNotFound();
    return Work.restore(row);
  }

  save(work: Work): Promise<void> {
    return this.tables.works.put(work.id, work.snapshot());
  }

  async facts(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    return this.tables.workFacts(id, actor);
  }

  async ownedBy(accountId: string): Promise<OwnedWork[]> {
    const owned = this.tables.works.all().filter(({ ownerId }) => ownerId === accountId);
    return owned.sort(newestFirst).map(({ id, title, members, deletedAt }) => {
      const chapters = this.tables.chapters.all().filter((chapter) => chapter.workId === id && !chapter.deletedAt);
      const isRead = members.length > 0 || chapters.some(({ status }) => status === 'published');
      return { id, title, members: members.length, isDeleted: deletedAt !== null, isShared: !deletedAt && isRead };
    });
  }

  async withMember(memberId: string): Promise<string[]> {
    const joined = this.tables.works.all().filter(({ members }) => members.some(({ accountId }) => accountId === memberId));
    return joined.map(({ id }) => id);
  }

  async order(workId: string): Promise<ReadingOrder> {
    await this.get(workId);
    const chapters = this.tables.chapters.all().filter((chapter) => chapter.workId === workId);
    return new ReadingOrder(
      chapters
        .map(({ id, rank, deletedAt }) => ({ id, rank, isDeleted: !!deletedAt }))
        .sort((one, other) => (one.rank < other.rank ? -1 : 1)),
    );
  }
}

export class InMemoryInvitationRepository extends InvitationRepository {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async get(id: string): Promise<Invitation> {
    await this.tables.invitations.lock(id);
    const row = this.tables.invitations.get(id);
    if (!row) throw new InvitationNotFound();
    return Invitation.restore(row);
  }

  save(invitation: Invitation): Promise<void> {
    return this.tables.invitations.put(invitation.id, invitation.snapshot());
  }

  async countOpen(workId: string, now: Date): Promise<number> {
    return this.tables.invitations.all().filter((one) => one.workId === workId && one.status === 'open' && one.expiresAt > now)
      .length;
  }

  async openOf(accountId: string): Promise<string[]> {
    const open = this.tables.invitations.all().filter(({ status }) => status === 'open');
    return open.filter(({ inviteeId, invitedBy }) => [inviteeId, invitedBy].includes(accountId)).map(({ id }) => id);
  }
}

export class InMemoryChapterRepository extends ChapterRepository {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async get(id: string): Promise<Chapter> {
    await this.tables.chapters.lock(id);
    const row = this.tables.chapters.get(id);
    if (!row) throw new ChapterNotFound();
    return Chapter.restore(row);
  }

  save(chapter: Chapter): Promise<void> {
    return this.tables.chapters.put(chapter.id, chapter.snapshot());
  }

  async facts(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    return this.tables.chapterFacts(id, actor);
  }

  async workOf(id: string): Promise<string> {
    const row = this.tables.chapters.get(id);
    if (!row) throw new ChapterNotFound();
    return row.workId;
  }

  async publishedOf(workId: string): Promise<string[]> {
    const own = this.tables.chapters.all().filter((chapter) => chapter.workId === workId && chapter.status === 'published');
    return own.filter(({ deletedAt, takenDownAt }) => !deletedAt && !takenDownAt).map(({ id }) => id);
  }

  async saveRanks(chapters: readonly RankedChapter[]): Promise<void> {
    for (const { id, rank } of chapters) {
      await this.tables.chapters.lock(id);
      await this.tables.chapters.put(id, { ...this.tables.chapters.get(id)!, rank });
    }
  }

  async recordPublication(chapterId: string, revision: number, at: Date): Promise<void> {
    const number = this.tables.publicationsOf(chapterId).length + 1;
    await this.tables.publications.put(`${chapterId} ${number}`, { chapterId, number, revision, at, retractedAt: null });
  }

  async recordRetraction(chapterId: string, at: Date): Promise<void> {
    for (const publication of this.tables.publicationsOf(chapterId))
      if (!publication.retractedAt)
        await this.tables.publications.put(`${chapterId} ${publication.number}`, { ...publication, retractedAt: at });
  }
}

export class InMemoryErasure extends Erasure {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async dueChapters(now: Date, limit: number): Promise<string[]> {
    return due(this.tables.chapters.all(), now).slice(0, limit);
  }

  async dueWorks(now: Date, limit: number): Promise<string[]> {
    return due(this.tables.works.all(), now).slice(0, limit);
  }

  async chaptersOf(workId: string, limit: number): Promise<string[]> {
    const own = this.tables.chapters.all().filter((chapter) => chapter.workId === workId);
    return own.slice(0, limit).map(({ id }) => id);
  }

  async worksOf(accountId: string): Promise<string[]> {
    return this.tables.works.all().flatMap(({ id, ownerId }) => (ownerId === accountId ? [id] : []));
  }

  async removeChapter(id: string): Promise<void> {
    const { publications, revisions, blockTexts, chapters } = this.tables;
    for (const one of publications.all()) if (one.chapterId === id) await publications.delete(`${id} ${one.number}`);
    for (const one of revisions.all()) if (one.chapterId === id) await revisions.delete(`${id} ${one.number}`);
    for (const one of blockTexts.all()) if (one.chapterId === id) await blockTexts.delete(`${one.id} ${one.digest}`);
    await chapters.delete(id);
  }

  async removeWork(id: string): Promise<void> {
    const { invitations, works } = this.tables;
    for (const one of invitations.all()) if (one.workId === id) await invitations.delete(one.id);
    await works.delete(id);
  }
}

const due = (rows: readonly (ChapterState | WorkState)[], now: Date): string[] =>
  rows
    .flatMap(({ id, erasedAfter }) => (erasedAfter && erasedAfter <= now ? [{ id, erasedAfter }] : []))
    .sort((one, other) => one.erasedAfter.getTime() - other.erasedAfter.getTime())
    .map(({ id }) => id);

export class InMemoryRevisions extends Revisions {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async head(chapterId: string): Promise<Head | undefined> {
    const chapter = this.tables.chapters.get(chapterId);
    if (!chapter) return undefined;
    const { title, version, headRevision: revision, workId } = chapter;
    const history = this.tables.blockTexts.all().filter((text) => text.chapterId === chapterId);
    return {
      chapterId,
      title,
      version,
      revision,
      language: this.tables.works.get(workId)!.language,
      blocks: JSON.stringify(this.tables.blocksOf(chapterId, revision)),
      history: JSON.stringify(
        history.map(({ id, digest }) => ({ id, digest })).sort((one, other) => (one.id < other.id ? -1 : 1)),
      ),
    };
  }

  async add(...revisions: NewRevision[]): Promise<void> {
    for (const { text, ...revision } of revisions) {
      const { chapterId, number } = revision;
      for (const block of JSON.parse(text.texts) as Omit<BlockTextState, 'chapterId'>[])
        await this.tables.blockTexts.put(`${block.id} ${block.digest}`, { ...block, chapterId });
      const { blocks, lineage, length } = text;
      await this.tables.revisions.put(`${chapterId} ${number}`, { ...revision, blocks, lineage, length });
    }
  }

  async length(chapterId: string, number: number): Promise<number | undefined> {
    return this.tables.revisions.get(`${chapterId} ${number}`)?.length;
  }
}

/** In the calling thread. */
export class DirectRevisionTexts extends RevisionTexts {
  async first(text: texts.Text): Promise<texts.RevisionText> {
    return texts.firstRevision(text);
  }
  async revise(stored: texts.StoredText, text: texts.Text | undefined): Promise<texts.RevisionText> {
    return texts.revise(stored, text);
  }
  async readBook(source: string, format: 'markdown' | 'text', language: string | undefined): Promise<texts.Book> {
    return texts.readBook(source, format, language);
  }
}

/** Takes any bytes for an image and has no quota: what is refused there, the tests of libs/images and of the real storage show. */
export class InMemoryWorkStorage extends WorkStorage {
  /** Keys that a work holds, by work and use. */
  readonly held: InMemoryTable<StoredObject>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.held = unitOfWork.table();
  }

  async storeImage(
    _workId: string,
    _use: ObjectUse,
    upload: Buffer,
    attach: (image: StoredObject) => Promise<void>,
  ): Promise<void> {
    const sha256 = createHash('sha256').update(upload).digest('hex');
    await attach({ key: `covers/${sha256.slice(0, 2)}/${sha256}`, sha256, bytes: upload.length });
  }

  hold(workId: string, use: ObjectUse, object: StoredObject): Promise<void> {
    return this.held.put(`${workId} ${use === 'cover' ? use : object.sha256}`, object);
  }

  release(workId: string, use: ObjectUse, sha256 = ''): Promise<void> {
    return this.held.delete(`${workId} ${use === 'cover' ? use : sha256}`);
  }
}
