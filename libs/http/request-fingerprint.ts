/**
 * What identifies a request with an Idempotency-Key, without keeping it: HMAC-SHA256 under a key that only this installation has, over
 * the body without its secrets. A plain hash would let whoever reads the table try passwords against it.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '#libs/config/config';

/** Names of members that hold a secret, in bodies and in answers. */
const SECRET = /password|passphrase|secret|token|otp/i;

@Injectable()
export class RequestFingerprint {
  private readonly key: KeyObject;

  constructor(config: Config) {
    this.key = fingerprintKey(config.signingKey);
  }

  /** The same in every process, and whatever the order of members. */
  of(value: unknown): Buffer {
    return createHmac('sha256', this.key).update(JSON.stringify(value, withoutSecrets)).digest();
  }
}

/** Every process that holds the signing key gets the same key from it (RFC 5869), and it does not give the signing key away. */
function fingerprintKey(signingKey: KeyObject): KeyObject {
  const { d } = signingKey.export({ format: 'jwk' });
  if (!d) throw new TypeError('A private key is needed to derive the key of request fingerprints');
  return createSecretKey(Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'inkreel request fingerprints 1', 32)));
}

/** A replacer for JSON.stringify: no secrets, and members in order. */
function withoutSecrets(this: unknown, name: string, value: unknown): unknown {
  if (SECRET.test(name)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The name of the first secret in an answer, or undefined. */
export function secretIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Date) return undefined;
  for (const [name, child] of Object.entries(value)) {
    if (!Array.isArray(value) && SECRET.test(name)) return name;
    const found = secretIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
