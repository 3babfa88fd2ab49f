import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import type { Facts } from '../domain/policy.js';

/** What the policy has to know about an actor and a work or chapter: one query. */
@Injectable()
export class AccessFacts {
  constructor(private readonly transaction: Transaction) {}

  /** Also of what is in the bin, until its time there is over. */
  async work(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    const [facts] = await this.transaction.query<Facts>(
      `SELECT chapters.role_in(w.id, $2) AS role,
              EXISTS (SELECT FROM chapters.chapter c WHERE c.work_id = w.id AND chapters.is_public(c, w)) AS "isPublic",
              w.deleted_at IS NOT NULL AS "isDeleted", w.taken_down_at IS NOT NULL AS "isTakenDown"
         FROM chapters.work w WHERE w.id = $1 AND (w.erased_after IS NULL OR w.erased_after > now())`,
      [id, actor?.id ?? null],
    );
    return facts;
  }

  /** Also of what is in the bin, until its time there is over. */
  async chapter(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    const [facts] = await this.transaction.query<Facts>(
      `SELECT chapters.role_in(w.id, $2) AS role,
              chapters.is_public(c, w) AS "isPublic",
              c.deleted_at IS NOT NULL OR w.deleted_at IS NOT NULL AS "isDeleted",
              c.taken_down_at IS NOT NULL OR w.taken_down_at IS NOT NULL AS "isTakenDown"
         FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id
        WHERE c.id = $1 AND coalesce(least(c.erased_after, w.erased_after) > now(), true)`,
      [id, actor?.id ?? null],
    );
    return facts;
  }
}
