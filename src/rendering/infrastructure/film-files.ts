import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import { downloadName } from '#libs/storage/content-disposition';
import { LinkGuards } from '#libs/storage/link-guards';
import { ObjectStore } from '#libs/storage/object-store';
import { Chapters } from '../../chapters/index.js';
import { authorize } from '../application/authorize.js';
import { can } from '../domain/policy.js';
import type { SettingsState } from '../domain/ports.js';
import { type Film, FilmNotShown, RenditionNotFound, type RenditionState } from '../domain/rendition.js';
import { INK } from '../domain/themes.js';
import { ARTEFACTS, objectKey } from './object-key.js';
import type { LinkResponse } from './renditions.contract.js';
import { RenditionViews } from './rendition-views.js';

/**
 * How long a link is good. One that this server answers ends when the chapter is taken back, so an hour, as long as a film is
 * watched, does no harm. S3 asks nobody: there it is good for starting a download, and a player asks for the next one.
 */
const LINK_SECONDS = { here: 3_600, s3: 60 };

/** Which files a film has, for those who may see it now, and how a work is filmed. */
@Injectable()
export class FilmFiles implements OnModuleInit {
  constructor(
    private readonly transaction: Transaction,
    private readonly views: RenditionViews,
    private readonly chapters: Chapters,
    private readonly objects: ObjectStore,
    private readonly guards: LinkGuards,
  ) {}

  onModuleInit(): void {
    this.guards.register(ARTEFACTS, (key) => this.isShown(key.split('/').at(-1)!));
  }

  /** @throws RenditionNotFound, FilmNotShown */
  async link(id: string, actor: Actor | undefined): Promise<LinkResponse> {
    const { film, filename } = await this.film(id, actor);
    if (!(await this.isShown(film.sha256))) throw new FilmNotShown();
    const seconds = this.objects.answersLinks ? LINK_SECONDS.here : LINK_SECONDS.s3;
    const expiresAt = new Date(Date.now() + seconds * 1_000);
    const options = { expiresInSeconds: seconds, filename: filename('mp4'), contentType: 'video/mp4' };
    return { url: await this.objects.signedUrl(objectKey(film.sha256), options), expiresAt };
  }

  /** Whether an object is a file of a finished film that readers may see now. */
  private async isShown(sha256: string): Promise<boolean> {
    const files = ['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((file) => `film @> jsonb_build_object('${file}', $1::text)`);
    // asked for every range of a film; and a poster may be that of every revision
    const films = await this.transaction.query<{ chapterId: string; revisions: number[] }>(
      `SELECT chapter_id AS "chapterId", array_agg(revision) AS revisions FROM rendering.rendition
        WHERE state = 'ready' AND taken_down_at IS NULL AND (${files.join(' OR ')}) GROUP BY chapter_id`,
      [sha256],
    );
    for (const { chapterId, revisions } of films) {
      const shown = await this.chapters.readableRevisions(chapterId);
      if (revisions.some((revision) => shown.includes(revision))) return true;
    }
    return false;
  }

  /**
   * A finished film, and what a file of it with this extension is called when it is saved. The files of a film that was taken down
   * are for admins only, who have to judge it.
   * @throws RenditionNotFound also for who may not see it
   */
  async film(id: string, actor: Actor | undefined): Promise<{ film: Film; filename: (extension: string) => string }> {
    const [row] = await this.transaction.query<
      Pick<RenditionState, 'chapterId' | 'revision' | 'title' | 'state' | 'film' | 'takenDownAt'>
    >(
      `SELECT chapter_id AS "chapterId", revision, title, state, film, taken_down_at AS "takenDownAt"
         FROM rendering.rendition WHERE id = $1`,
      [id],
    );
    const isWithheld = row?.takenDownAt && !can(actor, 'film:take-down', { isShown: false, worksOnIt: false });
    if (!row?.film || isWithheld || !(await this.views.maySee(row, actor))) throw new RenditionNotFound();
    const titles = [await this.chapters.workTitle(row.chapterId), row.title];
    return { film: row.film, filename: (extension) => downloadName(titles, extension) };
  }

  /** @throws WorkNotFound, NotYourWork */
  async settings(workId: string, actor: Actor): Promise<SettingsState> {
    await authorize(this.chapters, actor, 'settings:read', 'work:read-films', workId);
    const [row] = await this.transaction.query<SettingsState>(
      `SELECT work_id AS "workId", on_publish AS "onPublish", voice, fallback_voice AS "fallbackVoice", theme, version
         FROM rendering.settings WHERE work_id = $1`,
      [workId],
    );
    return row ?? { workId, onPublish: false, voice: null, fallbackVoice: null, theme: INK.name, version: 0 };
  }
}
