/** Strong ETags made of a version number, and the If-Match that goes back with a change (RFC 9110 §13.1). */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { BadRequest } from './problems.js';

export const etag = (version: string | number): string => `"${version}"`;

/**
 * The version the caller prepared the change against, for the aggregate to compare under its lock. A change without one is
 * 428: two people would overwrite each other without noticing. `*` means "whatever it is now" and is passed as undefined.
 */
export const IfMatchVersion = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | undefined => {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (header === undefined)
      throw new BadRequest(
        'if-match-missing',
        'Send If-Match with the ETag you got when reading it, so that nobody is overwritten unseen.',
        {},
        428,
      );
    if (header.trim() === '*') return undefined;
    const match = /^"(\d{1,9})"$/.exec(header.trim());
    if (!match) throw new BadRequest('bad-if-match', 'If-Match must be one ETag as you got it, quotes included, like "3".');
    return Number(match[1]);
  },
  [
    (target: object, key: string | symbol | undefined): void => {
      if (key === undefined) return;
      const descriptor = Object.getOwnPropertyDescriptor(target, key)!;
      ApiHeader({
        name: 'If-Match',
        required: true,
        description: 'The ETag of what you read, or * to overwrite whatever is there. Stale: 412. Missing: 428.',
        schema: { type: 'string', example: '"3"' },
      })(target, key, descriptor);
    },
  ],
);

/** Does If-None-Match name this ETag? Weak comparison, as RFC 9110 §13.1.2 asks. */
export function isUnchanged(request: FastifyRequest, tag: string): boolean {
  const header = request.headers['if-none-match'];
  return (
    header !== undefined && (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag))
  );
}
