import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import { presentTakeDown } from '#libs/http/take-down.contract';
import { MAX_INT4 } from '#libs/http/whole-number';
import type { Actor } from '#libs/kernel/actor';
import type { TakeDownState } from '#libs/kernel/take-down';
import { WorkerPool } from '#libs/worker-pool/worker-pool';
import { type ChapterSummary, Chapters, type Quoted, type QuoteRequest } from '../application/chapters.js';
import type { Anchor } from '../domain/anchoring.js';
import type { Block } from '../domain/blocks.js';
import { ChapterNotFound, RevisionNotFound, RevisionNotPublished } from '../domain/chapter.js';
import { type Action, authorize, can, type Facts, readerId } from '../domain/policy.js';
import { BlockNotInRevision, createAnchor } from '../domain/anchor-creation.js';
import { AccessFacts } from './access-facts.js';
import type { ChapterItem, DraftResponse, RevisionResponse, RevisionItem } from './chapters.contract.js';
import { anchorTransfer, markdownWriting } from './text.tasks.js';

/** As many searches for changed words take two seconds at most. */
const ANCHORS_AT_ONCE = 200;

const SUMMARY = `c.id, c.work_id AS "workId", c.author_id AS "authorId", w.language, c.head_revision AS head,
              CASE WHEN chapters.is_public(c, w) THEN c.published_revision END AS revision,
              (SELECT coalesce(max(p.number), 0) FROM chapters.publication p WHERE p.chapter_id = c.id) AS publication`;

const NOT_DELETED = `c.deleted_at IS NULL AND w.deleted_at IS NULL`;

const NOTHING: Facts = { role: null, isPublic: false };

/** The read side of chapters: SQL that returns the answers of the API and of `Chapters`. */
@Injectable()
export class ChapterViews extends Chapters {
  constructor(
    private readonly transaction: Transaction,
    private readonly access: AccessFacts,
    private readonly pool: WorkerPool,
  ) {
    super();
  }

  async summary(chapterId: string, held?: 'held'): Promise<ChapterSummary | undefined> {
    const [row] = await this.transaction.query<ChapterSummary>(
      `SELECT ${SUMMARY} FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id
        WHERE c.id = $1 AND ${NOT_DELETED} ${held ? 'FOR KEY SHARE OF c' : ''}`,
      [chapterId],
    );
    return row;
  }

  async title(chapterId: string, revision: number): Promise<string> {
    const [row] = await this.transaction.query<{ title: string }>(
      `SELECT title FROM chapters.revision WHERE chapter_id = $1 AND number = $2`,
      [chapterId, revision],
    );
    if (!row) throw new RevisionNotFound();
    return row.title;
  }

  async blocks(chapterId: string, revision: number): Promise<Block[]> {
    const rows = await this.transaction.query<Block>(
      `SELECT t.block AS id, t.kind, t.text
         FROM chapters.revision r
        CROSS JOIN LATERAL jsonb_array_elements(r.blocks) WITH ORDINALITY AS b(pair, n)
         JOIN chapters.block_text t ON t.block = (b.pair->>0)::uuid AND t.digest = b.pair->>1
        WHERE r.chapter_id = $1 AND r.number = $2 ORDER BY b.n`,
      [chapterId, revision],
    );
    return rows;
  }

  async publications(chapterId: string): Promise<number[]> {
    const rows = await this.transaction.query<{ revision: number }>(
      `SELECT revision FROM chapters.publication WHERE chapter_id = $1 ORDER BY number`,
      [chapterId],
    );
    return rows.map((row) => row.revision);
  }

  async readableRevisions(chapterId: string): Promise<number[]> {
    const rows = await this.transaction.query<{ revision: number }>(
      `SELECT DISTINCT p.revision
         FROM chapters.publication p
         JOIN chapters.chapter c ON c.id = p.chapter_id
         JOIN chapters.work w ON w.id = c.work_id
        WHERE p.chapter_id = $1 AND p.retracted_at IS NULL AND chapters.is_public(c, w)`,
      [chapterId],
    );
    return rows.map((row) => row.revision);
  }

  readableRevisionsOfWork(workId: string): Promise<{ chapterId: string; revision: number }[]> {
    return this.transaction.query(
      `SELECT DISTINCT p.chapter_id AS "chapterId", p.revision
         FROM chapters.publication p
         JOIN chapters.chapter c ON c.id = p.chapter_id
         JOIN chapters.work w ON w.id = c.work_id
        WHERE w.id = $1 AND p.retracted_at IS NULL AND chapters.is_public(c, w)`,
      [workId],
    );
  }

