import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import { presentTakeDown } from '#libs/http/take-down.contract';
import type { Actor } from '#libs/kernel/actor';
import type { TakeDownState } from '#libs/kernel/take-down';
import { Accounts } from '../../auth/index.js';
import { readerId } from '../domain/policy.js';
import { WorkNotFound } from '../domain/work.js';
import type { WorkResponse } from './chapters.contract.js';

type WorkRow = Omit<WorkResponse, 'author' | 'takenDown'> & TakeDownState & { ownerId: string; cursor: string };

const SELECT = `SELECT w.id, w.owner_id AS "ownerId", w.title, w.summary, w.language, w.cover IS NOT NULL AS "hasCover", w.created_at AS "createdAt",
       w.version, to_char(w.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor,
       (SELECT count(*)::int FROM chapters.chapter c WHERE c.work_id = w.id AND chapters.is_public(c, w)) AS chapters,
       w.taken_down_at AS "takenDownAt", w.taken_down_because AS "takenDownBecause"`;

@Injectable()
export class WorkViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly accounts: Accounts,
  ) {}

  async work(workId: string, actor: Actor | undefined): Promise<WorkResponse> {
    const rows = await this.transaction.query<WorkRow>(`${SELECT} FROM chapters.visible_works($1) w WHERE w.id = $2`, [
      readerId(actor),
      workId,
    ]);
    const [work] = await this.withAuthors(rows);
    if (!work) throw new WorkNotFound();
    return work;
  }

  /** Newest first; `mine` only those that the account owns or is a member of. */
  async works(actor: Actor | undefined, mine: boolean, limit: number, after: string | undefined): Promise<Page<WorkResponse>> {
    const [time, id] = readCursor(after, 'time', 'uuid') ?? ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<WorkRow>(
      `${SELECT} FROM ${mine ? 'chapters.works_of' : 'chapters.visible_works'}($1) w WHERE (w.created_at, w.id) < ($2::timestamptz, $3::uuid)
        ORDER BY w.created_at DESC, w.id DESC LIMIT $4`,
      [readerId(actor), time, id, limit + 1],
    );
    const works = await this.withAuthors(rows);
    return page(
      rows,
      limit,
      (row) => [row.cursor, row.id],
      (row) => works[rows.indexOf(row)],
    );
  }

  async cover(workId: string, actor: Actor | undefined): Promise<string> {
    const [row] = await this.transaction.query<{ cover: string | null }>(
      `SELECT w.cover FROM chapters.visible_works($1) w WHERE w.id = $2`,
      [readerId(actor), workId],
    );
    if (!row?.cover) throw new WorkNotFound();
    return row.cover;
  }

  private async withAuthors(rows: WorkRow[]): Promise<WorkResponse[]> {
    const authors = await this.accounts.summaries(rows.map((row) => row.ownerId));
    return rows.map(({ ownerId, cursor: _, takenDownAt, takenDownBecause, ...row }) => ({
      ...row,
      author: authors.get(ownerId) ?? null,
      takenDown: presentTakeDown({ takenDownAt, takenDownBecause }),
    }));
  }
}
