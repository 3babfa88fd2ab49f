import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { deleted } from '#libs/database/deleted';
import { Chore, type ChoreRun } from './chore.js';

const BATCH = 1_000;

/** Runs are listed for 30 days. */
@Injectable()
export class SchedulingRetention {
  constructor(private readonly transaction: Transaction) {}

  @Chore('purge-chore-runs', '1 d')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM scheduling.chore_run WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM scheduling.chore_run WHERE started_at < now() - interval '30 days' LIMIT ${BATCH}))`,
      ),
    );
  }
}
