/**
 * How large the body of a request may be: 16 KiB unless the route says otherwise. The OpenAPI document shows it as `x-body-limit`.
 *
 * ```ts
 * @Put(':id/draft')
 * @BodyLimit(CHAPTER_BODY)
 * ```
 */
import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { RouteOption } from './route-config.js';

export const DEFAULT_BODY_LIMIT = 16 * 1_024;
/** A comment of the greatest length with its quote, also when a client writes every character as `\uXXXX`. */
export const COMMENT_BODY = 80 * 1_024;
/** A work with a summary of the greatest length. */
export const WORK_BODY = 32 * 1_024;
/** What is said and shown instead of one block. */
export const SCRIPT_BODY = 80 * 1_024;
/** The text of a chapter, a lexicon, or what a dry run supposes of both. */
export const CHAPTER_BODY = 2_500_000;
export const MANUSCRIPT_BODY = 6_000_000;
export const PICTURE_BODY = 12_000_000;

export const BodyLimit = (bytes: number): MethodDecorator =>
  applyDecorators(RouteOption({ bodyLimit: bytes }), ApiExtension('x-body-limit', bytes));

/** Before any route is added. Larger bodies are 413, and are not read. */
export function limitBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimit = DEFAULT_BODY_LIMIT }: { bodyLimit?: number } = route.config ?? {};
    route.bodyLimit ??= bodyLimit;
  });
}
