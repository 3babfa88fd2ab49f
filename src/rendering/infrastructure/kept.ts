/**
 * Everything made is kept in the object store by the sha256 of its bytes, and what is read back is checked against it before it
 * is used. On this machine stay only files that are being worked on, and the fitted pictures.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ObjectDamaged, ObjectNotFound, type ObjectStore, StoreUnavailable } from '#libs/storage/object-store';
import { Damaged } from '../domain/ports.js';
import { objectKey, sha256Of } from './object-key.js';
import type { Pins } from './object-pins.js';

const LONGEST_PAUSE_MS = 2_000;
const FETCHED_AT_ONCE = 4;

export class Kept {
  /** Pictures of the cache that were whole, as they were at that time. */
  private readonly whole = new Map<string, number>();

  constructor(
    private readonly objects: ObjectStore,
    private readonly folder: string,
    private readonly pictures: string,
    private readonly pins?: Pins,
  ) {}

  /** Fitted pictures stay on this machine, as every scene of a film needs the same one; whether they are whole is looked at again when they have changed. */
  async picture(sha256: string): Promise<string> {
    const path = this.cached(sha256);
    const changedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (changedAt !== undefined && this.whole.get(sha256) === changedAt) return path;
    if (changedAt === undefined || (await sha256Of(path)) !== sha256) await rename(await this.checked(sha256), path);
    this.whole.set(sha256, (await stat(path)).mtimeMs);
    return path;
  }

  /** Into `files`, by hash. @throws Damaged naming every one that is, so that all are made again at once */
  async gather(objects: readonly string[], files: Map<string, string>): Promise<void> {
    const damaged: string[] = [];
    const left = objects.values();
    const fetching = async (): Promise<void> => {
      for (const sha256 of left) {
        try {
          files.set(sha256, await this.checked(sha256));
        } catch (error) {
          if (!(error instanceof Damaged)) throw error;
          damaged.push(sha256);
        }
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: FETCHED_AT_ONCE }, fetching));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    if (damaged.length) throw new Damaged(damaged);
  }

  /**
   * Always written, also over what is there: that may be damaged, and to read it costs as much.
   * @param body a file's path, or how its bytes are read from their start: asked again for every try
   */
  async keep(body: string | (() => Readable), sha256: string, contentType: string): Promise<void> {
    await this.pins?.pin(sha256);
    for (let pause = 500; ; pause *= 2) {
      try {
        await this.objects.put(objectKey(sha256), typeof body === 'string' ? { file: body } : body(), { contentType, sha256 });
        return;
      } catch (error) {
        // a store that is away for a moment does not cost what was made
        if (!(error instanceof StoreUnavailable) || pause > LONGEST_PAUSE_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async keepText(text: string, contentType: string): Promise<string> {
    const bytes = Buffer.from(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.pins?.pin(sha256);
    await this.objects.put(objectKey(sha256), bytes, { contentType, sha256 });
    return sha256;
  }

  /** @throws Damaged */
  async checked(sha256: string): Promise<string> {
    const file = this.scratch(sha256);
    try {
      await this.fetchWhole(objectKey(sha256), file, sha256);
      return file;
    } catch (error) {
      await discard(file);
      throw isGone(error) ? new Damaged([sha256]) : error;
    }
  }

  /** Wrong bytes are read once more: the way here may be at fault. @throws ObjectNotFound, Damaged */
  async fetchWhole(key: string, file: string, sha256?: string): Promise<void> {
    for (const isLast of [false, true]) {
      const part = await this.objects.get(key);
      const hash = createHash('sha256');
      const passing = new PassThrough().on('data', (chunk: Buffer) => hash.update(chunk));
      await pipeline(part.stream, passing, createWriteStream(file));
      const wanted = sha256 ?? part.sha256;
      if (!wanted || hash.digest('hex') === wanted) return;
      if (isLast) throw new Damaged([wanted]);
    }
  }

  isHere(sha256: string): Promise<boolean> {
    return stat(this.cached(sha256)).then(
      () => true,
      () => false,
    );
  }

  scratch(name: string): string {
    return join(this.folder, `${randomUUID()}-${name.slice(-80)}`);
  }

  cached(sha256: string): string {
    return join(this.pictures, `${sha256}.yuv`);
  }
}

export async function discard(...files: (string | undefined)[]): Promise<void> {
  await Promise.all(files.map(async (file) => file && rm(file, { force: true })));
}

export const isGone = (error: unknown): boolean => error instanceof ObjectNotFound || error instanceof ObjectDamaged;
