import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import type { Actor } from '#libs/kernel/actor';
import type { BinItem } from './bin.contract.js';

@Injectable()
export class BinViews {
  constructor(private readonly transaction: Transaction) {}

  /** What the account can restore, the newest deletion first. */
  async bin(actor: Actor, limit: number, after: string | undefined): Promise<Page<BinItem>> {
    const [time, id] = readCursor(after, 'time', 'uuid') ?? ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<BinItem & { cursor: string }>(
      `SELECT b.kind, b.id, b.work_id AS "workId", b.title, b.deleted_at AS "deletedAt", b.erased_after AS "erasedAfter",
              to_char(b.deleted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor
         FROM chapters.bin_of($1) b WHERE (b.deleted_at, b.id) < ($2::timestamptz, $3::uuid)
        ORDER BY b.deleted_at DESC, b.id DESC LIMIT $4`,
      [actor.id, time, id, limit + 1],
    );
    return page(
      rows,
      limit,
      (row) => [row.cursor, row.id],
      ({ cursor: _, ...item }) => item,
    );
  }
}
