import { Injectable } from '@nestjs/common';
import { deleted } from '#libs/database/deleted';
import { Transaction } from '#libs/database/transaction';
import { Chore, type ChoreRun } from '#libs/scheduling/chore';
import { ObjectStore } from '#libs/storage/object-store';
import { IMAGES, lockObject } from './object-storage.js';

const BATCH = 500;
/** An upload takes minutes: what belongs to nobody a day later was replaced, or its upload never ended. */
const GRACE_MS = 24 * 60 * 60 * 1_000;

/** Deletes covers and pictures that no work has any more. */
@Injectable()
export class ImageSweep {
  constructor(
    private readonly transaction: Transaction,
    private readonly objects: ObjectStore,
  ) {}

  @Chore('sweep-images', '1 d')
  async sweep(run: ChoreRun): Promise<number> {
    await run.batches(BATCH, () =>
      deleted(
        this.transaction,
        `DELETE FROM chapters.stored_object WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM chapters.stored_object
            WHERE slot LIKE 'upload:%' AND stored_at < now() - interval '1 day' LIMIT ${BATCH}))`,
      ),
    );
    let count = 0;
    let old: string[] = [];
    const sweepOld = async (): Promise<boolean> => {
      for (const key of await this.unnamed(old)) if (await this.deleteUnnamed(key)) count++;
      old = [];
      return run.goOn();
    };
    for await (const { key, modifiedAt } of this.objects.list(IMAGES)) {
      if (Date.now() - modifiedAt.getTime() > GRACE_MS) old.push(key);
      if (old.length === BATCH && !(await sweepOld())) return count;
    }
    await sweepOld();
    return count;
  }

  private async unnamed(keys: readonly string[]): Promise<string[]> {
    const rows = await this.transaction.query<{ key: string }>(
      `SELECT key FROM unnest($1::text[]) AS stored(key)
        WHERE NOT EXISTS (SELECT FROM chapters.stored_object o WHERE o.object_key = stored.key)`,
      [keys],
    );
    return rows.map(({ key }) => key);
  }

  /** Under the lock that an upload of the same bytes takes before it names the object: so it stores them anew afterwards. */
  private deleteUnnamed(key: string): Promise<boolean> {
    return this.transaction.run(async () => {
      await lockObject(this.transaction, key);
      if (!(await this.unnamed([key])).length) return false;
      await this.objects.delete(key);
      return true;
    });
  }
}
