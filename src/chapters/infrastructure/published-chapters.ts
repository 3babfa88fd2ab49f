/**
 * Published chapters as ready answers. A (chapter, revision) never changes, so its JSON is kept and never invalidated; what
 * can change is which revision shows, if any: that pointer is believed for a second, dropped when the chapter's live
 * stream moves, and all pointers are dropped when Redis was away and we may have missed that.
 */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Ear, Wire } from '#libs/live/wire';
import { ChapterNotFound } from '../domain/chapter.js';

const BELIEVED_MS = 1_000;
/** UTF-16 units: at most 64 MiB of memory. */
const MAX_LENGTH = 32 * 1_024 * 1_024;

export interface ReadyChapter {
  etag: string;
  /** A string: Node writes it and the headers in one piece, and a buffer in a second. */
  json: string;
}

interface Pointer {
  version: string | null;
  checkedAt: number;
}

/** Chapters whose pointers are asked for together. */
interface Crowd {
  ids: Set<string>;
  versions: Promise<Map<string, string>>;
}

@Injectable()
export class PublishedChapters implements OnModuleInit, Ear {
  private readonly pointers = new Map<string, Pointer>();
  private readonly ready = new Map<string, ReadyChapter>();
  private length = 0;
  private crowd: Crowd | undefined;

  constructor(
    private readonly transaction: Transaction,
    private readonly wire: Wire,
  ) {}

  onModuleInit(): void {
    this.wire.listen(this);
  }

  woken(stream: string): void {
    if (stream.startsWith('chapter:')) this.pointers.delete(stream.slice('chapter:'.length));
  }

  back(): void {
    this.pointers.clear();
  }

  /** @throws ChapterNotFound when it is not published. */
  async get(address: string): Promise<ReadyChapter> {
    const chapterId = address.toLowerCase(); // as Postgres writes it: a UUID in capitals is the same chapter
    const version = this.fresh(chapterId) ?? (await this.lookUp(chapterId));
    if (version === null) throw new ChapterNotFound();
    return this.ready.get(`${chapterId} ${version}`) ?? this.load(chapterId, version);
  }

  private fresh(chapterId: string): string | null | undefined {
    const pointer = this.pointers.get(chapterId);
    return pointer && performance.now() - pointer.checkedAt < BELIEVED_MS ? pointer.version : undefined;
  }

  private async lookUp(chapterId: string): Promise<string | null> {
    const checkedAt = performance.now();
    this.crowd ??= this.gather();
    this.crowd.ids.add(chapterId);
    const version = (await this.crowd.versions).get(chapterId) ?? null;
    if (this.pointers.size > 100_000) this.pointers.clear();
    this.pointers.set(chapterId, { version, checkedAt });
    return version;
  }

  /** Readers come in crowds: all who ask within one turn of the event loop share one question to Postgres. */
  private gather(): Crowd {
    const ids = new Set<string>();
    const versions = new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.crowd = undefined;
      return this.versionsOf([...ids]);
    });
    return { ids, versions };
  }

  /** An answer is named by the revision and by the version of its work, whose language is in it. */
  private async versionsOf(chapterIds: string[]): Promise<Map<string, string>> {
    const rows = await this.transaction.query<{ id: string; version: string }>(
      `SELECT c.id, c.published_revision || '-' || w.version AS version
         FROM chapters.chapter c JOIN chapters.work w ON w.id = c.work_id
        WHERE c.id = ANY($1) AND c.status = 'published'`,
      [chapterIds],
    );
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  private async load(chapterId: string, version: string): Promise<ReadyChapter> {
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
    const ready = { etag: `"${version}"`, json: row.json };
    this.keep(`${chapterId} ${version}`, ready);
    return ready;
  }

  /** Oldest out first: serials are read at their newest end. */
  private keep(key: string, ready: ReadyChapter): void {
    this.ready.set(key, ready);
    this.length += ready.json.length;
    for (const [oldest, { json }] of this.ready) {
      if (this.length <= MAX_LENGTH) break;
      this.ready.delete(oldest);
      this.length -= json.length;
    }
  }
}
