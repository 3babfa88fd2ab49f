import type { Actor } from '#libs/kernel/actor';
import { BlockNotInRevision, createAnchor } from '../domain/anchor-creation.js';
import { transferAnchors } from '../domain/anchor-transfer.js';
import type { Anchor } from '../domain/anchoring.js';
import type { Block } from '../domain/blocks.js';
import { ChapterNotFound, RevisionNotFound, RevisionNotPublished } from '../domain/chapter.js';
import { type Action, authorize, can, type Facts } from '../domain/policy.js';
import type { ChapterTables } from '../domain/ports.in-memory.js';
import { type ChapterSummary, Chapters, type Quoted, type QuoteRequest } from './chapters.js';

/** The public API of chapters over the tables of the in-memory repositories. */
export class InMemoryChapters extends Chapters {
  constructor(private readonly tables: ChapterTables) {
    super();
  }

  async summary(id: string): Promise<ChapterSummary | undefined> {
    const chapter = this.tables.chapters.get(id);
    if (!chapter) return undefined;
    const { workId, authorId, headRevision: head, deletedAt } = chapter;
    const work = this.tables.works.get(workId)!;
    if (deletedAt ?? work.deletedAt) return undefined;
    const { language } = work;
    const revision = this.tables.shownRevision(id);
    return { id, workId, authorId, language, head, revision, publication: this.tables.publicationsOf(id).length };
  }

  async title(chapterId: string, revision: number): Promise<string> {
    const row = this.tables.revisions.get(`${chapterId} ${revision}`);
    if (!row) throw new RevisionNotFound();
    return row.title;
  }

  async blocks(chapterId: string, revision: number): Promise<Block[]> {
    return this.tables.blocksOf(chapterId, revision);
  }

  async publications(chapterId: string): Promise<number[]> {
    return this.tables.publicationsOf(chapterId).map(({ revision }) => revision);
  }

  async readableRevisions(chapterId: string): Promise<number[]> {
    if (this.tables.shownRevision(chapterId) === null) return [];
    const open = this.tables.publicationsOf(chapterId).filter(({ retractedAt }) => !retractedAt);
    return [...new Set(open.map(({ revision }) => revision))];
  }

  async transferAnchors(chapterId: string, from: number, to: number, anchors: readonly Anchor[]): Promise<Anchor[]> {
    const revisions = this.tables.revisions.all().filter((revision) => revision.chapterId === chapterId);
    const pairs = (number: number): string => revisions.find((revision) => revision.number === number)?.blocks ?? '[]';
    return transferAnchors(anchors, {
      from: pairs(from),
      to: pairs(to),
      lineages: revisions.filter(({ number }) => number > from && number <= to).map(({ lineage }) => lineage),
      blocks: JSON.stringify(this.tables.blocksOf(chapterId, to)),
    });
  }

  async quote(chapterId: string, { block: id, quote, revision: named }: QuoteRequest): Promise<Quoted | undefined> {
    const chapter = await this.summary(chapterId);
    if (!chapter?.revision) return undefined;
    const revision = named ?? chapter.revision;
    if (!(await this.readableRevisions(chapterId)).includes(revision)) throw new RevisionNotPublished();
    const block = this.tables.blocksOf(chapterId, revision).find((one) => one.id === id.toLowerCase());
    if (!block) throw new BlockNotInRevision();
    return { chapter, revision, text: block.text, anchor: createAnchor(block, quote) };
  }

  async can(actor: Actor | undefined, action: Action, id: string): Promise<boolean> {
    const facts = this.facts(actor, action, id);
    return facts !== undefined && can(actor, action, facts);
  }

  async authorize(actor: Actor | undefined, action: Action, id: string): Promise<void> {
    authorize(actor, action, this.facts(actor, action, id));
  }

  async readableRevisionsOfWork(workId: string): Promise<{ chapterId: string; revision: number }[]> {
    const chapters = this.tables.chapters.all().filter((chapter) => chapter.workId === workId);
    const revisions = await Promise.all(chapters.map(({ id }) => this.readableRevisions(id)));
    return chapters.flatMap(({ id: chapterId }, i) => revisions[i].map((revision) => ({ chapterId, revision })));
  }

  async deletedChapters(workId: string): Promise<string[]> {
    const work = this.tables.works.get(workId);
    const own = this.tables.chapters.all().filter((chapter) => chapter.workId === workId);
    return own.filter(({ deletedAt }) => deletedAt ?? work?.deletedAt).map(({ id }) => id);
  }

  async workTitle(chapterId: string): Promise<string> {
    const chapter = this.tables.chapters.get(chapterId);
    if (!chapter) throw new ChapterNotFound();
    return this.tables.works.get(chapter.workId)!.title;
  }

  async cover(chapterId: string): Promise<string | null> {
    const chapter = this.tables.chapters.get(chapterId);
    return (chapter && this.tables.works.get(chapter.workId)?.cover) ?? null;
  }

  private facts(actor: Actor | undefined, action: Action, id: string): Facts | undefined {
    return action.startsWith('work:') ? this.tables.workFacts(id, actor) : this.tables.chapterFacts(id, actor);
  }
}
