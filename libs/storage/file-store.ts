/**
 * Objects in a folder. Web and worker share it without communication.
 *
 * A put writes `incoming/<random>`, flushes it, renames it into `kept/` and flushes the folders: whoever opens the key gets the
 * old object or the new one, also after a power failure. A reader keeps the file that it opened, whatever is put or deleted
 * meanwhile. The next start deletes what a killed process left in `incoming`.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { checkRange } from './byte-range.js';
import { FOOTER_BYTES, folderOf, nameOf, pathOf, readFooter, writeFooter, type Footer } from './file-layout.js';
import { type AnyBody, BodyReader, checkPutOptions } from './object-body.js';
import { checkKey, checkPrefix, compareKeys } from './object-key.js';
import {
  ObjectDamaged,
  ObjectNotFound,
  ObjectStore,
  RangeNotSatisfiable,
  StoreUnavailable,
  type ByteRange,
  type LinkOptions,
  type ListedObject,
  type ObjectBody,
  type ObjectHead,
  type ObjectPart,
  type PutOptions,
  type StoredObject,
} from './object-store.js';
import type { SignedUrls } from './signed-urls.js';

const CHUNK = 256 * 1024;
const FLUSHED_AT_ONCE = 4 * 1024 * 1024;
const STALE_AFTER_MS = 60 * 60 * 1000;

export class FileStore extends ObjectStore {
  readonly answersLinks = true;
  private readonly kept: string;
  private readonly incoming: string;

  private constructor(
    root: string,
    private readonly links: SignedUrls,
  ) {
    super();
    this.kept = join(root, 'kept');
    this.incoming = join(root, 'incoming');
  }

  /** Makes the folder where it is missing and sweeps what was left half-written more than an hour ago. */
  static async open(root: string, links: SignedUrls): Promise<FileStore> {
    const store = new FileStore(root, links);
    await mkdir(store.kept, { recursive: true });
    await mkdir(store.incoming, { recursive: true });
    await store.clearUnfinished(new Date(Date.now() - STALE_AFTER_MS));
    return store;
  }

  async put(key: string, body: ObjectBody, options: PutOptions): Promise<StoredObject> {
    checkKey(key);
    return this.store(() => Promise.resolve(key), body, options);
  }

  putByDigest(
    keyOf: (sha256: string) => Promise<string>,
    body: () => AsyncIterable<Uint8Array>,
    options: Omit<PutOptions, 'sha256'>,
  ): Promise<StoredObject> {
    return this.store(keyOf, body(), options);
  }

  private async store(keyOf: (sha256: string) => Promise<string>, body: AnyBody, options: PutOptions): Promise<StoredObject> {
    checkPutOptions(options);
    const source = new BodyReader(body);
    const temporary = join(this.incoming, randomUUID());
    try {
      const footer = await this.write(temporary, source, options);
      const key = checkKey(await keyOf(footer.sha256));
      const file = join(this.kept, pathOf(key));
      await this.moveIn(temporary, file);
      return { bytes: footer.bytes, sha256: footer.sha256, etag: etagOf(footer), file };
    } catch (error) {
      await rm(temporary, { force: true });
      if (!source.failure && isCode(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES'))
        throw new StoreUnavailable('The object store cannot be written to: its disk is full or read-only.', error);
      throw error;
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectPart> {
    checkRange(range);
    const opened = await this.open(key);
    if (!opened) throw new ObjectNotFound(key);
    const { handle, footer, file } = opened;
    const total = footer.bytes;
    const { start = 0, end = Infinity } = range ?? {};
    const bytes = Math.min(end + 1, total) - start;
    const about = { start, bytes, total, contentType: footer.contentType, etag: etagOf(footer), sha256: footer.sha256, file };
    if (bytes > 0) return { ...about, stream: handle.createReadStream({ start, end: start + bytes - 1, highWaterMark: CHUNK }) };
    await handle.close();
    if (range) throw new RangeNotSatisfiable(total);
    return { ...about, stream: Readable.from([]) };
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const opened = await this.open(key);
    if (!opened) return undefined;
    await opened.handle.close();
    return { ...opened.footer, etag: etagOf(opened.footer) };
  }

  async delete(key: string): Promise<void> {
    const path = join(this.kept, pathOf(checkKey(key)));
    await rm(path, { force: true });
    let folder = dirname(path);
    await flushFolder(folder);
    // Folders emptied by this go too; a neighbour that fills one first makes rmdir fail, which ends the walk.
    while (folder !== this.kept && (await removedEmpty(folder))) folder = dirname(folder);
  }

  async *list(
    prefix: string,
    { after = '', limit = Infinity }: { after?: string; limit?: number } = {},
  ): AsyncGenerator<ListedObject, void> {
    checkPrefix(prefix);
    let left = limit;
    for await (const key of this.walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after)) {
      if (left-- <= 0) return;
      const found = await stat(join(this.kept, pathOf(key))).catch(missing);
      if (found) yield { key, bytes: found.size - FOOTER_BYTES, modifiedAt: found.mtime };
    }
  }

  signedUrl(key: string, options: LinkOptions): Promise<string> {
    return Promise.resolve(this.links.sign(key, options, new Date()));
  }

  /** A file that is being written has the time of its last piece. */
  async clearUnfinished(before: Date): Promise<number> {
    let cleared = 0;
    for (const name of await readdir(this.incoming)) {
      const path = join(this.incoming, name);
      const found = await stat(path).catch(missing);
      if (!found || found.mtimeMs >= before.getTime()) continue;
      await rm(path, { force: true });
      cleared++;
    }
    return cleared;
  }

  async check(): Promise<void> {
    try {
      await access(this.incoming, constants.R_OK | constants.W_OK);
      await access(this.kept, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw new StoreUnavailable(`The object folder ${dirname(this.kept)} cannot be read and written.`, error);
    }
  }

  private async write(path: string, source: BodyReader, options: PutOptions): Promise<Footer> {
    const handle = await open(path, 'wx');
    let flushed: Promise<unknown> = Promise.resolve();
    try {
      let unflushed = 0;
      await source.into(async (chunk) => {
        await handle.appendFile(chunk);
        unflushed += chunk.length;
        if (unflushed < FLUSHED_AT_ONCE) return;
        unflushed = 0;
        flushed = Promise.all([flushed, handle.datasync()]); // flush while more is written, so that the last flush is short
        flushed.catch(() => undefined);
      });
      await flushed;
      const footer = { contentType: options.contentType, ...source.finish(options.sha256) };
      await handle.appendFile(writeFooter(footer));
      await handle.sync();
      return footer;
    } finally {
      await flushed.catch(() => undefined); // the descriptor must not be reused for another file meanwhile
      await handle.close();
    }
  }

  private async moveIn(temporary: string, target: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(dirname(target), { recursive: true });
        await rename(temporary, target);
        break;
      } catch (error) {
        // A concurrent delete removed a folder that it had emptied: make it again.
        if (!isCode(error, 'ENOENT') || attempt === 20) throw error;
      }
    }
    for (let folder = dirname(target); folder.startsWith(this.kept); folder = dirname(folder)) await flushFolder(folder);
  }

  private async open(key: string): Promise<{ handle: FileHandle; footer: Footer; file: string } | undefined> {
    const file = join(this.kept, pathOf(checkKey(key)));
    const handle = await open(file).catch(missing);
    if (!handle) return undefined;
    try {
      const footer = await readFooter(handle);
      if (!footer) throw new ObjectDamaged(key);
      return { handle, footer, file };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Keys below a folder (`''` or `a/b/`) in byte order, leaving out folders that cannot hold an answer. */
  private async *walk(folder: string, prefix: string, after: string): AsyncGenerator<string, void> {
    const entries = (await readdir(join(this.kept, folderOf(folder)), { withFileTypes: true }).catch(missing)) ?? [];
    const names = entries.map((entry) => folder + nameOf(entry)).sort(compareKeys);
    for (const name of names) {
      if (!name.endsWith('/')) {
        if (name.startsWith(prefix) && compareKeys(name, after) > 0) yield name;
        continue;
      }
      const mayMatch = name.startsWith(prefix) || prefix.startsWith(name);
      const allBefore = compareKeys(name, after) < 0 && !after.startsWith(name);
      if (mayMatch && !allBefore) yield* this.walk(name, prefix, after);
    }
  }
}

function etagOf(footer: Footer): string {
  return `"${footer.sha256}"`;
}

/**
 * A rename or unlink is durable only when its folder is flushed. Some systems cannot open a folder; nothing more can be done
 * there.
 */
async function flushFolder(path: string): Promise<void> {
  const handle = await open(path).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function missing(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
}

function removedEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}
