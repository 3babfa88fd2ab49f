/** Turns errors of S3 and of the network into ours: not found, or unavailable. */
import { DomainError } from '#libs/kernel/domain-error';
import { ObjectNotFound, StoreUnavailable } from './object-store.js';

/** Does the SDK's error have this status or this name? */
export function is(error: unknown, status: number, name: string): boolean {
  const known = error as { name?: string; $metadata?: { httpStatusCode?: number } } | undefined;
  return known?.name === name || known?.$metadata?.httpStatusCode === status;
}

/**
 * @returns the error to throw. Our own errors stay as they are; everything else, from refused keys to a dead connection, is
 * StoreUnavailable.
 */
export function told(error: unknown, key?: string): Error {
  if (error instanceof DomainError || error instanceof TypeError || error instanceof RangeError) return error;
  if (is(error, 0, 'NoSuchBucket'))
    return new StoreUnavailable('The S3 bucket does not exist: create it or correct S3_BUCKET.', error);
  if (key !== undefined && is(error, 404, 'NoSuchKey')) return new ObjectNotFound(key);
  if (is(error, 403, 'AccessDenied'))
    return new StoreUnavailable('S3 refuses the keys: S3_ACCESS_KEY_ID needs to read, write, delete and list the bucket.', error);
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new StoreUnavailable(`S3 does not answer as it should (${reason}). Try again later.`, error);
}
