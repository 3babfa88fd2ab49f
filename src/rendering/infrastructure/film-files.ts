import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import { Chapters } from '../../chapters/index.js';
import type { SettingsState } from '../domain/ports.js';
import type { Film, RenditionState } from '../domain/rendition.js';
import { INK } from '../domain/themes.js';
import { RenditionViews } from './rendition-views.js';

/** Which files a film has, for those who may see it now, and how a work is filmed. */
@Injectable()
export class FilmFiles {
  constructor(
    private readonly transaction: Transaction,
    private readonly views: RenditionViews,
    private readonly chapters: Chapters,
  ) {}

  async film(id: string, actor: Actor | undefined): Promise<Film | null> {
    const [row] = await this.transaction.query<Pick<RenditionState, 'chapterId' | 'state' | 'film'>>(
      `SELECT chapter_id AS "chapterId", state, film FROM rendering.rendition WHERE id = $1`,
      [id],
    );
    return row && (await this.views.maySee(row, actor)) ? row.film : null;
  }

  async settings(workId: string, actor: Actor): Promise<SettingsState | undefined> {
    if (!(await this.chapters.ownsWork(workId, actor))) return undefined;
    const [row] = await this.transaction.query<SettingsState>(
      `SELECT work_id AS "workId", on_publish AS "onPublish", voice, fallback_voice AS "fallbackVoice", theme, version
         FROM rendering.settings WHERE work_id = $1`,
      [workId],
    );
    return row ?? { workId, onPublish: false, voice: null, fallbackVoice: null, theme: INK.name, version: 0 };
  }
}
