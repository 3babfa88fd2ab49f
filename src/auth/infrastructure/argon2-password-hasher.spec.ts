import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerBusy } from '#libs/kernel/concurrency-limit';
import { Argon2PasswordHasher } from './argon2-password-hasher.js';

describe('Password hashing', () => {
  it('leaves threads free to read files: a file is read while most passwords still wait', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inkreel-argon2-'));
    const file = join(folder, 'film.mp4');
    writeFileSync(file, 'frames');
    const passwords = new Argon2PasswordHasher();
    let hashed = 0;
    const hashes = Array.from({ length: 24 }, () => passwords.hash('a lantern left burning').then(() => hashed++));
    expect((await readFile(file)).toString()).toBe('frames');
    expect(hashed).toBeLessThan(12);
    await Promise.all(hashes);
    rmSync(folder, { recursive: true });
  });

  it('refuses at once what finds the queue full, and takes passwords again afterwards', async () => {
    const passwords = new Argon2PasswordHasher();
    const wrong = Array.from({ length: 110 }, () => passwords.hash('wrong'));
    const refused = (await Promise.allSettled(wrong)).filter(
      (one) => one.status === 'rejected' && one.reason instanceof ServerBusy,
    );
    expect(refused).toHaveLength(8);
    const hash = await passwords.hash('a lantern left burning');
    expect([await passwords.matches('a lantern left burning', hash), await passwords.matches('another', hash)]).toEqual([
      true,
      false,
    ]);
  });
});
