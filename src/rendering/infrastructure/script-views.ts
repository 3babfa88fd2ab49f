import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Actor, isAtLeast } from '#libs/kernel/actor';
import { Chapters } from '../../chapters/index.js';
import type { LexiconState } from '../domain/lexicon.js';
import { Pictures } from '../domain/ports.js';
import {
  attached,
  detached,
  OnlyItsAuthorScripts,
  PictureNotThere,
  RevisionNotThere,
  type ScriptState,
} from '../domain/script.js';
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
    const allowed = card && (isAtLeast(actor, 'admin') || (await this.chapters.writes(chapterId, actor)));
    if (!allowed) throw new OnlyItsAuthorScripts();
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
    await this.mustOwn(workId, actor);
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
    await this.mustOwn(workId, actor);
    const key = (await this.pictures.keys(workId, [sha256])).get(sha256);
    if (!key) throw new PictureNotThere();
    return key;
  }

  private async mustOwn(workId: string, actor: Actor): Promise<void> {
    if (!isAtLeast(actor, 'admin') && !(await this.chapters.ownsWork(workId, actor))) throw new OnlyItsAuthorScripts();
  }
}
