import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';

const BATCH = 1_000;

/** Ended and expired sessions are kept for 30 days. Revocations are purged where they are polled (revocation-watch.ts). */
@Injectable()
export class SessionRetention {
  constructor(private readonly transaction: Transaction) {}

  @Chore('purge-sessions', '1 h')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM auth.session WHERE id = ANY (ARRAY(
           SELECT id FROM auth.session WHERE least(ended_at, expires_at) < now() - interval '30 days' LIMIT ${BATCH}))`,
      ),
    );
  }
}
