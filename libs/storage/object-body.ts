/** Reads what is to be stored: one stream of buffers from any kind of body, with its length and digest counted on the way. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ObjectBody, type PutOptions, type StoredObject, WrongDigest } from './object-store.js';

export type Counted = Pick<StoredObject, 'bytes' | 'sha256'>;

const CHUNK = 256 * 1024;

/** Or pieces that may all lie in the same memory. */
export type AnyBody = ObjectBody | AsyncIterable<Uint8Array>;

/** Counts `bytes` and SHA-256 while the body is read. An error of the source is kept, to tell it from an error of the store. */
export class BodyReader {
  bytes = 0;
  failure?: { error: unknown };
  private readonly hash: Hash = createHash('sha256');

  constructor(private readonly body: AnyBody) {}

  async *chunks(): AsyncGenerator<Buffer, void> {
    for await (const chunk of this.read()) {
      this.count(chunk);
      yield chunk;
    }
  }

  /** One chunk after the other; each is counted while it is written, which takes as long. */
  async into(write: (chunk: Buffer) => Promise<void>): Promise<void> {
    for await (const chunk of this.read()) {
      const written = write(chunk);
      this.count(chunk);
      await written;
    }
  }

  /** Once, after the last chunk. @throws WrongDigest */
  finish(expected: string | undefined): Counted {
    const sha256 = this.hash.digest('hex');
    if (expected !== undefined && expected !== sha256) {
      const error = new WrongDigest(expected, sha256);
      this.failure = { error };
      throw error;
    }
    return { bytes: this.bytes, sha256 };
  }

  private count(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.hash.update(chunk);
  }

  private async *read(): AsyncGenerator<Buffer, void> {
    try {
      for await (const piece of this.pieces()) yield Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  private pieces(): AsyncIterable<Buffer | Uint8Array | string> | Iterable<Buffer> {
    if (Buffer.isBuffer(this.body)) return [this.body];
    if (Symbol.asyncIterator in this.body) return this.body as AsyncIterable<Buffer | Uint8Array | string>;
    return createReadStream(this.body.file, { highWaterMark: CHUNK });
  }
}

/** Mistakes of the caller, not of a request: they are plain errors. */
export function checkPutOptions({ contentType, sha256 }: PutOptions): void {
  if (!/^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.+-]+)*$/.test(contentType) || contentType.length > 200)
    throw new TypeError(`Not a media type: ${JSON.stringify(contentType)}`);
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('sha256 must be 64 lower-case hex digits');
}

export async function digestOf(body: AnyBody): Promise<Counted> {
  const reader = new BodyReader(body);
  const chunks = reader.chunks();
  while (!(await chunks.next()).done);
  return reader.finish(undefined);
}
