/**
 * Everything made is kept in the object store by the sha256 of its bytes, and what is read back is checked against it before it
 * is used; a file of this machine that this process wrote or checked lately is checked again once it was touched. On this machine stay
 * only files that are being worked on, and the fitted pictures.
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

/** A file of this machine that was whole, when that was, and what the system said of it at that time. */
interface Whole extends FileOf {
  readonly look: string;
  /** By `performance.now()`. */
  readonly at: number;
}
/** For so long its bytes are likely in memory still; what a disk does to them later, the file's times do not tell. */
const WHOLE_FOR_MS = 10 * 60_000;
/** The scenes of three novels' chapters; of some hundred bytes each. */
const MOST_WHOLE = 5_000;

export class Kept {
  /** Objects of a store on this machine by their hash, pictures of the cache by their path; the last ones come last. */
  private readonly whole = new Map<string, Whole>();

  constructor(
    private readonly objects: ObjectStore,
    private readonly folder: string,
    private readonly pictures: string,
    private readonly pins?: Pins,
  ) {}

  /** Fitted pictures stay on this machine, as every scene of a film needs the same one. */
  async picture(sha256: string): Promise<string> {
    const path = this.cached(sha256);
    if (await this.untouched(path)) return path;
    if ((await sha256Of(path).catch(() => undefined)) !== sha256) await rename((await this.fetched(sha256)).path, path);
    this.remember(path, { path, bytes: Infinity }, await lookOf(path));
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
    const { file, bytes } = await patiently(() => this.objects.put(objectKey(sha256), body, { contentType, sha256 }));
    if (file !== undefined) this.remember(sha256, { path: file, bytes }, await lookOf(file));
  }

  /** @param mayStay else it is a copy, under a name that the caller may change. @throws Damaged */
  private async fetched(sha256: string, mayStay = false): Promise<Gathered> {
    const there = mayStay ? await this.untouched(sha256) : undefined;
    if (there) return { path: there.path, bytes: there.bytes, isOurs: false };
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
      const look = isOurs ? undefined : await lookOf(file);
      const found = isOurs ? await copied(stream, copy) : await sha256Of(file, total).finally(() => stream.destroy());
      const wanted = sha256 || told.sha256;
      if (!wanted || found === wanted) {
        if (!isOurs) this.remember(sha256, { path: file, bytes: total }, look);
        return { path: isOurs ? copy : file, bytes: total, isOurs };
      }
      if (tries === 2) throw new Damaged([wanted]);
    }
  }

  /** What was whole lately, unless its file was touched since: to read and hash the scenes of a film takes as long as to join them. */
  private async untouched(name: string): Promise<Whole | undefined> {
    const whole = this.whole.get(name);
    const isLately = whole && performance.now() - whole.at < WHOLE_FOR_MS;
    return isLately && (await lookOf(whole.path)) === whole.look ? whole : undefined;
  }

  private remember(name: string, file: FileOf, look: string | undefined): void {
    this.whole.delete(name);
    if (look !== undefined) this.whole.set(name, { ...file, look, at: performance.now() });
    const [oldest] = this.whole.keys();
    if (this.whole.size > MOST_WHOLE) this.whole.delete(oldest);
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

/** Another inode, length or time says that it was written to or replaced; nobody can set the time of a change (ctime) back. */
async function lookOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
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
