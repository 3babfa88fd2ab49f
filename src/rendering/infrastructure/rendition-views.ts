import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Page, page, readCursor } from '#libs/http/pagination';
import { presentTakeDown } from '#libs/http/take-down.contract';
import type { Actor } from '#libs/kernel/actor';
import { ChapterNotFound, Chapters } from '../../chapters/index.js';
import { can } from '../domain/policy.js';
import type { Foresight } from '../application/foreseeing.js';
import type { ForeseenScene } from '../domain/foresight.js';
import { type Fields, type Part, type Reason, reasonsFor } from '../domain/keys.js';
import { type PlannedScene, textOf } from '../domain/plan.js';
import { inWords } from '../domain/reasons.js';
import { RenditionNotFound, type RenditionState } from '../domain/rendition.js';
import type {
  AttemptResponse,
  AttemptsResponse,
  DryRunResponse,
  ReasonResponse,
  RenditionResponse,
  ScenesResponse,
} from './renditions.contract.js';

type Row = RenditionState & { framesDone: number; scenesDone: number; scenes: number };

const SELECT = `SELECT r.id, r.chapter_id AS "chapterId", r.revision, r.title, r.language, r.voice, r.fallback_voice AS "fallbackVoice", r.theme, r.state, r.frames_planned AS "framesPlanned",
       r.film, r.degraded, r.warnings, r.failure, r.created_at AS "createdAt", r.finished_at AS "finishedAt",
       r.taken_down_at AS "takenDownAt", r.taken_down_because AS "takenDownBecause", p.*
  FROM rendering.rendition r
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(CASE WHEN r.state = 'ready' OR a.status = 'ready' THEN p.frames ELSE least(a.frames_encoded, p.frames) END), 0)::int AS "framesDone",
              (count(*) FILTER (WHERE r.state = 'ready' OR a.status = 'ready'))::int AS "scenesDone", count(*)::int AS scenes
         FROM rendering.part p LEFT JOIN rendering.artefact a ON a.key = p.segment_key WHERE p.rendition = r.id) p`;

interface RenditionProgress {
  framesPlanned: number | null;
  failure: string | null;
  sha256: string | null;
}

interface PartRow {
  idx: number;
  scene: PlannedScene;
  blocks: string[];
  voice: string | null;
  frames: number | null;
  card: boolean;
  soundKey: string;
  soundReused: boolean;
  soundFields: Fields;
  segmentKey: string | null;
  segmentReused: boolean | null;
  segmentFields: Fields | null;
  soundCpu: number | null;
  segmentCpu: number | null;
}

/**
 * The read side of rendering. A film is everyone's when what it shows was published and not taken back since: an edit leaves readers the
 * film that they have until there is one of the new text. Any other is its author's.
 */
