import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';

const BATCH = 1_000;

/** Live events are kept for 90 days. The heads of the streams stay, so that numbers never start again. */
@Injectable()
export class LiveRetention {
  constructor(private readonly transaction: Transaction) {}

  @Chore('purge-live-events', '1 h')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM live.event WHERE (key, seq) IN (
           SELECT key, seq FROM live.event WHERE at < now() - interval '90 days' LIMIT ${BATCH})`,
      ),
    );
  }
}
