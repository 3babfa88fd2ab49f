/**
 * Published chapters as finished answers, in memory. The JSON of a (chapter, revision, work version) never changes, so it is
 * cached without invalidation and the least recently read is dropped first. Which revision is published can change: that pointer
 * is trusted for one second, looked up ahead of that for chapters that are being read, dropped when the live stream of the chapter moves, and all pointers are dropped after Redis was
 * unavailable, because a wake may have been missed.
 */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Transaction } from '#libs/database/transaction';
import type { CachedAnswer } from '#libs/http/cached-answer';
import type { FastPathSource } from '#libs/http/fast-path';
import type { Actor } from '#libs/kernel/actor';
import { type LiveBusListener, LiveBus } from '#libs/live/live-bus';
import { ChapterNotFound } from '../domain/chapter.js';
import { authorize, can, type Facts } from '../domain/policy.js';

const POINTER_TTL_MS = 1_000;
const MAX_POINTERS = 100_000;
/** A pointer that is read at this age is looked up anew while it is still trusted, so that no reader waits for it. */
const REFRESH_AT_MS = 400;
/** All chapters that became due within this time share one query. */
const REFRESH_TOGETHER_MS = 50;
const MAX_BYTES = 64 * 1_024 * 1_024;

/** Only published chapters are kept here, and those are the same for everybody, whatever their role on the work. */
const PUBLISHED: Facts = { role: null, isPublic: true };

interface Pointer {
  /** Of the answer in `cached`; null when the chapter is not published. */
  readonly key: string | null;
  readonly checkedAt: number;
}

/** Chapters whose pointers one query asks for. */
interface Batch {
  ids: Set<string>;
  versions: Promise<Map<string, string>>;
}

@Injectable()
export class PublishedChapters implements OnModuleInit, LiveBusListener, FastPathSource {
  private readonly pointers = new LRUCache<string, Pointer>({ max: MAX_POINTERS });
  /** Key: chapter id, a blank, version. `fetch` loads a missing entry once, however many readers wait for it. */
  private readonly cached = new LRUCache<string, CachedAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ json }) => json.length,
    fetchMethod: (key) => this.load(...(key.split(' ') as [string, string])),
  });
  private batch: Batch | undefined;
  private readonly due = new Set<string>();

  constructor(
    private readonly transaction: Transaction,
    private readonly bus: LiveBus,
  ) {}

  onModuleInit(): void {
    this.bus.listen(this);
  }

  onWake(stream: string): void {
    if (stream.startsWith('chapter:')) this.pointers.delete(stream.slice('chapter:'.length));
  }

  onReconnect(): void {
    this.pointers.clear();
  }

  /** @throws ChapterNotFound when it is not published. */
  async get(address: string, actor: Actor | undefined): Promise<CachedAnswer> {
    const chapterId = normal(address);
    const { key } = this.fresh(chapterId) ?? (await this.lookUp(chapterId));
    authorize(actor, 'chapter:read', key === null ? undefined : PUBLISHED);
    return this.cached.get(key!) ?? this.cached.forceFetch(key!);
  }

  /** What `get` would answer, if that is known without waiting. */
  peek(address: string, actor: Actor | undefined): CachedAnswer | undefined {
    const chapterId = normal(address);
    const pointer = this.fresh(chapterId);
    if (!pointer?.key || !can(actor, 'chapter:read', PUBLISHED)) return undefined;
    if (performance.now() - pointer.checkedAt > REFRESH_AT_MS) this.refreshSoon(chapterId);
    return this.cached.get(pointer.key);
  }

  private fresh(chapterId: string): Pointer | undefined {
    const pointer = this.pointers.peek(chapterId); // its place was renewed when it was set, a second ago
    return pointer && performance.now() - pointer.checkedAt < POINTER_TTL_MS ? pointer : undefined;
  }

  private async lookUp(chapterId: string): Promise<Pointer> {
    const checkedAt = performance.now();
    this.batch ??= this.nextBatch();
    this.batch.ids.add(chapterId);
    return this.point(chapterId, (await this.batch.versions).get(chapterId), checkedAt);
  }

  private point(chapterId: string, version: string | undefined, checkedAt: number): Pointer {
    const pointer = { key: version === undefined ? null : `${chapterId} ${version}`, checkedAt };
    this.pointers.set(chapterId, pointer);
    return pointer;
  }

  private refreshSoon(chapterId: string): void {
    this.due.add(chapterId);
    if (this.due.size === 1) setTimeout(() => void this.refresh(), REFRESH_TOGETHER_MS).unref();
  }

  private async refresh(): Promise<void> {
    const [chapterIds, checkedAt] = [[...this.due], performance.now()];
    this.due.clear();
    try {
      const versions = await this.versionsOf(chapterIds);
      for (const chapterId of chapterIds) this.point(chapterId, versions.get(chapterId), checkedAt);
    } catch {
      // the pointers grow too old, and whoever reads next is told why
    }
  }

  /** All readers who ask within one turn of the event loop share one query. */
  private nextBatch(): Batch {
    const ids = new Set<string>();
    const versions = new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.batch = undefined;
      return this.versionsOf([...ids]);
    });
    return { ids, versions };
  }

  /** An answer is named by the revision and by the version of its work, whose language is in it. */
  private async versionsOf(chapterIds: string[]): Promise<Map<string, string>> {
    const rows = await this.transaction.query<{ id: string; version: string }>(
      `SELECT c.id, c.published_revision || '-' || w.version AS version
         FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id
        WHERE c.id = ANY($1) AND chapters.is_public(c, w)`,
      [chapterIds],
    );
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  private async load(chapterId: string, version: string): Promise<CachedAnswer> {
    const [row] = await this.transaction.query<{ json: string }>(
      `SELECT json_build_object(
                'id', c.id, 'workId', c.work_id, 'authorId', c.author_id, 'title', r.title, 'language', w.language,
                'revision', r.number, 'publishedAt', to_char(c.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'blocks', (SELECT coalesce(json_agg(json_build_object('id', t.block, 'kind', t.kind, 'text', t.text) ORDER BY b.n), '[]')
                             FROM jsonb_array_elements(r.blocks) WITH ORDINALITY AS b(pair, n)
                             JOIN chapters.block_text t ON t.block = (b.pair->>0)::uuid AND t.digest = b.pair->>1))::text AS json
         FROM chapters.chapter c
         JOIN chapters.work w ON w.id = c.work_id
         JOIN chapters.revision r ON r.chapter_id = c.id AND r.number = $2
        WHERE c.id = $1`,
      [chapterId, Number(version.split('-')[0])],
    );
    if (!row) throw new ChapterNotFound();
    return { etag: `"${version}"`, json: Buffer.from(row.json) };
  }
}

/** As Postgres writes it: a UUID in capitals is the same chapter. */
const normal = (address: string): string => address.toLowerCase();
