import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { LexiconState } from '../domain/lexicon.js';
import { LexiconRepository, Pictures, ScriptRepository } from '../domain/ports.js';
import { Script } from '../domain/script.js';
import { LexiconRow, PictureRow, ScriptRow } from './rendering.rows.js';

@Injectable()
export class TypeormScripts extends ScriptRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(chapterId: string, workId: string): Promise<Script> {
    await holdFirst(this.transaction, `script ${chapterId}`);
    const row = await this.transaction.writing.findOneBy(ScriptRow, { chapterId });
    return Script.restore(row ?? { chapterId, workId, version: 0, blocks: {} });
  }

  async save(script: Script): Promise<void> {
    await this.transaction.writing.upsert(ScriptRow, script.snapshot(), ['chapterId']);
  }
}

@Injectable()
export class TypeormLexicons extends LexiconRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async newest(workId: string): Promise<LexiconState> {
    await holdFirst(this.transaction, `lexicon ${workId}`);
    const [row] = await this.transaction.writing.find(LexiconRow, { where: { workId }, order: { version: 'DESC' }, take: 1 });
    return row ?? { workId, version: 0, entries: [] };
  }

  async version(workId: string, version: number): Promise<LexiconState | undefined> {
    return (await this.transaction.manager.findOneBy(LexiconRow, { workId, version })) ?? undefined;
  }

  async add(lexicon: LexiconState, createdAt: Date): Promise<void> {
    await this.transaction.writing.insert(LexiconRow, { ...lexicon, createdAt });
  }
}

@Injectable()
export class StoredPictures extends Pictures {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async add(workId: string, { sha256, objectKey, at }: { sha256: string; objectKey: string; at: Date }): Promise<void> {
    await this.transaction.writing.upsert(PictureRow, { workId, sha256, objectKey, createdAt: at }, ['workId', 'sha256']);
  }

  async remove(workId: string, sha256: string): Promise<boolean> {
    const { affected } = await this.transaction.writing.delete(PictureRow, { workId, sha256 });
    return affected === 1;
  }

  async chaptersWith(workId: string, sha256: string): Promise<string[]> {
    const rows = await this.transaction.query<{ chapterId: string }>(
      `SELECT chapter_id AS "chapterId" FROM rendering.script
        WHERE work_id = $1 AND jsonb_path_exists(blocks, '$.*.picture ? (@ == $sha256)', jsonb_build_object('sha256', $2::text))`,
      [workId, sha256],
    );
    return rows.map(({ chapterId }) => chapterId);
  }

  async keys(workId: string, sha256s: readonly string[]): Promise<Map<string, string>> {
    if (!sha256s.length) return new Map();
    const rows = await this.transaction.query<{ sha256: string; objectKey: string }>(
      `SELECT sha256, object_key AS "objectKey" FROM rendering.picture WHERE work_id = $1 AND sha256 = ANY($2)`,
      [workId, sha256s],
    );
    return new Map(rows.map(({ sha256, objectKey }) => [sha256, objectKey]));
  }
}

/** A row that may not be there yet cannot be locked: two who write the first version meet here. */
async function holdFirst(transaction: Transaction, name: string): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 1))`, [name]);
}