  async deletedChapters(workId: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT c.id FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id WHERE w.id = $1 AND NOT (${NOT_DELETED})`,
      [workId],
    );
    return rows.map(({ id }) => id);
  }

  async workTitle(chapterId: string): Promise<string> {
    const [row] = await this.transaction.query<{ title: string }>(
      `SELECT w.title FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id WHERE c.id = $1`,
      [chapterId],
    );
    if (!row) throw new ChapterNotFound();
    return row.title;
  }

  async transferAnchors(chapterId: string, from: number, to: number, anchors: readonly Anchor[]): Promise<Anchor[]> {
    if (anchors.length === 0) return [];
    // as JSON text, which is parsed in the thread that needs it
    const rows = await this.transaction.query<{ number: number; blocks: string; lineage: string }>(
      `SELECT number, blocks::text, lineage::text FROM chapters.revision
        WHERE chapter_id = $1 AND number BETWEEN least($2::int, $3::int) AND greatest($2::int, $3::int) ORDER BY number`,
      [chapterId, from, to],
    );
    const [texts] = await this.transaction.query<{ blocks: string }>(
      `SELECT coalesce(json_agg(json_build_object('id', t.block, 'text', t.text)), '[]')::text AS blocks
         FROM chapters.revision r
        CROSS JOIN LATERAL jsonb_array_elements(r.blocks) AS b(pair)
         JOIN chapters.block_text t ON t.block = (b.pair->>0)::uuid AND t.digest = b.pair->>1
        WHERE r.chapter_id = $1 AND r.number = $2`,
      [chapterId, to],
    );
    const pairs = (number: number): string => rows.find((row) => row.number === number)?.blocks ?? '[]';
    const lineages = rows.filter(({ number }) => number > from && number <= to).map(({ lineage }) => lineage);
    const step = { from: pairs(from), to: pairs(to), lineages, blocks: texts.blocks };
    const transferred: Anchor[] = [];
    for (let at = 0; at < anchors.length; at += ANCHORS_AT_ONCE) {
      const some = anchors.slice(at, at + ANCHORS_AT_ONCE);
      for (const anchor of await this.pool.run(anchorTransfer, { anchors: some, step })) transferred.push(anchor);
    }
    return transferred;
  }

  async quote(chapterId: string, { block: id, quote, revision: named }: QuoteRequest): Promise<Quoted | undefined> {
    // a revision is shown when it was published and not taken back since
    const [row] = await this.transaction.query<
      ChapterSummary & { shown: number | null; kind: Block['kind'] | null; text: string }
    >(
      `SELECT ${SUMMARY}, shown.revision AS shown, t.kind, t.text
         FROM chapters.chapter c
         JOIN chapters.work w ON w.id = c.work_id
         LEFT JOIN LATERAL (SELECT p.revision FROM chapters.publication p
                             WHERE p.chapter_id = c.id AND p.retracted_at IS NULL AND chapters.is_public(c, w)
                               AND p.revision = coalesce($2, c.published_revision) LIMIT 1) shown ON true
         LEFT JOIN chapters.revision r ON r.chapter_id = c.id AND r.number = shown.revision
         LEFT JOIN LATERAL jsonb_path_query_first(r.blocks, 'strict $[*] ? (@[0] == $id)', jsonb_build_object('id', $3::text)) AS pair ON true
         LEFT JOIN chapters.block_text t ON t.block = (pair->>0)::uuid AND t.digest = pair->>1
        WHERE c.id = $1 AND ${NOT_DELETED} FOR KEY SHARE OF c`,
      [chapterId, named ?? null, id.toLowerCase()],
    );
    if (!row?.revision) return undefined;
    const { shown, kind, text, ...chapter } = row;
    if (shown === null) throw new RevisionNotPublished();
    if (kind === null) throw new BlockNotInRevision();
    return { chapter, revision: shown, text, anchor: createAnchor({ id: id.toLowerCase(), kind, text }, quote) };
  }

  async can(actor: Actor | undefined, action: Action, id: string): Promise<boolean> {
    const facts = await this.facts(actor, action, id);
    return facts !== undefined && can(actor, action, facts);
  }

  async authorize(actor: Actor | undefined, action: Action, id: string): Promise<void> {
    authorize(actor, action, await this.facts(actor, action, id));
  }

  private facts(actor: Actor | undefined, action: Action, id: string): Promise<Facts | undefined> {
    return action.startsWith('work:') ? this.access.work(id, actor) : this.access.chapter(id, actor);
  }

  async cover(chapterId: string): Promise<string | null> {
    const [row] = await this.transaction.query<{ cover: string | null }>(
      `SELECT w.cover FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id WHERE c.id = $1`,
      [chapterId],
    );
    return row?.cover ?? null;
  }

  /** Chapters of a work in reading order, drafts for those who may read them. */
  async ofWork(workId: string, actor: Actor | undefined, limit: number, after: string | undefined): Promise<Page<ChapterItem>> {
    const [rank] = readCursor(after, 'string') ?? [''];
    const readsDrafts = can(actor, 'chapter:read-draft', { ...NOTHING, ...(await this.access.work(workId, actor)) });
    const rows = await this.transaction.query<Omit<ChapterItem, 'takenDown'> & TakeDownState & { rank: string }>(
      `SELECT c.id, c.rank, c.status, c.taken_down_at AS "takenDownAt", c.taken_down_because AS "takenDownBecause",
              c.published_revision AS revision, c.published_at AS "publishedAt",
              CASE WHEN $5 THEN c.title ELSE coalesce(r.title, c.title) END AS title,
              coalesce(r.length, 0) AS characters
         FROM chapters.visible_chapters($2) c
         LEFT JOIN chapters.revision r
           ON r.chapter_id = c.id AND r.number = CASE WHEN $5 THEN c.head_revision ELSE c.published_revision END
        WHERE c.work_id = $1 AND c.rank > $3::text COLLATE "C"
        ORDER BY c.rank LIMIT $4`,
      [workId, readerId(actor), rank, limit + 1, readsDrafts],
    );
    return page(
      rows,
      limit,
      (row) => [row.rank],
      ({ rank: _, takenDownAt, takenDownBecause, ...item }) => ({
        ...item,
        takenDown: presentTakeDown({ takenDownAt, takenDownBecause }),
      }),
    );
  }

  /** The newest revision, with the version to send back as If-Match. */
  async draft(chapterId: string, actor: Actor): Promise<DraftResponse> {
    await this.authorize(actor, 'chapter:read-draft', chapterId);
    const [row] = await this.transaction.query<Omit<DraftResponse, 'blocks' | 'takenDown'> & TakeDownState>(
      `SELECT c.id, c.work_id AS "workId", c.title, c.status, c.head_revision AS revision,
              c.published_revision AS "publishedRevision", r.length AS characters, c.updated_at AS "updatedAt", c.version,
              c.taken_down_at AS "takenDownAt", c.taken_down_because AS "takenDownBecause"
         FROM chapters.chapter c JOIN chapters.revision r ON r.chapter_id = c.id AND r.number = c.head_revision WHERE c.id = $1`,
      [chapterId],
    );
    if (!row) throw new ChapterNotFound();
    const { takenDownAt, takenDownBecause, ...draft } = row;
    const takenDown = presentTakeDown({ takenDownAt, takenDownBecause });
    return { ...draft, takenDown, blocks: await this.blocks(chapterId, row.revision) };
  }

  /** One revision, for those who write the chapter. */
  async revision(chapterId: string, number: number, actor: Actor): Promise<RevisionResponse> {
    await this.authorize(actor, 'chapter:read-history', chapterId);
    const [row] = await this.transaction.query<Omit<RevisionResponse, 'blocks'>>(
      `SELECT number, parent, title, created_at AS "createdAt", lineage FROM chapters.revision WHERE chapter_id = $1 AND number = $2`,
      [chapterId, number],
    );
    if (!row) throw new RevisionNotFound();
    return { ...row, blocks: await this.blocks(chapterId, number) };
  }

  /** In the worker pool, as writing the longest chapter takes 45 ms. */
  markdown(blocks: readonly Block[], signal: AbortSignal): Promise<string> {
    return this.pool.run(markdownWriting, blocks, { signal });
  }

  /** Newest first. */
  async revisions(chapterId: string, actor: Actor, limit: number, after: string | undefined): Promise<Page<RevisionItem>> {
    await this.authorize(actor, 'chapter:read-history', chapterId);
    const [before] = readCursor(after, 'int4') ?? [MAX_INT4];
    const rows = await this.transaction.query<RevisionItem>(
      `SELECT number, parent, title, length AS characters, jsonb_array_length(blocks) AS blocks, created_at AS "createdAt",
              (SELECT count(*)::int FROM jsonb_array_elements(lineage) AS l WHERE l->>'change' <> 'kept') AS changes
         FROM chapters.revision WHERE chapter_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3`,
      [chapterId, before, limit + 1],
    );
    return page(
      rows,
      limit,
      (row) => [row.number],
      (row) => row,
    );
  }
}
