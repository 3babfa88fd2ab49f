import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStore } from '#libs/storage/file-store';
import { SignedUrls } from '#libs/storage/signed-urls';
import { Damaged } from '../domain/ports.js';
import { type Gathered, Kept } from './kept.js';

let folder: string;
let store: FileStore;
let kept: Kept;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inkreel-kept-'));
  store = await FileStore.open(join(folder, 'objects'), new SignedUrls(createSecretKey(randomBytes(32))));
  kept = new Kept(store, folder, folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function gathered(sha256: string): Promise<Gathered> {
  const files = new Map<string, Gathered>();
  await kept.gather([sha256], files);
  return files.get(sha256)!;
}

describe('What is kept in a folder of this machine', () => {
  const BYTES = Buffer.from('the pictures of one scene'.repeat(1_000));

  it('is used where it lies, and not read again while nobody touched it', async () => {
    const sha256 = await kept.keepBytes(BYTES, 'video/mp4');
    const get = jest.spyOn(store, 'get');
    const { path, bytes, isOurs } = await gathered(sha256);
    expect({ bytes, isOurs, reads: get.mock.calls.length }).toEqual({ bytes: BYTES.length, isOurs: false, reads: 0 });
    expect(path.startsWith(join(folder, 'objects'))).toBe(true);

    const other = new Kept(store, folder, folder); // a process that did not write it reads it once
    const files = new Map<string, Gathered>();
    for (let i = 0; i < 3; i++) await other.gather([sha256], files);
    expect(get).toHaveBeenCalledTimes(1);
  });

  it('is read again after a quarter of an hour, as disks rot without a word', async () => {
    const sha256 = await kept.keepBytes(BYTES, 'video/mp4');
    const get = jest.spyOn(store, 'get');
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(now + 15 * 60_000);
    try {
      await gathered(sha256);
      await gathered(sha256);
    } finally {
      clock.mockRestore();
    }
    expect(get).toHaveBeenCalledTimes(1);
  });

  it('is found damaged when one bit of it is another, also where its time is set back', async () => {
    const sha256 = await kept.keepBytes(BYTES, 'video/mp4');
    const { path } = await gathered(sha256);
    const { atime, mtime } = await stat(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.from([BYTES[500] ^ 1]), 0, 1, 500);
    await file.close();
    await utimes(path, atime, mtime);
    await expect(gathered(sha256)).rejects.toEqual(new Damaged([sha256]));

    await kept.keepBytes(BYTES, 'video/mp4');
    expect(await gathered(sha256)).toMatchObject({ bytes: BYTES.length });
  });

  it('is found missing, or cut', async () => {
    const [missing, cut] = await Promise.all(['one', 'two'].map((text) => kept.keepBytes(text.repeat(900), 'video/mp4')));
    await rm((await gathered(missing)).path);
    await writeFile((await gathered(cut)).path, 'two');
    await expect(kept.gather([missing, cut], new Map())).rejects.toMatchObject({ objects: [missing, cut] });
  });
});
