import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { ConcurrencyLimit } from '#libs/kernel/concurrency-limit';
import { PasswordHasher } from '../domain/ports.js';

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes. */
const OPTIONS = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * argon2 runs in libuv's pool, which has four threads and reads files, too: two at once leave it two. A hundred that wait are
 * a few seconds; more are answered with 503.
 */
const LIMITS = { concurrent: 2, queued: 100 };

@Injectable()
export class Argon2PasswordHasher extends PasswordHasher {
  private readonly hashing = new ConcurrencyLimit(LIMITS);
  /** What an unknown e-mail is checked against, so that the time taken does not tell whether there is an account. */
  private readonly nobody = hash('nobody has this password', OPTIONS);

  hash(password: string): Promise<string> {
    return this.hashing.run(() => hash(password.normalize('NFC'), OPTIONS));
  }

  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const against = stored ?? (await this.nobody);
    const matches = await this.hashing.run(() => verify(against, password.normalize('NFC')));
    return matches && stored !== undefined;
  }
}
