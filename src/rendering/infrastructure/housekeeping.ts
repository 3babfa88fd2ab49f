/** What rendering removes: the sweep's artefacts and objects, each worker's own files that nobody uses, and rows that no film needs. */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';
import { ObjectStore } from '#libs/storage/object-store';
import { Sweep } from './sweep.js';
import { clearUnused } from './unused.js';

const HOUR = 3_600;
const BATCH = 500;
/** An upload takes minutes; one that began a day ago was given up. */
const UNFINISHED_MS = 24 * HOUR * 1_000;

@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Housekeeping');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: Config,
    private readonly transaction: Transaction,
    private readonly objects: ObjectStore,
    private readonly sweep: Sweep,
  ) {}

  /** Every worker has a disk of its own, so this is no chore. */
  onApplicationBootstrap(): void {
    const clear = (): void =>
      void clearUnused(this.config.home).catch((error: Error) => this.log.warn(`Unused files stay: ${error.message}`));
    this.timer = setInterval(clear, HOUR * 1_000);
    clear();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  @Chore('sweep-film-objects', '1 h')
  async sweepObjects(run: ChoreRun): Promise<number> {
    const patience = {
      retentionSeconds: this.config.artefactDays * 24 * HOUR,
      graceSeconds: HOUR,
      strangerSeconds: 24 * HOUR,
      batch: BATCH,
    };
    const swept = await this.sweep.run(patience, () => run.goOn());
    const uploads = await this.objects.clearUnfinished(new Date(Date.now() - UNFINISHED_MS));
    return swept.givenUp + swept.objects + uploads;
  }

  @Chore('purge-films', '1 d')
  async purge(run: ChoreRun): Promise<number> {
    let sum = 0;
    for (const sql of PURGES) sum += await run.batches(BATCH, () => deleted(this.transaction, sql));
    return sum;
  }
}

/**
 * In this order: scenes go with their film, attempts with their artefact. `= ANY (ARRAY(…))` goes by an index, where `IN (…)` may read
 * the whole table to join it.
 */
const PURGES = [
  `DELETE FROM rendering.rendition WHERE id = ANY (ARRAY(
     SELECT id FROM rendering.rendition WHERE state IN ('failed', 'cancelled') AND finished_at < now() - interval '90 days' LIMIT ${BATCH}))`,
  `DELETE FROM rendering.artefact WHERE key = ANY (ARRAY(
     SELECT a.key FROM rendering.artefact a
      WHERE a.status = 'wanted' AND a.created_at < now() - interval '90 days' AND (a.lease_until IS NULL OR a.lease_until < now())
        AND NOT EXISTS (SELECT FROM rendering.part p WHERE p.sound_key = a.key)
        AND NOT EXISTS (SELECT FROM rendering.part p WHERE p.segment_key = a.key) LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`,
  `DELETE FROM rendering.attempt WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM rendering.attempt WHERE ended_at < now() - interval '90 days' LIMIT ${BATCH}))`,
  `DELETE FROM rendering.fitted WHERE key = ANY (ARRAY(
     SELECT key FROM rendering.fitted WHERE fitted_at < now() - interval '365 days' LIMIT ${BATCH}))`,
  // the newest stays: estimates are made with it while no worker runs
  `DELETE FROM rendering.studio WHERE seen_at < now() - interval '30 days' AND seen_at < (SELECT max(seen_at) FROM rendering.studio)`,
  `DELETE FROM rendering.tools WHERE seen_at < now() - interval '30 days' AND seen_at < (SELECT max(seen_at) FROM rendering.tools)`,
];
