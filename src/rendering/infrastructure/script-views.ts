import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import { ChapterNotFound, Chapters } from '../../chapters/index.js';
import { authorize } from '../application/authorize.js';
import type { LexiconState } from '../domain/lexicon.js';
import { Pictures } from '../domain/ports.js';
import { attached, detached, PictureNotFound, RevisionNotThere, type ScriptState } from '../domain/script.js';
import type { LexiconResponse, ScriptResponse } from './script.contract.js';

/** What was written about how a chapter is filmed; for its author and for admins. */
@Injectable()
export class ScriptViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly chapters: Chapters,
    private readonly pictures: Pictures,
  ) {}

  /** @param revision whose blocks decide what is detached; without it the newest. */
  async script(chapterId: string, actor: Actor, revision?: number): Promise<ScriptResponse> {
    const card = await this.chapters.summary(chapterId);
    await authorize(this.chapters, actor, 'film:inspect', 'chapter:read-films', chapterId);
    if (!card) throw new ChapterNotFound();
    if (revision !== undefined && (revision < 1 || revision > card.head)) throw new RevisionNotThere(card.head);
    const [row] = await this.transaction.query<Pick<ScriptState, 'version' | 'blocks'>>(
      `SELECT version, blocks FROM rendering.script WHERE chapter_id = $1`,
      [chapterId],
    );
    const { version, blocks: script } = row ?? { version: 0, blocks: {} };
    const blocks = await this.chapters.blocks(chapterId, revision ?? card.head);
    const texts = new Map(blocks.map(({ id, text }) => [id, text]));
    return {
      chapterId,
      revision: revision ?? card.head,
      version,
      entries: Object.entries(attached(script, blocks)).map(([block, entry]) => ({ block, text: texts.get(block)!, ...entry })),
      detached: Object.entries(detached(script, blocks)).map(([block, entry]) => ({ block, ...entry })),
    };
  }

  /** @param version an older one; without it the newest. */
  async lexicon(workId: string, actor: Actor, version?: number): Promise<LexiconResponse | undefined> {
    await authorize(this.chapters, actor, 'film:inspect', 'work:read-films', workId);
    const [row] = await this.transaction.query<LexiconState & { createdAt: Date }>(
      `SELECT work_id AS "workId", version, entries, created_at AS "createdAt" FROM rendering.lexicon
        WHERE work_id = $1 AND ($2::int IS NULL OR version = $2) ORDER BY version DESC LIMIT 1`,
      [workId, version ?? null],
    );
    if (row) return row;
    return version ? undefined : { workId, version: 0, entries: [], createdAt: null };
  }

  /** Object key of a picture that was uploaded for a work. */
  async picture(workId: string, sha256: string, actor: Actor): Promise<string> {
    await authorize(this.chapters, actor, 'film:inspect', 'work:read-films', workId);
    const key = (await this.pictures.keys(workId, [sha256])).get(sha256);
    if (!key) throw new PictureNotFound();
    return key;
  }
}
