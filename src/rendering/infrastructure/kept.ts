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
import { type ObjectBody, ObjectDamaged, ObjectNotFound, type ObjectStore, StoreUnavailable } from '#libs/storage/object-store';
import { Damaged } from '../domain/ports.js';
import { atMost } from './at-most.js';
import type { FileOf } from './joining.js';
import { objectKey, sha256Of } from './object-key.js';
import type { Pins } from './object-pins.js';

const LONGEST_PAUSE_MS = 2_000;
const FETCHED_AT_ONCE = 4;

/** Where an object's bytes lie on this machine. What is ours is to be discarded; anything else belongs to the store. */
export interface Gathered extends FileOf {
  readonly isOurs: boolean;
}

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
    if (changedAt === undefined || (await sha256Of(path)) !== sha256) await rename((await this.fetched(sha256)).path, path);
    this.whole.set(sha256, (await stat(path)).mtimeMs);
    return path;
  }

  /**
   * Into `files`, by hash: where they lie, if the store is on this machine, else fetched.
   * @throws Damaged naming every one that is, so that all are made again at once
   */
  async gather(objects: readonly string[], files: Map<string, Gathered>): Promise<void> {
    const damaged: string[] = [];
    await atMost(FETCHED_AT_ONCE, objects, async (sha256) => {
      try {
        files.set(sha256, await this.fetched(sha256, true));
      } catch (error) {
        if (!(error instanceof Damaged)) throw error;
        damaged.push(sha256);
      }
    });
    if (damaged.length) throw new Damaged(damaged);
  }

  /**
   * Always written, also over what is there: that may be damaged, and to read it costs as much.
   * @param file stays as it is meanwhile
   */
  async keep(file: string, sha256: string, contentType: string): Promise<void> {
    await this.put({ file }, sha256, contentType);
  }

  /** @returns the hash that names them */
  async keepBytes(content: string | Buffer, contentType: string): Promise<string> {
    const bytes = Buffer.from(content);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.put(bytes, sha256, contentType);
    return sha256;
  }

  /** @param read the bytes from their start, as `putByDigest` takes them: asked again for every try. @returns the hash that names them */
  async keepStream(read: () => AsyncIterable<Uint8Array>, contentType: string): Promise<string> {
    const name = async (sha256: string): Promise<string> => {
      await this.pins?.pin(sha256);
      return objectKey(sha256);
    };
    return (await patiently(() => this.objects.putByDigest(name, read, { contentType }))).sha256;
  }

  /** @throws ObjectNotFound, Damaged */
  async fetchWhole(key: string, file: string): Promise<void> {
    await this.read(key, file);
  }

  private async put(body: ObjectBody, sha256: string, contentType: string): Promise<void> {
    await this.pins?.pin(sha256);
    await patiently(() => this.objects.put(objectKey(sha256), body, { contentType, sha256 }));
  }

  /** @param mayStay else it is a copy, under a name that the caller may change. @throws Damaged */
  private async fetched(sha256: string, mayStay = false): Promise<Gathered> {
    const copy = this.scratch(sha256);
    try {
      return await this.read(objectKey(sha256), copy, { sha256, mayStay });
    } catch (error) {
      await discard(copy);
      throw isGone(error) ? new Damaged([sha256]) : error;
    }
  }

  /** Wrong bytes are read once more: the way here may be at fault. */
  private async read(key: string, copy: string, { sha256 = '', mayStay = false } = {}): Promise<Gathered> {
    for (let tries = 1; ; tries++) {
      const { stream, file, total, ...told } = await this.objects.get(key);
      const isOurs = !mayStay || file === undefined;
      const found = isOurs ? await copied(stream, copy) : await sha256Of(file, total).finally(() => stream.destroy());
      const wanted = sha256 || told.sha256;
      if (!wanted || found === wanted) return { path: isOurs ? copy : file, bytes: total, isOurs };
      if (tries === 2) throw new Damaged([wanted]);
    }
  }

  /** Whether it is in the store, as far as can be told without reading it; then it stays there. */
  async isStored({ sha256, bytes }: { sha256: string; bytes: number }): Promise<boolean> {
    await this.pins?.pin(sha256);
    const head = await this.objects.head(objectKey(sha256)).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
    return head?.bytes === bytes;
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

/** @returns the sha256 of what was written */
async function copied(stream: Readable, to: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    stream,
    new PassThrough().on('data', (chunk: Buffer) => hash.update(chunk)),
    createWriteStream(to),
  );
  return hash.digest('hex');
}

/** A store that is away for a moment does not cost what was made. */
async function patiently<T>(put: () => Promise<T>): Promise<T> {
  for (let pause = 500; ; pause *= 2) {
    try {
      return await put();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || pause > LONGEST_PAUSE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
