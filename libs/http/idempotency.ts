/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST sent twice with one key acts once and gets the same answer twice,
 * on whichever process the second lands.
 *
 * ```ts
 * @Post()
 * @Idempotent()
 * async create(@Body() body: CreateWorkBody): Promise<WorkResponse> { … }
 * ```
 *
 * The key is taken before the handler runs, in a statement of its own, and no connection is held while the handler hashes a password or
 * parses a text. The first unit of work that the handler runs begins the transaction, and the answer is stored in it. So the effect and
 * the answer commit together; a process that dies before leaves neither, and once its lease has ended a repeat runs the request again.
 * A repeat that comes while the first still runs is 409. Docs: docs/decisions/0016-an-idempotency-key-is-leased.md.
 */
import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Transaction } from '#libs/database/transaction';
import type { RequestWithActor } from './access.js';
import { IdempotencyRecords, type StoredResponse } from './idempotency-records.js';
import { BadRequest } from './problems.js';
import { RequestFingerprint, secretIn } from './request-fingerprint.js';

const KEPT_HEADERS = ['location', 'etag', 'content-location'];

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly log = new Logger('Idempotency');

  constructor(
    private readonly transaction: Transaction,
    private readonly records: IdempotencyRecords,
    private readonly fingerprint: RequestFingerprint,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & RequestWithActor>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    if (typeof key !== 'string' || key.length < 8 || key.length > 255)
      throw new BadRequest(
        'bad-idempotency-key',
        'Idempotency-Key must be 8 to 255 characters: a new random UUID for each new thing you do.',
      );
    return from(this.answerOnce(request, http.getResponse<FastifyReply>(), key, next));
  }

  private async answerOnce(
    request: FastifyRequest & RequestWithActor,
    reply: FastifyReply,
    key: string,
    next: CallHandler,
  ): Promise<unknown> {
    // the very path with its ids, not the route's pattern: one key used on two chapters is two requests
    const name = this.fingerprint.of([request.actor?.id ?? request.ip, request.method, request.url, key]);
    const fingerprint = this.fingerprint.of(request.body ?? null);
    const taken = await this.records.take(name, fingerprint, request.actor?.id);
    if ('stored' in taken) return replay(taken.stored, fingerprint, reply);
    try {
      return await this.transaction.hold(
        () => lastValueFrom(next.handle(), { defaultValue: undefined }) as Promise<unknown>,
        (body) => this.store(name, taken.attempt, reply, body, aboutOf(request.url, body)),
      );
    } catch (error) {
      await this.records
        .release(name, taken.attempt)
        .catch((failure: unknown) => this.log.warn(`A key stays taken until its lease ends: ${String(failure)}`));
      throw error;
    }
  }

  private async store(name: Buffer, attempt: number, reply: FastifyReply, body: unknown, about: string[]): Promise<void> {
    const secret = secretIn(body);
    if (secret !== undefined)
      throw new Error(`The answer holds "${secret}", which must not be stored: remove @Idempotent() from this route.`);
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((header) => (reply.hasHeader(header) ? [[header, String(reply.getHeader(header))]] : [])),
    );
    const isStored = await this.records.store(name, attempt, { status: reply.statusCode, headers, body }, about);
    if (!isStored) throw keyInUse(1);
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The ids in the path and those that the answer bears: of what was made, and of what that belongs to. */
function aboutOf(url: string, body: unknown): string[] {
  const members = Object.values(body ?? {}).filter((value): value is string => typeof value === 'string');
  const ids = members.filter((value) => value.length === 36).flatMap((value) => value.match(UUID) ?? []);
  return [...new Set([...(url.match(UUID) ?? []), ...ids])];
}

function replay(stored: StoredResponse, fingerprint: Buffer, reply: FastifyReply): unknown {
  if (!stored.fingerprint.equals(fingerprint))
    throw new BadRequest(
      'idempotency-key-reused',
      'This Idempotency-Key came with another body before: use a new key for a new request.',
      {},
      422,
    );
  if (stored.status === null) throw keyInUse(stored.retryAfter);
  void reply.status(stored.status).headers({ ...stored.headers, 'idempotent-replayed': 'true' });
  return stored.body ?? undefined;
}

/** Most requests are done in a second; only that of a dead process keeps its key until the lease ends. */
const keyInUse = (leaseSeconds: number): BadRequest =>
  new BadRequest(
    'idempotency-key-in-use',
    'A request with this Idempotency-Key is running: repeat it in a moment to get its answer.',
    { retryAfter: Math.min(leaseSeconds, 2) },
    409,
  );

/**
 * For every POST that creates something. The answer is stored for 24 hours, so a route that answers tokens must not have it
 * (docs/decisions/0016): a repeat there signs in again.
 */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'A new random UUID for each new thing; a repeat within 24 hours gets the first answer and changes nothing. While the first still runs: 409.',
      schema: { type: 'string', minLength: 8, maxLength: 255, example: 'b0c6a5f2-61a5-4a8e-9d4b-1f6f5f0f2d11' },
    }),
  );
