import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { PasswordHasher } from '../domain/ports.js';

/** OWASP's floor for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes. Runs on libuv's threads, not ours. */
const OPTIONS = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

@Injectable()
export class Argon2PasswordHasher extends PasswordHasher {
  /** What an unknown e-mail is checked against, so that the time taken does not tell whether there is an account. */
  private readonly nobody = hash('nobody has this password', OPTIONS);

  hash(password: string): Promise<string> {
    return hash(password.normalize('NFC'), OPTIONS);
  }

  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const matches = await verify(stored ?? (await this.nobody), password.normalize('NFC'));
    return matches && stored !== undefined;
  }
}
