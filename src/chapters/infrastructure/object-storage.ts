import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { Transaction } from '#libs/database/transaction';
import { ImageReencoder } from '#libs/images/image-reencoder';
import { newId } from '#libs/kernel/id';
import { ObjectStore } from '#libs/storage/object-store';
import { type ObjectUse, type StoredObject, WorkStorage } from '../domain/ports.js';
import { StorageQuotaExceeded } from '../domain/work.js';

/** Every key of a cover or a picture starts so. */
export const IMAGES = 'covers/';

/**
 * Files of works, by the hash of their bytes, and the rows of chapters.stored_object that say which work has which. A row stands before
 * the bytes do, so an object without a row is nobody's.
 */
@Injectable()
export class ObjectStorage extends WorkStorage {
  constructor(
    private readonly objects: ObjectStore,
    private readonly images: ImageReencoder,
    private readonly transaction: Transaction,
    private readonly config: Config,
  ) {
    super();
  }

  async storeImage(
    workId: string,
    use: ObjectUse,
    upload: Buffer,
    attach: (image: StoredObject) => Promise<void>,
  ): Promise<void> {
    await this.refuseWhenFull(workId); // before an image is decoded in vain
    const { bytes, contentType } = await this.images.reencode(upload);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const image = { key: `${IMAGES}${sha256.slice(0, 2)}/${sha256}`, sha256, bytes: bytes.length };
    const reservation = await this.reserve(workId, use, image);
    try {
      await this.objects.put(image.key, bytes, { contentType, sha256 });
      await attach(image);
    } finally {
      await this.transaction.query(`DELETE FROM chapters.stored_object WHERE work_id = $1 AND slot = $2`, [workId, reservation]);
    }
  }

  async hold(workId: string, use: ObjectUse, { key, sha256, bytes }: StoredObject): Promise<void> {
    await this.transaction.writing.query(
      `INSERT INTO chapters.stored_object (work_id, slot, object_key, bytes) VALUES ($1, $2, $3, $4)
       ON CONFLICT (work_id, slot) DO UPDATE SET object_key = excluded.object_key, bytes = excluded.bytes, stored_at = now()`,
      [workId, slotOf(use, sha256), key, bytes],
    );
  }

  async release(workId: string, use: ObjectUse, sha256 = ''): Promise<void> {
    await this.transaction.writing.query(`DELETE FROM chapters.stored_object WHERE work_id = $1 AND slot = $2`, [
      workId,
      slotOf(use, sha256),
    ]);
  }

  private async refuseWhenFull(workId: string): Promise<void> {
    const quota = this.config.storageQuotaBytes;
    if (!quota) return;
    const used = await this.used(workId, 'cover');
    if (used >= quota) throw new StorageQuotaExceeded(used, 1, quota);
  }

  /** Two uploads for one owner are counted one after the other. @returns the slot that holds the bytes until they have a use */
  private reserve(workId: string, use: ObjectUse, image: StoredObject): Promise<string> {
    return this.transaction.run(async () => {
      const quota = this.config.storageQuotaBytes;
      if (quota) {
        await this.transaction.query(
          `SELECT pg_advisory_xact_lock(hashtextextended('storage ' || owner_id, 1)) FROM chapters.work WHERE id = $1`,
          [workId],
        );
        const used = await this.used(workId, slotOf(use, image.sha256));
        if (used + image.bytes > quota) throw new StorageQuotaExceeded(used, image.bytes, quota);
      }
      await lockObject(this.transaction, image.key);
      const slot = `upload:${newId()}`;
      await this.transaction.query(
        `INSERT INTO chapters.stored_object (work_id, slot, object_key, bytes) VALUES ($1, $2, $3, $4)`,
        [workId, slot, image.key, image.bytes],
      );
      return slot;
    });
  }

  /** Bytes that all works of the owner of this one hold, without what the slot of this one holds: an object of several works counts once. */
  private async used(workId: string, without: string): Promise<number> {
    const [{ bytes }] = await this.transaction.query<{ bytes: number }>(
      `SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM (
         SELECT DISTINCT o.object_key, o.bytes FROM chapters.stored_object o JOIN chapters.work w ON w.id = o.work_id
          WHERE w.owner_id = (SELECT owner_id FROM chapters.work WHERE id = $1) AND (o.work_id, o.slot) <> ($1, $2)) held`,
      [workId, without],
    );
    return Number(bytes);
  }
}

/** Whoever names an object and whoever deletes it because nothing names it wait for each other. */
export async function lockObject(transaction: Transaction, key: string): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 2))`, [key]);
}

const slotOf = (use: ObjectUse, sha256: string): string => (use === 'cover' ? 'cover' : `picture:${sha256}`);
