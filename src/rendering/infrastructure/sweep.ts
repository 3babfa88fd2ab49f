/**
 * Gives up what no film needs: artefacts first, then the objects that nothing names any more.
 *
 * An artefact is needed by a film under way, by the newest finished film of a chapter (its scenes are what the next edit
 * reuses) and by any film that ended less than the retention ago. One that is not is set `deleting` under its row's lock, so that
 * a film planned at that moment has either referred to it or sees that it has to ask; for a grace time whoever wants it gets it
 * back as it is; then the references are looked at again, and it is wanted like one never made. Files of finished films stay,
 * and what a speech server was paid for.
 *
 * An object goes when no artefact and no film names it and nobody has it pinned (object-pins.ts): so do those of a worker that
 * lost a race or was killed between storing and registering. Every question is asked twice, the second time with the rows
 * locked and in a statement of its own: only that sees what was committed while the lock was waited for.
 */
import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { ObjectStore } from '#libs/storage/object-store';
import { ARTEFACTS, objectKey } from './object-key.js';

export interface Patience {
  /** How long artefacts of films that ended are kept. */
  retentionSeconds: number;
  /** Between `deleting` and giving up. */
  graceSeconds: number;
  /** How long an object must have been unregistered that stands in the store without our knowing it. */
  strangerSeconds: number;
  /** Objects in a batch, rows in a batch. */
  batch: number;
}

export interface Swept {
  marked: number;
  givenUp: number;
  objects: number;
}

/** A deletion is announced for so long, and done within the first part of it or not at all: nobody stores the object meanwhile. */
const ANNOUNCED_SECONDS = 300;
const WITHIN_MS = 60_000;

const UNDER_WAY = `('planning', 'rendering', 'assembling')`;
const FILES = ['sha256', 'poster', 'webvtt', 'srt', 'cues'];

/** $1: retention in seconds */
const NEEDED = `EXISTS (
  SELECT FROM rendering.part p JOIN rendering.rendition r ON r.id = p.rendition
   WHERE (p.sound_key = a.key OR p.segment_key = a.key)
     AND (r.state IN ${UNDER_WAY} OR r.finished_at > now() - make_interval(secs => $1)
          OR r.state = 'ready' AND NOT EXISTS (
               SELECT FROM rendering.rendition newer WHERE newer.chapter_id = r.chapter_id AND newer.state = 'ready' AND newer.id > r.id)))`;
const IDLE = `(a.lease_until IS NULL OR a.lease_until < now())`;

// written so that PostgreSQL asks its indexes for each object: OFFSET 0 keeps it from hashing all artefacts, and count(*), unlike EXISTS,
// from hoping to meet the film soon when it reads all of them
const NAMED = `(EXISTS (SELECT FROM rendering.artefact a WHERE a.sha256 = o.sha256 OFFSET 0)
  OR (SELECT count(*) FROM rendering.rendition r WHERE ${FILES.map((file) => `r.film @> jsonb_build_object('${file}', o.sha256)`).join(' OR ')}) > 0
  OR EXISTS (SELECT FROM rendering.rendition r WHERE r.state IN ${UNDER_WAY} AND (r.picture->>'sha256' = o.sha256
                OR EXISTS (SELECT FROM jsonb_each(r.pictures) AS block(id, picture) WHERE block.picture->>'sha256' = o.sha256))))`;
const FREE = `o.pinned_until < now() AND (o.deleting_until IS NULL OR o.deleting_until < now())`;

@Injectable()
export class Sweep {
  constructor(
    private readonly transaction: Transaction,
    private readonly objects: ObjectStore,
  ) {}

  /** @param stillMine asked between two batches: false ends the run. */
  async run(patience: Patience, stillMine: () => Promise<boolean> = () => Promise.resolve(true)): Promise<Swept> {
    const whole = async (batch: () => Promise<number>): Promise<number> => {
      let sum = 0;
      for (let count = patience.batch; count === patience.batch && (await stillMine()); sum += count) count = await batch();
      return sum;
    };
    const givenUp = await whole(() => this.giveUp(patience));
    const marked = await this.markAll(patience, stillMine);
    await this.adopt(patience, stillMine);
    const objects = await this.deleteAll(patience, stillMine);
    return { marked, givenUp, objects };
  }

  /** Nearly all artefacts are needed, so each page is of artefacts that are old enough: one statement never looks at all of them. */
  private async markAll(patience: Patience, stillMine: () => Promise<boolean>): Promise<number> {
    let marked = 0;
    for (let after: string | undefined = ''; after !== undefined && (await stillMine());) {
      const page = await this.mark(patience, after);
      marked += page.marked;
      after = page.last;
    }
    return marked;
  }

