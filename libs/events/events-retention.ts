import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';

const BATCH = 1_000;

/** The timeline of events reaches back 90 days. An event that somebody must still handle stays until it is handled or a year old. */
@Injectable()
export class EventsRetention {
  constructor(private readonly transaction: Transaction) {}

  /** Their deliveries go with them. */
  @Chore('purge-events', '1 h')
  purge(run: ChoreRun): Promise<number> {
    return run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM events.event WHERE id = ANY (ARRAY(
           SELECT e.id FROM events.event e
            WHERE e.at < now() - interval '90 days'
              AND (e.at < now() - interval '365 days'
                   OR NOT EXISTS (SELECT FROM events.delivery d WHERE d.event = e.id AND d.handled_at IS NULL))
            ORDER BY e.at LIMIT ${BATCH}))`,
      ),
    );
  }
}
