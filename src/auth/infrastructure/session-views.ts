import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import type { SessionSummaryResponse } from './sessions.contract.js';

type Row = Omit<SessionSummaryResponse, 'current'>;

const NEWEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Sessions as their owner and admins see them. */
@Injectable()
export class SessionViews {
  constructor(private readonly transaction: Transaction) {}

  /** Newest first. @param current the session that asks. @param all with those that have ended. */
  async ofAccount(
    accountId: string,
    { all = false, current, limit, after }: { all?: boolean; current?: string; limit: number; after?: string },
  ): Promise<Page<SessionSummaryResponse>> {
    const [before] = readCursor(after, 'uuid') ?? [NEWEST];
    const rows = await this.transaction.query<Row>(
      `SELECT id, device, created_at AS "createdAt", rotated_at AS "refreshedAt", expires_at AS "expiresAt",
              ended_at AS "endedAt", ended_because AS "endedBecause"
         FROM auth.session
        WHERE account_id = $1 AND id < $2 AND ($3 OR (ended_at IS NULL AND expires_at > now()))
        ORDER BY id DESC LIMIT $4`,
      [accountId, before, all, limit + 1],
    );
    return page(
      rows,
      limit,
      (row) => [row.id],
      (row) => ({ ...row, current: row.id === current }),
    );
  }

  /** Whether a session is open and its account an admin, now. */
  async isOfAdmin(sessionId: string): Promise<boolean> {
    const found = await this.transaction.query(
      `SELECT FROM auth.session s JOIN auth.account a ON a.id = s.account_id
        WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND a.role = 'admin'`,
      [sessionId],
    );
    return found.length > 0;
  }
}
