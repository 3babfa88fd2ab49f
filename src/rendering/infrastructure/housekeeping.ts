/** When the sweep runs: every hour in one of the workers, told apart by a lease in Postgres; and each worker tidies its own disk. */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { Transaction } from '#libs/database/transaction';
import { ObjectStore } from '#libs/storage/object-store';
import { Sweep } from './sweep.js';
import { clearUnused } from './unused.js';

const TICK_MS = 60_000;
const EVERY = `interval '1 hour'`;
const LEASE = `interval '5 minutes'`;
const HOUR = 3_600;
const BATCH = 500;
/** An upload takes minutes; what was begun a day ago is nobody's. */
const UNFINISHED_MS = 24 * HOUR * 1_000;

@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Housekeeping');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly config: Config,
    private readonly transaction: Transaction,
    private readonly objects: ObjectStore,
    private readonly sweep: Sweep,
  ) {}

  onApplicationBootstrap(): void {
    const tick = (): void => {
      this.running ??= this.round()
        .catch((error: Error) => this.log.warn(`put off: ${error.message}`))
        .finally(() => (this.running = undefined));
    };
    this.timer = setInterval(tick, TICK_MS);
    tick();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    await clearUnused(this.config.home);
    if (!(await this.take())) return;
    const patience = {
      retentionSeconds: this.config.artefactDays * 24 * HOUR,
      graceSeconds: HOUR,
      strangerSeconds: 24 * HOUR,
      batch: BATCH,
    };
    const swept = await this.sweep.run(patience, () => this.keep());
    const uploads = await this.objects.clearUnfinished(new Date(Date.now() - UNFINISHED_MS));
    if (swept.givenUp || swept.objects || uploads)
      this.log.log(`${swept.givenUp} artefacts, ${swept.objects} objects and ${uploads} unfinished uploads were swept away`);
    if (!this.stopped)
      await this.transaction.query(
        `UPDATE rendering.chore SET next_at = now() + ${EVERY}, lease_until = NULL WHERE name = 'sweep'`,
      );
  }

  private async take(): Promise<boolean> {
    const mine = await this.transaction.query(
      `INSERT INTO rendering.chore AS chore (name, next_at, lease_until) VALUES ('sweep', now(), now() + ${LEASE})
       ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until
        WHERE chore.next_at <= now() AND (chore.lease_until IS NULL OR chore.lease_until < now()) RETURNING name`,
    );
    return mine.length > 0;
  }

  private async keep(): Promise<boolean> {
    if (this.stopped) return false;
    await this.transaction.query(`UPDATE rendering.chore SET lease_until = now() + ${LEASE} WHERE name = 'sweep'`);
    return true;
  }
}