  private mark({ retentionSeconds, batch }: Patience, after: string): Promise<{ marked: number; last?: string }> {
    return this.transaction.run(async () => {
      const rows = await this.transaction.query<{ key: string; needed: boolean }>(
        `SELECT a.key, ${NEEDED} AS needed FROM (
           SELECT key FROM rendering.artefact
            WHERE key > $3 AND status = 'ready' AND kind <> 'speech' AND made_at <= now() - make_interval(secs => $1)
            ORDER BY key LIMIT $2) a ORDER BY a.key`,
        [retentionSeconds, batch, after],
      );
      const candidates = await this.transaction.query<{ key: string }>(
        `SELECT key FROM rendering.artefact WHERE key = ANY($1) AND status = 'ready' ORDER BY key FOR UPDATE SKIP LOCKED`,
        [rows.filter(({ needed }) => !needed).map(({ key }) => key)],
      );
      const [, marked] = await this.transaction.query<unknown>(
        `UPDATE rendering.artefact a SET status = 'deleting', deleting_at = now()
          WHERE a.key = ANY($2) AND a.status = 'ready' AND NOT ${NEEDED}`,
        [retentionSeconds, candidates.map(({ key }) => key)],
      );
      return { marked: marked as number, last: rows.length === batch ? rows[batch - 1].key : undefined };
    });
  }

  private giveUp({ retentionSeconds, graceSeconds, batch }: Patience): Promise<number> {
    return this.transaction.run(async () => {
      const rows = await this.transaction.query<{ key: string }>(
        `SELECT a.key FROM rendering.artefact a
          WHERE a.status = 'deleting' AND a.deleting_at <= now() - make_interval(secs => $1) AND ${IDLE}
          ORDER BY a.key LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [graceSeconds, batch],
      );
      const keys = rows.map(({ key }) => key);
      await this.transaction.query(
        `UPDATE rendering.artefact a SET status = 'ready', deleting_at = NULL WHERE a.key = ANY($2) AND ${NEEDED}`,
        [retentionSeconds, keys],
      );
      // its row stays: later films tell by its fields why a scene was made again
      await this.transaction.query(
        `UPDATE rendering.artefact SET status = 'wanted', deleting_at = NULL, sha256 = NULL, bytes = NULL, made_at = NULL, lease_until = NULL,
                epoch = epoch + 1
          WHERE key = ANY($1) AND status = 'deleting'`,
        [keys],
      );
      return rows.length;
    });
  }

  private async deleteAll({ batch }: Patience, stillMine: () => Promise<boolean>): Promise<number> {
    let deleted = 0;
    for (let after: string | undefined = ''; after !== undefined && (await stillMine());) {
      const page: { deleted: number; last?: string } = await this.deleteSome(batch, after);
      deleted += page.deleted;
      after = page.last;
    }
    return deleted;
  }

  private async deleteSome(batch: number, after: string): Promise<{ deleted: number; last?: string }> {
    const announced = performance.now();
    const { doomed, last } = await this.announce(batch, after);
    for (const { sha256, until } of doomed) {
      // we may have been stopped for long, and somebody have stored it anew
      if (performance.now() - announced > WITHIN_MS) break;
      await this.objects.delete(objectKey(sha256));
      await this.transaction.query(`DELETE FROM rendering.object WHERE sha256 = $1 AND deleting_until = $2`, [sha256, until]);
    }
    return { deleted: doomed.length, last };
  }

  private announce(batch: number, after: string): Promise<{ doomed: { sha256: string; until: Date }[]; last?: string }> {
    return this.transaction.run(async () => {
      const page = await this.transaction.query<{ sha256: string; named: boolean }>(
        `SELECT o.sha256, ${NAMED} AS named FROM (
           SELECT o.sha256 FROM rendering.object o WHERE o.sha256 > $2 AND ${FREE} ORDER BY o.sha256 LIMIT $1) o ORDER BY o.sha256`,
        [batch, after],
      );
      const rows = await this.transaction.query<{ sha256: string }>(
        `SELECT o.sha256 FROM rendering.object o WHERE o.sha256 = ANY($1) AND ${FREE} ORDER BY o.sha256 FOR UPDATE SKIP LOCKED`,
        [page.filter(({ named }) => !named).map(({ sha256 }) => sha256)],
      );
      const [doomed] = await this.transaction.query<{ sha256: string; until: Date }[]>(
        `UPDATE rendering.object o SET deleting_until = date_trunc('milliseconds', now() + make_interval(secs => ${ANNOUNCED_SECONDS}))
          WHERE o.sha256 = ANY($1) AND ${FREE} AND NOT ${NAMED} RETURNING o.sha256, o.deleting_until AS until`,
        [rows.map(({ sha256 }) => sha256)],
      );
      return { doomed, last: page.length === batch ? page[batch - 1].sha256 : undefined };
    });
  }

  /** Objects that we do not know, from before this register or put back by other hands, get their time to be registered. */
  private async adopt({ strangerSeconds, batch }: Patience, stillMine: () => Promise<boolean>): Promise<void> {
    let page: string[] = [];
    const enter = async (): Promise<boolean> => {
      const known = page;
      page = [];
      await this.transaction.query(
        `INSERT INTO rendering.object (sha256, pinned_until) SELECT sha256, now() + make_interval(secs => $2) FROM unnest($1::text[]) AS stored(sha256)
         ON CONFLICT DO NOTHING`,
        [known, strangerSeconds],
      );
      return stillMine();
    };
    for await (const { key } of this.objects.list(ARTEFACTS)) {
      const sha256 = key.split('/').at(-1)!;
      if (objectKey(sha256) === key && /^[0-9a-f]{64}$/.test(sha256)) page.push(sha256);
      if (page.length === batch && !(await enter())) return;
    }
    if (page.length) await enter();
  }
}
