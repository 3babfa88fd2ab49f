import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import type { Facts } from '../domain/policy.js';

/** What the policy has to know about an actor and a work or chapter: one query. */
@Injectable()
export class AccessFacts {
  constructor(private readonly transaction: Transaction) {}

  async work(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    const [facts] = await this.transaction.query<Facts>(
      `SELECT chapters.role_in(w.id, $2) AS role,
              EXISTS (SELECT FROM chapters.chapter c WHERE c.work_id = w.id AND c.status = 'published') AS "isPublic"
         FROM chapters.work w WHERE w.id = $1`,
      [id, actor?.id ?? null],
    );
    return facts;
  }

  async chapter(id: string, actor: Actor | undefined): Promise<Facts | undefined> {
    const [facts] = await this.transaction.query<Facts>(
      `SELECT chapters.role_in(c.work_id, $2) AS role, c.status = 'published' AS "isPublic" FROM chapters.chapter c WHERE c.id = $1`,
      [id, actor?.id ?? null],
    );
    return facts;
  }
}
