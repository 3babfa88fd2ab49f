import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Transaction } from '#libs/database/transaction';
import { Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { ChoreListResponse, type ChoreResponse } from './chores.contract.js';

@ApiTags('admin')
@Controller('v1/admin/chores')
export class ChoresController {
  constructor(private readonly transaction: Transaction) {}

  /** Recurring work (purges, sweeps, erasure): when it runs next, and how the last runs ended. */
  @Get()
  @RateLimit('read')
  @Scope('admin')
  async listChores(): Promise<ChoreListResponse> {
    const items = await this.transaction.query<ChoreResponse>(
      `SELECT c.name, c.every, c.next_at AS "nextAt", coalesce(c.lease_until > now(), false) AS "isRunning",
              (SELECT coalesce(json_agg(r ORDER BY r.number DESC), '[]') FROM (
                 SELECT number, ${utc('started_at')} AS "startedAt", ${utc('ended_at')} AS "endedAt", handled, error
                   FROM scheduling.chore_run WHERE chore = c.name ORDER BY number DESC LIMIT 10) r) AS runs
         FROM scheduling.chore c ORDER BY c.name`,
    );
    return { items };
  }
}

/** JSON made by PostgreSQL would write times in the session's time zone. */
const utc = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
