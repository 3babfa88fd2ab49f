import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';

const BATCH = 1_000;

/**
 * Live events are kept for 90 days. The heads of the streams stay, so that numbers never start again.
 *
 * Each batch removes the beginning of some streams, in one statement: what is left of a stream has no gap, so a reader either gets all
 * events after its number or sees that the next one is gone, and is told to start anew.
 */
@Injectable()
export class LiveRetention {
  constructor(private readonly transaction: Transaction) {}

  @Chore('purge-live-events', '1 h')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `WITH old AS (SELECT key, seq FROM live.event WHERE at < now() - interval '90 days' ORDER BY at, key, seq LIMIT ${BATCH}),
              beginning AS (SELECT key, max(seq) AS last FROM old GROUP BY key)
         DELETE FROM live.event WHERE ctid = ANY (ARRAY(
           SELECT e.ctid FROM beginning AS b CROSS JOIN LATERAL (
             SELECT x.ctid FROM live.event AS x WHERE x.key = b.key AND x.seq <= b.last OFFSET 0) AS e))`,
      ),
    );
  }
}
