/**
 * Objects on S3: AWS, MinIO, Garage and other compatible servers.
 *
 * Up to one part (8 MiB) is collected, checked and sent in one request; more is a multipart upload, which is visible only when it
 * is completed: a source that breaks, or a wrong digest, aborts it. A process that is killed midway leaves invisible parts that
 * cost money: `clearUnfinished` aborts them, as does a lifecycle rule `AbortIncompleteMultipartUpload`.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { OnModuleDestroy } from '@nestjs/common';
import { checkRange } from './byte-range.js';
import { contentDisposition } from './content-disposition.js';
import { BodyReader, checkPutOptions, digestOf, type Counted } from './object-body.js';
import { checkKey, checkPrefix } from './object-key.js';
import {
  ObjectNotFound,
  ObjectStore,
  RangeNotSatisfiable,
  type ByteRange,
  type LinkOptions,
  type ListedObject,
  type ObjectBody,
  type ObjectHead,
  type ObjectPart,
  type PutOptions,
  type StoredObject,
} from './object-store.js';
import { is, told } from './s3-errors.js';
import { checkExpiry, type SignedUrls } from './signed-urls.js';

export interface S3Settings {
  bucket: string;
  /** Empty for AWS. Others are addressed by path (`endpoint/bucket/key`), as few have a wildcard name. */
  endpoint?: string;
  region: string;
  /** Without keys the SDK looks for them as usual: environment, profile, instance role. */
  accessKeyId?: string;
  secretAccessKey?: string;
  /** After so many seconds without a byte the connection is closed and the request tried again (default 20). */
  stallSeconds?: number;
}

const PART = 8 * 1024 * 1024;
const MOST_PARTS = 10_000;

export class S3Store extends ObjectStore implements OnModuleDestroy {
  private readonly client: S3Client;
  private readonly bucket: string;

  /** @param links with them, links lead to this server, which asks each time whether the object may be shown; else to S3 itself. */
  constructor(
    { bucket, endpoint, region, accessKeyId, secretAccessKey, stallSeconds = 20 }: S3Settings,
    private readonly links?: SignedUrls,
  ) {
    super();
    this.bucket = bucket;
    this.client = new S3Client({
      region,
      ...(endpoint && { endpoint, forcePathStyle: true }),
      ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
      // The default adds trailing checksums in a framing that some servers store as part of the object.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 3,
      requestHandler: {
        connectionTimeout: 3_000,
        socketTimeout: stallSeconds * 1_000,
        httpAgent: { maxSockets: 200 },
        httpsAgent: { maxSockets: 200 },
      },
    });
  }

  get answersLinks(): boolean {
    return this.links !== undefined;
  }

  onModuleDestroy(): void {
    this.client.destroy();
  }

  async put(key: string, body: ObjectBody, options: PutOptions): Promise<StoredObject> {
    checkKey(key);
    checkPutOptions(options);
    const source = new BodyReader(body);
    try {
      const chunks = source.chunks();
      const first: Buffer[] = [];
      while (source.bytes <= PART) {
        const next = await chunks.next();
        if (next.done) return await this.putWhole(key, Buffer.concat(first), source, options);
        first.push(next.value);
      }
      return await this.putInParts(key, concat(first, chunks), source, body, options);
    } catch (error) {
      throw source.failure ? source.failure.error : told(error);
    }
  }

  async putByDigest(
    keyOf: (sha256: string) => Promise<string>,
    body: () => AsyncIterable<Uint8Array>,
    options: Omit<PutOptions, 'sha256'>,
  ): Promise<StoredObject> {
    const { sha256 } = await digestOf(body());
    return this.put(await keyOf(sha256), Readable.from(copies(body())), { ...options, sha256 });
  }

  async get(key: string, range?: ByteRange): Promise<ObjectPart> {
    checkKey(key);
    checkRange(range);
    const Range = range && `bytes=${range.start}-${range.end ?? ''}`;
    try {
      const answer = await this.client.send(new GetObjectCommand({ ...this.at(key), Range }));
      if (!(answer.Body instanceof Readable)) throw new TypeError('S3 answered without a stream');
      const bytes = answer.ContentLength ?? 0;
      const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? '') ?? [undefined, 0, bytes];
      return { ...described(answer), stream: answer.Body, start: Number(start), bytes, total: Number(total) };
    } catch (error) {
      if (is(error, 416, 'InvalidRange')) throw new RangeNotSatisfiable((await this.head(key))?.bytes ?? 0);
      throw told(error, key);
    }
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    checkKey(key);
    try {
      const answer = await this.client.send(new HeadObjectCommand(this.at(key)));
      return { ...described(answer), bytes: answer.ContentLength ?? 0 };
    } catch (error) {
      const known = told(error, key);
      if (known instanceof ObjectNotFound) return undefined;
      throw known;
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.client.send(new DeleteObjectCommand(this.at(key))).catch((error: unknown) => {
      const known = told(error, key);
      if (!(known instanceof ObjectNotFound)) throw known;
    });
  }

