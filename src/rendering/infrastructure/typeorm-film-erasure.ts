import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { speechFieldsOf } from '../domain/artefacts.js';
import { type ErasedFilm, FilmErasure } from '../domain/erasure.js';
import { type Fields, keyOf } from '../domain/keys.js';

@Injectable()
export class TypeormFilmErasure extends FilmErasure {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  filmsOf(chapterId: string, limit: number): Promise<ErasedFilm[]> {
    return this.transaction.query<ErasedFilm>(
      `SELECT id, chapter_id AS "chapterId", work_id AS "workId" FROM rendering.rendition WHERE chapter_id = $1 LIMIT $2`,
      [chapterId, limit],
    );
  }

  async removeFilm(id: string): Promise<void> {
    // locked in the order of their keys, as whoever wants artefacts for another film does
    const artefacts = await this.transaction.query<{ key: string; kind: string; fields: Fields }>(
      `SELECT key, kind, fields FROM rendering.artefact
        WHERE key IN (SELECT sound_key FROM rendering.part WHERE rendition = $1
                      UNION SELECT segment_key FROM rendering.part WHERE rendition = $1)
        ORDER BY key FOR UPDATE`,
      [id],
    );
    await this.transaction.writing.query(`DELETE FROM rendering.rendition WHERE id = $1`, [id]); // its scenes go with it
    const sounds = artefacts.filter(({ kind }) => kind === 'sound');
    const speech = sounds.flatMap(({ fields }) => speechFieldsOf(fields)).map(keyOf);
    // a statement of its own: it has to see the scenes that were stored while the locks above were waited for
    await this.transaction.writing.query(
      `DELETE FROM rendering.artefact a
        WHERE a.key = ANY($1)
          AND NOT EXISTS (SELECT FROM rendering.part p WHERE p.sound_key = a.key)
          AND NOT EXISTS (SELECT FROM rendering.part p WHERE p.segment_key = a.key)`,
      [artefacts.map(({ key }) => key)],
    );
    // an answer that another film's sound was made of may go, too: that sound is there without it
    await this.transaction.writing.query(`DELETE FROM rendering.artefact WHERE key = ANY($1) AND kind = 'speech'`, [speech]);
  }

  async removeScript(chapterId: string): Promise<void> {
    await this.transaction.writing.query(`DELETE FROM rendering.script WHERE chapter_id = $1`, [chapterId]);
  }

  async removeWork(workId: string): Promise<void> {
    for (const table of ['lexicon', 'settings', 'picture'])
      await this.transaction.writing.query(`DELETE FROM rendering.${table} WHERE work_id = $1`, [workId]);
  }
}
