import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import type { Actor } from '#libs/kernel/actor';
import { Accounts } from '../../auth/index.js';
import { ChapterNotFound, Chapters } from '../../chapters/index.js';
import { presentComment, type PresentedComment } from '../application/commenting.js';
import { CommentNotFound, type CommentState } from '../domain/comment.js';
import { can } from '../domain/policy.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';
import type { CountsResponse, ThreadResponse } from './comments.contract.js';

type Row = CommentState & { position: number; replyCount: number; anchor: CommentAnchor | null };

const COLUMNS = `c.id, c.chapter_id AS "chapterId", c.author_id AS "authorId", c.parent_id AS "parentId", c.root_id AS "rootId", c.depth,
       c.body, c.status, c.created_at AS "createdAt", c.taken_down_at AS "takenDownAt", c.taken_down_because AS "takenDownBecause", c.position,
       CASE WHEN r.comment_id IS NOT NULL THEN
         json_build_object('block', r.block, 'status', r.status, 'quote', r.quote, 'span', r.span, 'origin', r.origin) END AS anchor`;

const FROM = `FROM comments.comment c LEFT JOIN comments.comment_anchor r ON r.comment_id = c.id`;

const SELECT = `SELECT ${COLUMNS},
       (WITH RECURSIVE below AS (
          SELECT d.id, d.status FROM comments.comment d WHERE d.parent_id = c.id
          UNION ALL SELECT d.id, d.status FROM comments.comment d JOIN below b ON d.parent_id = b.id)
        SELECT count(*)::int FROM below WHERE below.status = 'shown') AS "replyCount"
  ${FROM}`;

/** The read side of comments: oldest first, in pages, each branch on its own. */
@Injectable()
export class CommentViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly accounts: Accounts,
    private readonly chapters: Chapters,
  ) {}

  async comment(id: string, actor: Actor | undefined): Promise<ThreadResponse> {
    const rows = await this.transaction.query<Row>(`${SELECT} WHERE c.id = $1`, [id]);
    const shown = rows.length ? await this.chapters.readableRevisions(rows[0].chapterId) : [];
    if (!shown.length) throw new CommentNotFound();
    return (await this.answers(rows, shown, actor))[0];
  }

  /** A comment that the actor has just posted. The revision that it quotes was shown a moment ago, so chapters are not asked again. */
  async posted(id: string, actor: Actor): Promise<ThreadResponse> {
    const rows = await this.transaction.query<Row>(`${SELECT} WHERE c.id = $1`, [id]);
    if (!rows.length) throw new CommentNotFound();
    return (await this.answers(rows, rows[0].anchor ? [rows[0].anchor.origin.revision] : [], actor))[0];
  }

  async threads(
    chapterId: string,
    actor: Actor | undefined,
    { block, limit, after }: { block?: string; limit: number; after?: string },
  ): Promise<Page<ThreadResponse>> {
    const shown = await this.chapters.readableRevisions(chapterId);
    if (!shown.length) throw new ChapterNotFound();
    const [last] = readCursor(after, 'int4') ?? [0];
    const rows = await this.transaction.query<Row>(
      block
        ? `${SELECT} WHERE r.chapter_id = $1 AND r.position > $2 AND r.block = $4 ORDER BY r.position LIMIT $3`
        : `${SELECT} WHERE c.chapter_id = $1 AND c.parent_id IS NULL AND c.position > $2 ORDER BY c.position LIMIT $3`,
      [chapterId, last, limit + 1, ...(block ? [block] : [])],
    );
    return this.page(rows, limit, shown, actor);
  }

  async replies(
    commentId: string,
    actor: Actor | undefined,
    { limit, after }: { limit: number; after?: string },
  ): Promise<Page<ThreadResponse>> {
    await this.comment(commentId, actor);
    const [last] = readCursor(after, 'int4') ?? [0];
    const rows = await this.transaction.query<Row>(
      `${SELECT} WHERE c.parent_id = $1 AND c.position > $2 ORDER BY c.position LIMIT $3`,
      [commentId, last, limit + 1],
    );
    return this.page(rows, limit, [], actor); // replies have no anchor of their own
  }

  /** How many comments are shown at each block, replies included, and how many belong to no block: one query. */
  async counts(chapterId: string): Promise<CountsResponse> {
    if (!(await this.chapters.readableRevisions(chapterId)).length) throw new ChapterNotFound();
    const rows = await this.transaction.query<{ block: string | null; detached: boolean; comments: number }>(
      `SELECT CASE WHEN r.status <> 'detached' THEN r.block END AS block, r.status IS NOT DISTINCT FROM 'detached' AS detached,
              count(*)::int AS comments
         FROM comments.comment c LEFT JOIN comments.comment_anchor r ON r.comment_id = c.root_id AND r.chapter_id = $1
        WHERE c.chapter_id = $1 AND c.status = 'shown' GROUP BY 1, 2 ORDER BY 3 DESC`,
      [chapterId],
    );
    const sum = (some: typeof rows): number => some.reduce((total, { comments }) => total + comments, 0);
    return {
      total: sum(rows),
      chapter: sum(rows.filter(({ block, detached }) => block === null && !detached)),
      detached: sum(rows.filter(({ detached }) => detached)),
      blocks: rows.flatMap(({ block, comments }) => (block === null ? [] : [{ block, comments }])),
    };
  }

  /** Comments of one chapter as they are now, for live events of any age: one that was deleted comes without words and name. */
  async byId(ids: readonly string[]): Promise<Map<string, PresentedComment>> {
    const rows = await this.transaction.query<Omit<Row, 'replyCount'>>(`SELECT ${COLUMNS} ${FROM} WHERE c.id = ANY($1)`, [ids]);
    if (!rows.length) return new Map();
    const comments = await this.presented(rows, await this.chapters.readableRevisions(rows[0].chapterId), undefined);
    return new Map(comments.map((comment) => [comment.id, comment]));
  }

  private async page(
    rows: Row[],
    limit: number,
    shownRevisions: number[],
    actor: Actor | undefined,
  ): Promise<Page<ThreadResponse>> {
    const answers = await this.answers(rows, shownRevisions, actor);
    return page(
      rows,
      limit,
      (row) => [row.position],
      (row) => answers[rows.indexOf(row)],
    );
  }

  private async answers(rows: Row[], shownRevisions: number[], actor: Actor | undefined): Promise<ThreadResponse[]> {
    const comments = await this.presented(rows, shownRevisions, actor);
    return comments.map((comment, i) => ({ ...comment, replyCount: rows[i].replyCount }));
  }

  /** Answers hold no words of a retracted revision: neither the paragraph nor the quotation. */
  private async presented(
    rows: Omit<Row, 'replyCount'>[],
    shownRevisions: number[],
    actor: Actor | undefined,
  ): Promise<PresentedComment[]> {
    const authors = await this.accounts.summaries(rows.map((row) => row.authorId));
    return rows.map((row) => {
      const isOwn = row.authorId === actor?.id;
      const seesTakenDown = can(actor, 'comment:read-taken-down', { isOpen: true, isOwn, moderates: false });
      return presentComment(row, authors.get(row.authorId), row.anchor ?? undefined, shownRevisions, seesTakenDown);
    });
  }
}
