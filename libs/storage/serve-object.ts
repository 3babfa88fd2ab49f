/**
 * Answers a GET or HEAD with an object: ranges, validators and a safe file name (RFC 9110 §8.8, §13, §14; RFC 6266). The reader
 * sets the pace, and the file or the connection to S3 is closed when the reader leaves.
 *
 * ```ts
 * @Get(':id/film')
 * async film(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
 *   await serveObject(request, reply, this.objects, await this.renditions.filmKey(id), { filename: 'film.mp4' });
 * }
 * ```
 */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '#libs/http/etag';
import { BadRequest } from '#libs/http/problems';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { parseRange } from './byte-range.js';
import { contentDisposition } from './content-disposition.js';
import {
  ObjectNotFound,
  RangeNotSatisfiable,
  type ByteRange,
  type ObjectHead,
  type ObjectPart,
  type ObjectStore,
} from './object-store.js';

export interface ServeOptions {
  /** Offered when it is saved. */
  filename?: string;
  /** Default `inline`; types that a browser could run as a page of this origin are always `attachment`. */
  disposition?: 'inline' | 'attachment';
  /** Instead of the stored media type. */
  contentType?: string;
  /** Default `private, no-cache`: may be stored, but is revalidated each time. */
  cacheControl?: string;
}

/** Types that are shown inline. Others, above all HTML and SVG, could run scripts on this origin. */
const HARMLESS =
  /^(?:video\/|audio\/|image\/(?:png|jpeg|webp|gif|avif)\b|text\/(?:plain|vtt)\b|application\/(?:json|x-subrip)\b)/;

/** Resolves when the answer was sent or the reader left. @throws ObjectNotFound; BadRequest 416 with `Content-Range` set */
export async function serveObject(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ObjectStore,
  key: string,
  options: ServeOptions = {},
): Promise<void> {
  const answer = await prepare(request, reply, store, key);
  reply.headers({
    etag: answer.head.etag,
    'accept-ranges': 'bytes',
    'cache-control': options.cacheControl ?? 'private, no-cache',
    'x-content-type-options': 'nosniff',
  });
  if (answer.status !== 304) {
    const type = options.contentType ?? answer.head.contentType;
    const disposition = HARMLESS.test(type) ? (options.disposition ?? 'inline') : 'attachment';
    reply.headers({
      'content-type': type,
      'content-length': answer.bytes,
      'content-disposition': contentDisposition(disposition, options.filename),
    });
  }
  // For HEAD an empty stream: Fastify would set the length of any other body over ours.
  reply.code(answer.status).send(answer.status === 304 ? undefined : answer.stream);
  await finished(reply.raw).catch(() => undefined);
}

interface Answer {
  status: 200 | 206 | 304;
  head: ObjectHead;
  bytes: number;
  stream: Readable;
}

async function prepare(request: FastifyRequest, reply: FastifyReply, store: ObjectStore, key: string): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const head = await store.head(key);
    if (!head) throw new ObjectNotFound(key);
    const empty = { status: 200, head, bytes: head.bytes, stream: Readable.from([]) } as const;
    if (isUnchanged(request, head.etag)) return { ...empty, status: 304 };
    if (request.method === 'HEAD') return empty;
    const range = wantedRange(request, reply, head);
    const part = await partOf(store, key, range, head);
    if (!part && attempt < 3) continue;
    if (!part) throw new ChangedMeanwhile(head.etag);
    if (range) reply.header('content-range', `bytes ${part.start}-${part.start + part.bytes - 1}/${part.total}`);
    return { status: range ? 206 : 200, head, bytes: part.bytes, stream: await flowing(part) };
  }
}

function wantedRange(request: FastifyRequest, reply: FastifyReply, head: ObjectHead): ByteRange | undefined {
  // If-Range compares strongly; dates never match, because none are sent.
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== head.etag) return undefined;
  const range = parseRange(request.headers.range, head.bytes);
  if (range === 'whole') return undefined;
  if (range !== 'unsatisfiable') return range;
  reply.header('content-range', `bytes */${head.bytes}`);
  const sentence = `The range starts past the end: there are ${head.bytes} bytes. Ask for bytes that exist.`;
  throw new BadRequest('range-not-satisfiable', sentence, { total: head.bytes }, 416);
}

/** @returns undefined when the object was replaced after `head` was read, because that decision was about other bytes. */
async function partOf(
  store: ObjectStore,
  key: string,
  range: ByteRange | undefined,
  head: ObjectHead,
): Promise<ObjectPart | undefined> {
  try {
    const part = await store.get(key, range);
    if (part.etag === head.etag) return part;
    part.stream.destroy();
  } catch (error) {
    if (!(error instanceof RangeNotSatisfiable)) throw error;
  }
  return undefined;
}

/**
 * Waits for the first bytes, so that a store that fails at once is reported as a problem document and not as a truncated answer.
 */
async function flowing({ stream }: ObjectPart): Promise<Readable> {
  await once(stream, 'readable');
  return stream;
}
