/** Strong ETags made of a version number, and the If-Match header that a change sends back (RFC 9110 §13.1). */
import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type EntityTag, readEtagList } from './etag-list.js';
import { BadRequest } from './problems.js';

/**
 * @param version what If-Match compares.
 * @param shown the body, where it shows what has no part in the version, as a work shows how many of its chapters are published: the tag
 * then changes with every member of it, while If-Match compares the version alone.
 */
export const etag = (version: string | number, shown?: object): string =>
  shown ? `"${version}-${createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 12)}"` : `"${version}"`;

/**
 * The version that the change was prepared against; the aggregate compares it under its lock. A change without one is 428,
 * because two people would overwrite each other without noticing. `*` accepts any version and is passed as undefined.
 */
export const IfMatchVersion = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | undefined => {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (header === undefined)
      throw new BadRequest(
        'if-match-missing',
        'Send If-Match with the ETag you got when reading it, so that you do not overwrite the change of somebody else.',
        {},
        428,
      );
    const tags = readEtagList(header);
    if (tags === '*') return undefined;
    if (!tags) throw new BadRequest('bad-if-match', 'If-Match must hold ETags as you got them, quotes included, like "3".');
    // of several, the newest: versions only grow, so an older one cannot be the present one
    return Math.max(NO_VERSION, ...tags.map(versionOf));
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

/** No aggregate has this version, so it answers 412. */
const NO_VERSION = -1;

/** The version that a tag was made of; NO_VERSION for a weak one, which If-Match never matches (RFC 9110 §13.1.1), and for any other. */
function versionOf({ isWeak, tag }: EntityTag): number {
  const [, version] = /^"(\d{1,9})(?:-[\w-]{12})?"$/.exec(tag) ?? [];
  return isWeak || version === undefined ? NO_VERSION : Number(version);
}

/** Does If-None-Match name this ETag? Weak comparison, as RFC 9110 §13.1.2 asks. */
export function isUnchanged(request: FastifyRequest, tag: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined) return false;
  if (header === tag) return true;
  const tags = readEtagList(header);
  return tags === '*' || (tags ?? []).some((one) => one.tag === tag);
}
