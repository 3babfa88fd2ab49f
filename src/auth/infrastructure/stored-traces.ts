import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { IdempotencyRecords } from '#libs/http/idempotency-records';
import { AccountTraces } from '../domain/ports.js';
import { SessionRow } from './auth.rows.js';

/** Sessions, which hold the User-Agent, and answers to requests with an Idempotency-Key, some of which hold name and e-mail. */
@Injectable()
export class StoredTraces extends AccountTraces {
  constructor(
    private readonly transaction: Transaction,
    private readonly records: IdempotencyRecords,
  ) {
    super();
  }

  async remove(accountId: string): Promise<void> {
    await this.transaction.writing.delete(SessionRow, { accountId });
    await this.records.removeOf(accountId);
  }
}