@Injectable()
export class RenditionViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly chapters: Chapters,
  ) {}

  /** @throws RenditionNotFound for everyone who may not see it: also whether there is one is nobody else's business. */
  async rendition(id: string, actor: Actor | undefined): Promise<RenditionResponse> {
    const [row] = await this.transaction.query<Row>(`${SELECT} WHERE r.id = $1`, [id]);
    if (!row || !(await this.maySee(row, actor))) throw new RenditionNotFound();
    return answer(row);
  }

  /** What live events of any age say of these renditions. */
  async progress(ids: readonly string[]): Promise<Map<string, RenditionProgress>> {
    const rows = await this.transaction.query<RenditionProgress & { id: string }>(
      `SELECT r.id, r.frames_planned AS "framesPlanned", r.failure, r.film->>'sha256' AS sha256
         FROM rendering.rendition r WHERE r.id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map(({ id, ...progress }) => [id, progress]));
  }

  async maySee(
    { chapterId, revision, state, takenDownAt }: Pick<RenditionState, 'chapterId' | 'revision' | 'state' | 'takenDownAt'>,
    actor: Actor | undefined,
  ): Promise<boolean> {
    const isShown = state === 'ready' && !takenDownAt && (await this.chapters.readableRevisions(chapterId)).includes(revision);
    if (isShown) return can(actor, 'film:read', { isShown, worksOnIt: false });
    const worksOnIt = await this.worksOn(chapterId, actor);
    return can(actor, 'film:read', { isShown, worksOnIt }) && (worksOnIt || this.isThere(chapterId));
  }

  private async maySeeAll(chapterId: string, actor: Actor | undefined): Promise<boolean> {
    const worksOnIt = await this.worksOn(chapterId, actor);
    return can(actor, 'film:inspect', { isShown: false, worksOnIt }) && (worksOnIt || this.isThere(chapterId));
  }

  /** Films of what is in the bin are hidden from admins, too. */
  private async isThere(chapterId: string): Promise<boolean> {
    return (await this.chapters.summary(chapterId)) !== undefined;
  }

  private worksOn(chapterId: string, actor: Actor | undefined): Promise<boolean> {
    return this.chapters.can(actor, 'chapter:read-films', chapterId);
  }

  /** Newest first; others than the author see finished films of what they were shown only. */
  async ofChapter(
    chapterId: string,
    actor: Actor | undefined,
    limit: number,
    after: string | undefined,
  ): Promise<Page<RenditionResponse>> {
    const all = await this.maySeeAll(chapterId, actor);
    const shown = all ? [] : await this.chapters.readableRevisions(chapterId);
    if (!all && !shown.length) throw new ChapterNotFound();
    const [before] = readCursor(after, 'uuid') ?? ['ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<Row>(
      `${SELECT} WHERE r.chapter_id = $1 AND r.id < $2 AND ($3 OR (r.state = 'ready' AND r.taken_down_at IS NULL AND r.revision = ANY ($4))) ORDER BY r.id DESC LIMIT $5`,
      [chapterId, before, all, shown, limit + 1],
    );
    return page(rows, limit, (row) => [row.id], answer);
  }

  /** The same for all chapters of a work. @throws WorkNotFound for who may not see the work */
  async ofWork(
    workId: string,
    actor: Actor | undefined,
    limit: number,
    after: string | undefined,
  ): Promise<Page<RenditionResponse>> {
    const worksOnIt = await this.chapters.can(actor, 'work:read-films', workId);
    const all = can(actor, 'film:inspect', { isShown: false, worksOnIt });
    if (!all) await this.chapters.authorize(actor, 'work:read', workId);
    const shown = all ? [] : await this.chapters.readableRevisionsOfWork(workId);
    const [before] = readCursor(after, 'uuid') ?? ['ffffffff-ffff-ffff-ffff-ffffffffffff'];
    const rows = await this.transaction.query<Row>(
      `${SELECT} WHERE r.work_id = $1 AND r.id < $2 AND (($3 AND r.chapter_id <> ALL($7)) OR (r.state = 'ready' AND r.taken_down_at IS NULL AND (r.chapter_id, r.revision) IN
          (SELECT * FROM unnest($4::uuid[], $5::int[])))) ORDER BY r.id DESC LIMIT $6`,
      [
        ...[workId, before, all, shown.map(({ chapterId }) => chapterId), shown.map(({ revision }) => revision), limit + 1],
        all ? await this.chapters.deletedChapters(workId) : [],
      ],
    );
    return page(rows, limit, (row) => [row.id], answer);
  }

  /** Each scene, and why it was made or not: compared with the chapter's last finished film before this one. */
  async scenes(id: string, actor: Actor): Promise<ScenesResponse> {
    const { chapterId } = await this.rendition(id, actor);
    if (!(await this.maySeeAll(chapterId, actor))) throw new RenditionNotFound();
    const before = await this.filmBefore(chapterId, id);
    const [parts, old] = [await this.parts(id), before ? await this.parts(before) : []];
    const sounds = reasonsFor(old.map(soundPart), parts.map(soundPart));
    // parts without a segment yet are told apart by name: no other has one like it
    const pictures = reasonsFor(old.map(segmentPart), parts.map(segmentPart));
    return {
      comparedWith: before ?? null,
      items: parts.map((part, i) => ({
        index: part.idx,
        text: textOf(part.scene),
        blocks: part.blocks,
        fallbackVoice: part.voice,
        frames: part.frames,
        degraded: part.card,
        soundKey: part.soundKey,
        segmentKey: part.segmentKey,
        sound: reason(part.soundReused, sounds[i]),
        picture: part.segmentKey === null ? afterItsSound(before) : reason(part.segmentReused ?? false, pictures[i]),
        cpuSeconds: { sound: part.soundReused ? 0 : part.soundCpu, picture: part.segmentReused ? 0 : part.segmentCpu },
      })),
    };
  }

  /** Each try at what the film is made of, whichever film it was for, oldest first. */
  async attempts(id: string): Promise<AttemptsResponse> {
    const items = await this.transaction.query<AttemptResponse>(
      `SELECT p.scenes, a.kind, t.key, t.epoch, t.worker, t.frames, t.outcome, t.why, t.began_at AS "beganAt", t.ended_at AS "endedAt"
         FROM (SELECT key, array_agg(idx ORDER BY idx) AS scenes
                 FROM rendering.part, unnest(ARRAY[sound_key, segment_key]) AS key WHERE rendition = $1 GROUP BY key) p
         JOIN rendering.artefact a ON a.key = p.key JOIN rendering.attempt t ON t.key = a.key ORDER BY t.began_at, t.key, t.epoch`,
      [id],
    );
    return { items };
  }

  /** The scenes of a film that nobody asked for, compared with the chapter's last finished one. */
  async foreseen({ wish, scenes, cost }: Foresight): Promise<DryRunResponse> {
    const before = await this.filmBefore(wish.chapterId);
    const old = before ? await this.parts(before) : [];
    const blocksOf = ({ scene }: ForeseenScene): string[] => [...new Set(scene.spans.map(({ block }) => block))];
    const parts = (kind: 'sound' | 'segment'): Part[] =>
      scenes.map((one, i) => ({ key: one[kind].key ?? `${i}`, fields: one[kind].fields ?? {}, blocks: blocksOf(one) }));
    const sounds = reasonsFor(old.map(soundPart), parts('sound'));
    const pictures = reasonsFor(old.map(segmentPart), parts('segment'));
    return {
      revision: wish.revision,
      comparedWith: before ?? null,
      cpuSeconds: { sound: cost.sound, picture: cost.picture, total: cost.sound + cost.picture },
      items: scenes.map((one, i) => ({
        index: i,
        text: textOf(one.scene),
        blocks: blocksOf(one),
        frames: one.frames,
        sound: reason(one.sound.isThere, sounds[i]),
        picture: one.segment.fields ? reason(one.segment.isThere, pictures[i]) : afterItsSound(before),
      })),
    };
  }

  /** The chapter's last finished film, or the last before this one. */
  private async filmBefore(chapterId: string, id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'): Promise<string | undefined> {
    const [before] = await this.transaction.query<{ id: string }>(
      `SELECT id FROM rendering.rendition WHERE chapter_id = $1 AND id < $2 AND state = 'ready' ORDER BY id DESC LIMIT 1`,
      [chapterId, id],
    );
    return before?.id;
  }

  private parts(rendition: string): Promise<PartRow[]> {
    return this.transaction.query<PartRow>(
      `SELECT p.idx, p.scene, p.blocks, p.voice, p.frames, p.card, p.sound_key AS "soundKey", p.sound_reused AS "soundReused", s.fields AS "soundFields",
              p.segment_key AS "segmentKey", p.segment_reused AS "segmentReused", v.fields AS "segmentFields",
              (s.facts->>'cpu')::float AS "soundCpu", (v.facts->>'cpu')::float AS "segmentCpu"
         FROM rendering.part p
         JOIN rendering.artefact s ON s.key = p.sound_key
         LEFT JOIN rendering.artefact v ON v.key = p.segment_key
        WHERE p.rendition = $1 ORDER BY p.idx`,
      [rendition],
    );
  }
}

const soundPart = ({ soundKey, soundFields, blocks }: PartRow): Part => ({ key: soundKey, fields: soundFields, blocks });
const segmentPart = ({ idx, segmentKey, segmentFields, blocks }: PartRow): Part => ({
  key: segmentKey ?? `${idx}`,
  fields: segmentFields ?? {},
  blocks,
});

/** An artefact that was there is reused, whichever film it was made for. */
const reason = (isThere: boolean, found: Reason): ReasonResponse => ({
  kind: isThere ? 'reused' : found.kind === 'changed' ? 'changed' : 'new',
  changes: found.kind === 'changed' ? [...found.changes] : [],
  why: inWords(found, isThere),
});

/** What a picture depends on is known once its sound is made. */
const afterItsSound = (before: string | undefined): ReasonResponse => ({
  kind: before ? 'changed' : 'new',
  changes: [],
  why: 'To be drawn once its sound is made, which decides how long it lasts and when each word is lit. Only if both come out as they were is a picture taken over after all.',
});

const answer = ({ framesDone, framesPlanned, scenesDone, scenes, film, ...row }: Row): RenditionResponse => ({
  id: row.id,
  chapterId: row.chapterId,
  revision: row.revision,
  title: row.title,
  language: row.language,
  voice: row.voice,
  fallbackVoice: row.fallbackVoice,
  theme: row.theme,
  state: row.state,
  progress: { framesDone, framesPlanned, scenesDone, scenes },
  film: film && { sha256: film.sha256, bytes: film.bytes, frames: film.frames, seconds: film.seconds, files: filesOf(row.id) },
  degraded: row.degraded,
  warnings: row.warnings,
  failure: row.failure,
  takenDown: presentTakeDown(row),
  createdAt: row.createdAt,
  finishedAt: row.finishedAt,
});

const filesOf = (id: string) => ({
  film: `/v1/renditions/${id}/film.mp4`,
  poster: `/v1/renditions/${id}/poster.jpg`,
  webvtt: `/v1/renditions/${id}/captions.vtt`,
  srt: `/v1/renditions/${id}/captions.srt`,
  cues: `/v1/renditions/${id}/cues.json`,
});
