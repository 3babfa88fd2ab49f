/**
 * Stores films, pictures and subtitles. Two adapters implement it, both tested with test/contract/object-store.spec.ts: a folder
 * on disk, and any S3-compatible server.
 *
 * The promise: an object is seen complete or not at all. A source that breaks midway, a killed process or a wrong digest leaves
 * what was there before. Two puts of one key at the same time leave one of the two, complete.
 *
 * ```ts
 * const { sha256 } = await objects.put('films/ab12/film.mp4', { file: '/tmp/film.mp4' }, { contentType: 'video/mp4' });
 * const { stream, total } = await objects.get('films/ab12/film.mp4', { start: 1024 });
 * ```
 */
import type { Readable } from 'node:stream';
import { DomainError } from '#libs/kernel/domain-error';

/** Bytes in memory, a stream that is read to its end once, or the path of a file that stays as it is meanwhile. */
export type ObjectBody = Buffer | Readable | { file: string };

export interface PutOptions {
  /** A media type, for example `video/mp4`. */
  contentType: string;
  /** 64 lower-case hex digits. Given, the bytes must have it, or nothing is stored and `WrongDigest` is thrown. */
  sha256?: string;
}

export interface StoredObject {
  bytes: number;
  /** 64 lower-case hex digits, counted over the bytes that were read. */
  sha256: string;
  /** The store's own strong validator, in quotes. */
  etag: string;
  /** Where it lies now, as of `ObjectPart`. */
  file?: string;
}

export interface ObjectHead {
  bytes: number;
  contentType: string;
  /** A strong validator, in quotes: it changes when the bytes do. */
  etag: string;
  /** Missing only on S3, for an object put by another program or as a long stream without a known digest. */
  sha256?: string;
}

/** First and last byte, both included, as in HTTP. Without `end`, to the last byte. An `end` past the last byte is cut. */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface ObjectPart {
  /** Read it to its end or destroy it: it holds a file or a connection open. */
  stream: Readable;
  /** Position of the part's first byte in the object. */
  start: number;
  /** Length of this part. */
  bytes: number;
  /** Length of the whole object. */
  total: number;
  contentType: string;
  etag: string;
  sha256?: string;
  /**
   * Path of a file on this machine whose first `total` bytes are the object, where the store is a folder; more may follow them. It is only
   * to be read, and what is put over the object later gets another file.
   */
  file?: string;
}

export interface ListedObject {
  key: string;
  bytes: number;
  modifiedAt: Date;
}

export interface LinkOptions {
  /** 1 s to 7 days (604,800 s), the longest that S3 grants. */
  expiresInSeconds: number;
  /** Given, browsers save the object under this name instead of showing it. */
  filename?: string;
  /** Answered instead of the stored media type. */
  contentType?: string;
}

export abstract class ObjectStore {
  /** Whether links lead to this server, which asks the `LinkGuards` each time; else they are good until they expire. */
  abstract readonly answersLinks: boolean;

  /** Stores the body under the key and replaces what was there. */
  abstract put(key: string, body: ObjectBody, options: PutOptions): Promise<StoredObject>;

  /**
   * Stores under a key that is made of the bytes' digest, and asked for just before they can be seen.
   * @param body how the bytes are read from their start: more than once where a key must be known before they are sent. A piece is
   * taken before the next is asked for, so that all of them may lie in the same memory
   */
  abstract putByDigest(
    keyOf: (sha256: string) => Promise<string>,
    body: () => AsyncIterable<Uint8Array>,
    options: Omit<PutOptions, 'sha256'>,
  ): Promise<StoredObject>;

  /** @throws ObjectNotFound, ObjectDamaged, RangeNotSatisfiable */
  abstract get(key: string, range?: ByteRange): Promise<ObjectPart>;

  abstract head(key: string): Promise<ObjectHead | undefined>;

  /** Deleting a missing object is no error. */
  abstract delete(key: string): Promise<void>;

  /** Every object whose key starts with `prefix`, in the order of the keys' UTF-8 bytes, from the first one past `after`. */
  abstract list(prefix: string, options?: { after?: string; limit?: number }): AsyncIterable<ListedObject>;

  /**
   * A link that needs no account until it expires: a path on this server's own origin, to resolve against the URL of the
   * answer it stands in, or an absolute URL where S3 answers its own links. Whether the object exists is not looked up.
   */
  abstract signedUrl(key: string, options: LinkOptions): Promise<string>;

  /** Removes the parts of uploads that began before that time and never ended. @returns how many they were */
  abstract clearUnfinished(before: Date): Promise<number>;

  /** Checks that the store is ready. @throws StoreUnavailable with a sentence for the operator. */
  abstract check(): Promise<void>;
}

export class ObjectNotFound extends DomainError {
  readonly code = 'object-not-found';
  readonly kind = 'not-found';
  constructor(key: string) {
    super('This object is not stored, or no longer. Fetch the resource with its link again.', { key });
  }
}

export class RangeNotSatisfiable extends DomainError {
  readonly code = 'range-not-satisfiable';
  readonly kind = 'invalid';
  constructor(readonly total: number) {
    super(`The range starts past the end: the object has ${total} bytes. Ask for bytes that exist.`, { total });
  }
}

export class WrongDigest extends DomainError {
  readonly code = 'wrong-digest';
  readonly kind = 'invalid';
  constructor(expected: string, actual: string) {
    super('The bytes do not have the SHA-256 that was announced, so nothing was stored. Send them again.', { expected, actual });
  }
}

export class StoreUnavailable extends DomainError {
  readonly code: string = 'store-unavailable';
  readonly kind = 'unavailable';
  constructor(sentence: string, cause?: unknown) {
    super(sentence);
    this.cause = cause;
  }
}

/** The object is there, but damaged. */
export class ObjectDamaged extends StoreUnavailable {
  override readonly code = 'object-damaged';
  constructor(key: string) {
    super(`The object ${key} is damaged on the disk: restore it or make it again.`);
  }
}