  async *list(
    prefix: string,
    { after, limit = Infinity }: { after?: string; limit?: number } = {},
  ): AsyncGenerator<ListedObject, void> {
    checkPrefix(prefix);
    let left = limit;
    let StartAfter = after || undefined;
    while (left > 0) {
      const query = { Bucket: this.bucket, Prefix: prefix, StartAfter, MaxKeys: Math.min(1000, left) };
      const page = await this.client.send(new ListObjectsV2Command(query)).catch((error: unknown) => Promise.reject(told(error)));
      for (const { Key, Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
        if (Key === undefined) continue;
        StartAfter = Key;
        left--;
        yield { key: Key, bytes: Size, modifiedAt: LastModified };
      }
      if (!page.IsTruncated) return;
    }
  }

  async signedUrl(key: string, options: LinkOptions): Promise<string> {
    if (this.links) return this.links.sign(key, options, new Date());
    const { expiresInSeconds, filename, contentType } = options;
    checkKey(key);
    checkExpiry(expiresInSeconds);
    const command = new GetObjectCommand({
      ...this.at(key),
      ...(filename !== undefined && { ResponseContentDisposition: contentDisposition('attachment', filename) }),
      ...(contentType !== undefined && { ResponseContentType: contentType }),
    });
    return getSignedUrl(this.client, command, { expiresIn: expiresInSeconds });
  }

  async clearUnfinished(before: Date): Promise<number> {
    let cleared = 0;
    try {
      for (let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}; from;) {
        const page: ListMultipartUploadsCommandOutput = await this.client.send(
          new ListMultipartUploadsCommand({ Bucket: this.bucket, ...from }),
        );
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (!Initiated || Initiated >= before) continue;
          await this.client.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }));
          cleared++;
        }
        from = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
      }
    } catch (error) {
      // some servers cannot list uploads: there the lifecycle rule is needed
      if (!is(error, 501, 'NotImplemented')) throw told(error);
    }
    return cleared;
  }

  async check(): Promise<void> {
    const soon = { abortSignal: AbortSignal.timeout(3_000) };
    await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }), soon).catch((error: unknown) => {
      throw told(error);
    });
  }

  private async putWhole(
    key: string,
    bytes: Buffer,
    source: BodyReader,
    { contentType, sha256 }: PutOptions,
  ): Promise<StoredObject> {
    const counted = source.finish(sha256);
    const Metadata = { sha256: counted.sha256 };
    // the server refuses data that changed on the way
    const ContentMD5 = createHash('md5').update(bytes).digest('base64');
    const sent = { Body: bytes, ContentLength: bytes.length, ContentMD5, ContentType: contentType, Metadata };
    const { ETag = '' } = await this.client.send(new PutObjectCommand({ ...this.at(key), ...sent }));
    return { ...counted, etag: ETag };
  }

  private async putInParts(
    key: string,
    chunks: AsyncGenerator<Buffer, void>,
    source: BodyReader,
    body: ObjectBody,
    { contentType, sha256 }: PutOptions,
  ): Promise<StoredObject> {
    // Metadata is sent before the bytes. A file or a buffer can be read twice for it; the digest of a stream stays unknown.
    const known: Partial<Counted> = body instanceof Readable || sha256 ? { sha256 } : await digestOf(body);
    let counted: Counted | undefined;
    const checked = async function* (): AsyncGenerator<Buffer, void> {
      yield* chunks;
      // Refused before the stream ends, so that the upload is never completed.
      counted = source.finish(known.sha256);
    };
    const upload = new Upload({
      client: this.client,
      queueSize: 3,
      partSize: Math.max(PART, Math.ceil((known.bytes ?? 0) / MOST_PARTS)),
      params: {
        ...this.at(key),
        Body: Readable.from(checked(), { objectMode: false }),
        ContentType: contentType,
        ...(known.sha256 && { Metadata: { sha256: known.sha256 } }),
      },
    });
    const { ETag = '' } = await upload.done();
    if (!counted) throw new Error('The upload ended before its source did');
    return { ...counted, etag: ETag };
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: key };
  }
}

/** Streams read ahead, and pieces may lie in the same memory. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

async function* concat(first: Buffer[], rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  yield* first;
  yield* rest;
}

function described(answer: { ContentType?: string; ETag?: string; Metadata?: Record<string, string> }) {
  return {
    contentType: answer.ContentType ?? 'application/octet-stream',
    etag: answer.ETag ?? '',
    sha256: answer.Metadata?.sha256,
  };
}
