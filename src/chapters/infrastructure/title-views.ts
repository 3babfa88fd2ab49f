import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Title, Titles } from '../application/titles.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

@Injectable()
export class TitleViews extends Titles {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async find(ids: readonly string[]): Promise<Title[]> {
    const asked = ids.filter((id) => UUID.test(id));
    if (!asked.length) return [];
    return this.transaction.query<Title>(
      `SELECT c.id, w.owner_id AS "authorId", w.id AS "workId", w.title AS "workTitle", c.title AS "chapterTitle"
         FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id WHERE c.id = ANY($1::uuid[])
        UNION ALL
       SELECT w.id, w.owner_id, w.id, w.title, NULL FROM chapters.work w WHERE w.id = ANY($1::uuid[])`,
      [asked],
    );
  }
}
