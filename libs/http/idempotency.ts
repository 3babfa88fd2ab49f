/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST that is sent twice with one key acts once and gets the same
 * answer twice, on any process. The row of the key is inserted first, in the transaction of the effect: a second request waits on
 * that row until the first commits and then reads its answer; if the first fails, nothing is left.
 */
import { createHash } from 'node:crypto';
import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Transaction } from '#libs/database/transaction';
import type { RequestWithActor } from './access.js';
import { BadRequest } from './problems.js';

const KEPT_HEADERS = ['location', 'etag', 'content-location'];

interface StoredResponse {
  request: Buffer;
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly transaction: Transaction) {}

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

  private answerOnce(
    request: FastifyRequest & RequestWithActor,
    reply: FastifyReply,
    key: string,
    next: CallHandler,
  ): Promise<unknown> {
    // the path with its ids, not the pattern of the route: one key used on two chapters is two requests
    const name = sha256(JSON.stringify([request.actor?.id ?? request.ip, request.method, request.url, key]));
    const content = sha256(JSON.stringify(request.body ?? null));
    return this.transaction.run(async () => {
      const inserted = await this.transaction.query<{ fresh: boolean }>(
        `INSERT INTO http.idempotency_record (key, request) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET request = EXCLUDED.request, status = NULL, at = now() WHERE http.idempotency_record.at < now() - interval '24 hours'
         RETURNING true AS fresh`,
        [name, content],
      );
      if (!inserted.length) return this.replay(name, content, reply);
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      const headers = Object.fromEntries(
        KEPT_HEADERS.flatMap((h) => (reply.hasHeader(h) ? [[h, String(reply.getHeader(h))]] : [])),
      );
      await this.transaction.query(`UPDATE http.idempotency_record SET status = $2, headers = $3, body = $4 WHERE key = $1`, [
        name,
        reply.statusCode,
        headers,
        body === undefined ? null : JSON.stringify(body),
      ]);
      return body;
    });
  }

  private async replay(name: Buffer, content: Buffer, reply: FastifyReply): Promise<unknown> {
    const [stored] = await this.transaction.query<StoredResponse>(
      `SELECT request, status, headers, body FROM http.idempotency_record WHERE key = $1`,
      [name],
    );
    if (!stored.request.equals(content))
      throw new BadRequest(
        'idempotency-key-reused',
        'This Idempotency-Key came with another body before: use a new key for a new request.',
        {},
        422,
      );
    void reply.status(stored.status).headers({ ...stored.headers, 'idempotent-replayed': 'true' });
    return stored.body ?? undefined;
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * For every POST that creates something. The handler runs inside the transaction of the key; use cases join it.
 *
 * @example
 * @Post()
 * @Idempotent()
 * createWork(@Body() body: CreateWorkBody): Promise<WorkResponse> {}
 */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'A new random UUID for each new thing; a repeat within 24 hours gets the first answer and changes nothing.',
      schema: { type: 'string', minLength: 8, maxLength: 255 },
    }),
  );
