import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Head, type NewRevision, Revisions } from '../domain/ports.js';

/** Revisions, stored as lists of block ids and digests (`revision`) and each text once (`block_text`). */
@Injectable()
export class TypeormRevisions extends Revisions {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async head(chapterId: string): Promise<Head | undefined> {
    // one statement, so that version, revision and blocks belong together
    const [head] = await this.transaction.query<Head>(
      `SELECT c.id AS "chapterId", c.title, w.language, c.version, c.head_revision AS revision,
              (SELECT coalesce(json_agg(json_build_object('id', t.block, 'kind', t.kind, 'text', t.text) ORDER BY b.n), '[]')::text
                 FROM jsonb_array_elements(r.blocks) WITH ORDINALITY AS b(pair, n)
                 JOIN chapters.block_text t ON t.block = (b.pair->>0)::uuid AND t.digest = b.pair->>1) AS blocks,
              (SELECT coalesce(json_agg(json_build_object('id', t.block, 'digest', t.digest) ORDER BY t.block), '[]')::text
                 FROM chapters.block_text t WHERE t.chapter_id = c.id) AS history
         FROM chapters.chapter c
         JOIN chapters.work w ON w.id = c.work_id
         JOIN chapters.revision r ON r.chapter_id = c.id AND r.number = c.head_revision
        WHERE c.id = $1`,
      [chapterId],
    );
    return head;
  }

  async add(...revisions: NewRevision[]): Promise<void> {
    for (const { text, ...revision } of revisions) {
      // a block's text that is there already is not touched: one edited block of a thousand inserts one row
      await this.transaction.writing.query(
        `INSERT INTO chapters.block_text (block, digest, chapter_id, kind, text)
         SELECT new.id, new.digest, $1, new.kind, new.text
           FROM jsonb_to_recordset($2::jsonb) AS new(id uuid, digest text, kind text, text text)
          WHERE NOT EXISTS (SELECT FROM chapters.block_text t WHERE t.block = new.id AND t.digest = new.digest)`,
        [revision.chapterId, text.texts],
      );
      await this.transaction.writing.query(
        `INSERT INTO chapters.revision (chapter_id, number, parent, title, author_id, blocks, lineage, length, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          revision.chapterId,
          revision.number,
          revision.parent,
          revision.title,
          revision.authorId,
          text.blocks,
          text.lineage,
          text.length,
          revision.createdAt,
        ],
      );
    }
  }

  async length(chapterId: string, number: number): Promise<number | undefined> {
    const [row] = await this.transaction.query<{ length: number }>(
      `SELECT length FROM chapters.revision WHERE chapter_id = $1 AND number = $2`,
      [chapterId, number],
    );
    return row?.length;
  }
}
