/**
 * Links to objects that work without an account: `/v1/objects/<key>?expires=<unix s>[&filename=][&type=]&signature=`. The
 * signature is an HMAC-SHA256 of everything the link grants, so no part of it can be changed. With S3_LINKS=direct, S3 signs its
 * own links.
 */
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';
import { DomainError } from '#libs/kernel/domain-error';
import { checkKey } from './object-key.js';
import type { LinkOptions } from './object-store.js';

/** Where the API serves them (libs/storage/objects.controller.ts). */
export const OBJECTS_ROUTE = '/v1/objects';

const LONGEST_SECONDS = 7 * 24 * 60 * 60;

export class LinkNotValid extends DomainError {
  readonly code = 'link-not-valid';
  readonly kind = 'forbidden';
  constructor() {
    super('This link was changed or truncated. Fetch the resource again for a new one.');
  }
}

export class LinkExpired extends DomainError {
  readonly code = 'link-expired';
  readonly kind = 'forbidden';
  constructor(expiredAt: Date) {
    super('This link has expired. Fetch the resource again for a new one.', { expiredAt: expiredAt.toISOString() });
  }
}

export interface SignedLink {
  key: string;
  expiresAt: Date;
  filename?: string;
  contentType?: string;
}

export class SignedUrls {
  /** @param secret 32 bytes or more, the same in every process. */
  constructor(
    private readonly secret: KeyObject,
    private readonly route: string = OBJECTS_ROUTE,
  ) {}

  /** A path with query on this server's origin. */
  sign(key: string, { expiresInSeconds, filename, contentType }: LinkOptions, now: Date): string {
    checkKey(key);
    checkExpiry(expiresInSeconds);
    const query = new URLSearchParams({ expires: String(Math.floor(now.getTime() / 1000) + expiresInSeconds) });
    if (filename !== undefined) query.set('filename', filename);
    if (contentType !== undefined) query.set('type', contentType);
    query.set('signature', this.signature(key, query));
    return `${this.route}/${key.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
  }

  /** @throws LinkNotValid for anything that was not signed here, LinkExpired for what was and is too old. */
  verifySignedUrl(pathWithQuery: string, now: Date): SignedLink {
    const [path = '', search = ''] = pathWithQuery.split(/\?(.*)/s);
    const query = new URLSearchParams(search);
    if (!path.startsWith(`${this.route}/`)) throw new LinkNotValid();
    const key = decodeKey(path.slice(this.route.length + 1));
    // Compared as text: a decoder would accept several spellings of one signature.
    const given = Buffer.from(query.get('signature') ?? '');
    const expected = Buffer.from(this.signature(key, query));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new LinkNotValid();
    const expiresAt = new Date(Number(query.get('expires')) * 1000);
    if (now >= expiresAt) throw new LinkExpired(expiresAt);
    return { key, expiresAt, filename: query.get('filename') ?? undefined, contentType: query.get('type') ?? undefined };
  }

  /** Signs the whole query except the signature: an added or repeated parameter changes it as well. */
  private signature(key: string, query: URLSearchParams): string {
    const granted = [...query].filter(([name]) => name !== 'signature');
    return createHmac('sha256', this.secret)
      .update(JSON.stringify([key, granted]))
      .digest('base64url');
  }
}

/** Every process with the signing key derives the same secret, and the secret does not reveal the key. */
export function linkSecret(signingKey: KeyObject): KeyObject {
  const { d } = signingKey.export({ format: 'jwk' });
  if (!d) throw new TypeError('A private key is needed to derive the secret of object links');
  return createSecretKey(Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'inkreel object links 1', 32)));
}

export function checkExpiry(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_SECONDS)
    throw new RangeError(`A link lives 1 to ${LONGEST_SECONDS} whole seconds, not ${seconds}`);
}

function decodeKey(path: string): string {
  try {
    return path.split('/').map(decodeURIComponent).join('/');
  } catch {
    throw new LinkNotValid();
  }
}
