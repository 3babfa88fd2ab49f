import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';

const BATCH = 1_000;

/** An Idempotency-Key is remembered for 24 hours. */
@Injectable()
export class IdempotencyRetention {
  constructor(private readonly transaction: Transaction) {}

  @Chore('purge-idempotency', '1 h')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM http.idempotency_record WHERE key = ANY (ARRAY(
           SELECT key FROM http.idempotency_record WHERE at < now() - interval '24 hours' ORDER BY at LIMIT ${BATCH}))`,
      ),
    );
  }
}
