import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type PartState, RenditionRepository, SettingsRepository, type SettingsState } from '../domain/ports.js';
import { Rendition, RenditionNotFound, type Wish, wishKey } from '../domain/rendition.js';
import { INK } from '../domain/themes.js';
import type { Use } from '../domain/quota.js';
import { FRAME_RATE } from '../domain/scene.js';
import { PartRow, RenditionRow, SettingsRow } from './rendering.rows.js';

const UNDER_WAY = `('planning', 'rendering', 'assembling')`;

@Injectable()
export class TypeormRenditions extends RenditionRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Rendition> {
    const row = await this.transaction.writing.findOne(RenditionRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new RenditionNotFound();
    return Rendition.restore(row);
  }

  async save(rendition: Rendition): Promise<void> {
    await this.transaction.writing.upsert(RenditionRow, rendition.snapshot(), ['id']);
  }

  async ofWish(wish: Wish): Promise<Rendition | undefined> {
    const key = wishKey(wish);
    // two equal requests at once: the second waits here, then finds the first
    await this.transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [key]);
    const [row] = await this.transaction.query<{ id: string }>(
      `SELECT id FROM rendering.rendition WHERE wish_key = $1 AND state NOT IN ('failed', 'cancelled') AND NOT (degraded AND state = 'ready')`,
      [key],
    );
    return row && this.get(row.id);
  }

  async takenDownBecause(chapterId: string, revision: number): Promise<string | undefined> {
    const [row] = await this.transaction.query<{ reason: string }>(
      `SELECT taken_down_because AS reason FROM rendering.rendition
        WHERE chapter_id = $1 AND revision = $2 AND taken_down_at IS NOT NULL LIMIT 1`,
      [chapterId, revision],
    );
    return row?.reason;
  }

  async addParts(parts: PartState[]): Promise<void> {
    for (let i = 0; i < parts.length; i += 500) await this.transaction.writing.insert(PartRow, parts.slice(i, i + 500));
  }

  parts(rendition: string, artefact?: string): Promise<PartState[]> {
    const where =
      artefact === undefined ? { rendition } : ['soundKey', 'segmentKey'].map((key) => ({ rendition, [key]: artefact }));
    return this.transaction.manager.find(PartRow, { where, order: { idx: 'ASC' } });
  }

  async standing(rendition: string): Promise<{ frames: number | null; drawn: boolean; lacking: number }> {
    const [row] = await this.transaction.query<{ frames: number | null; drawn: boolean; lacking: number }>(
      `SELECT CASE WHEN bool_and(p.frames IS NOT NULL) THEN sum(p.frames)::int END AS frames, bool_and(a.status IS NOT DISTINCT FROM 'ready') AS drawn,
              count(*) FILTER (WHERE NOT p.sound_reused OR p.segment_reused IS FALSE)::int AS lacking
         FROM rendering.part p LEFT JOIN rendering.artefact a ON a.key = p.segment_key WHERE p.rendition = $1`,
      [rendition],
    );
    return row;
  }

  async saveParts(parts: PartState[]): Promise<void> {
    await this.transaction.writing.query(
      `UPDATE rendering.part p
          SET segment_key = new.segment_key, segment_reused = new.segment_reused, frames = new.frames, card = new.card,
              voice = new.voice, sound_key = new.sound_key, sound_reused = new.sound_reused
         FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bool[], $5::int[], $6::bool[], $7::text[], $8::text[], $9::bool[])
              AS new(rendition, idx, segment_key, segment_reused, frames, card, voice, sound_key, sound_reused)
        WHERE p.rendition = new.rendition AND p.idx = new.idx`,
      [
        parts.map((p) => p.rendition),
        parts.map((p) => p.idx),
        parts.map((p) => p.segmentKey),
        parts.map((p) => p.segmentReused),
        parts.map((p) => p.frames),
        parts.map((p) => p.card),
        parts.map((p) => p.voice),
        parts.map((p) => p.soundKey),
        parts.map((p) => p.soundReused),
      ],
    );
  }

  async removeParts(rendition: string): Promise<void> {
    await this.transaction.writing.delete(PartRow, { rendition });
  }

  async orphans(seconds: number): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT r.id FROM rendering.rendition r LEFT JOIN rendering.studio s ON s.fingerprint = r.studio
        WHERE r.state IN ('rendering', 'assembling') AND (s.seen_at IS NULL OR s.seen_at < now() - make_interval(secs => $1))`,
      [seconds],
    );
    return rows.map((row) => row.id);
  }

  async using(key: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT DISTINCT r.id FROM rendering.rendition r JOIN rendering.part p ON p.rendition = r.id
        WHERE (p.sound_key = $1 OR p.segment_key = $1) AND r.state = 'rendering'`,
      [key],
    );
    return rows.map((row) => row.id);
  }

  async isWanted(key: string): Promise<boolean> {
    // a film that was cut into scenes while another spoke them knows no key of their pictures until its own errand finds the sound made
    const [{ wanted }] = await this.transaction.query<{ wanted: boolean }>(
      `SELECT EXISTS (
         SELECT FROM rendering.rendition r JOIN rendering.part p ON p.rendition = r.id
          WHERE r.state = 'rendering'
            AND (p.sound_key = $1 OR p.segment_key = $1
                 OR (p.segment_key IS NULL AND p.sound_key IN (SELECT sound_key FROM rendering.part WHERE segment_key = $1)))) AS wanted`,
      [key],
    );
    return wanted;
  }

  async underWay(chapterId: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT id FROM rendering.rendition WHERE chapter_id = $1 AND state IN ${UNDER_WAY} ORDER BY id`,
      [chapterId],
    );
    return rows.map((row) => row.id);
  }

  async useBy(authorId: string): Promise<Use> {
    await this.transaction.writing.query(`SELECT pg_advisory_xact_lock(hashtextextended('rendering quota ' || $1, 0))`, [
      authorId,
    ]);
    const films = await this.transaction.query<{ at: Date; seconds: number; recent: boolean; underWay: boolean }>(
      `SELECT created_at AS at, state IN ${UNDER_WAY} AS "underWay", created_at > now() - interval '24 hours' AND state <> 'failed' AS recent,
              coalesce((film->>'seconds')::float8, frames_planned::float8 / ${FRAME_RATE}, expected_seconds) AS seconds
         FROM rendering.rendition
        WHERE author_id = $1 AND (created_at > now() - interval '24 hours' OR state IN ${UNDER_WAY}) ORDER BY created_at`,
      [authorId],
    );
    return { underWay: films.filter(({ underWay }) => underWay).length, today: films.filter(({ recent }) => recent) };
  }
}

@Injectable()
export class TypeormSettings extends SettingsRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(workId: string): Promise<SettingsState> {
    const row = await this.transaction.writing.findOne(SettingsRow, { where: { workId }, lock: { mode: 'pessimistic_write' } });
    return row ?? { workId, onPublish: false, voice: null, fallbackVoice: null, theme: INK.name, version: 0 };
  }

  async save(settings: SettingsState): Promise<void> {
    await this.transaction.writing.upsert(SettingsRow, settings, ['workId']);
  }
}
