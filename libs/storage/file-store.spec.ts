/** Promises of the folder store only; the common ones are in test/contract/object-store.spec.ts. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FileStore } from './file-store.js';
import { FOOTER_BYTES } from './file-layout.js';
import { ObjectNotFound, StoreUnavailable } from './object-store.js';
import { SignedUrls } from './signed-urls.js';

const TEXT = { contentType: 'text/plain' };
let folder: string;
let store: FileStore;
const reopen = (): Promise<FileStore> => FileStore.open(folder, new SignedUrls(createSecretKey(randomBytes(32))));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inkreel-file-store-'));
  store = await reopen();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('opens again on what it stored', async () => {
  await store.put('a/b', Buffer.from('kept'), TEXT);
  const part = await (await reopen()).get('a/b');
  expect((await buffer(part.stream)).toString()).toBe('kept');
});

it('lets a reader finish with the object it opened, though it is replaced and deleted meanwhile', async () => {
  const old = randomBytes(3_000_000);
  await store.put('film', old, TEXT);
  const { stream } = await store.get('film');
  await store.put('film', randomBytes(3_000_000), TEXT);
  await store.delete('film');
  expect((await buffer(stream)).equals(old)).toBe(true);
});

it('closes the file when a reader leaves early', async () => {
  await store.put('film', randomBytes(3_000_000), TEXT);
  const open = async (): Promise<number> => (await readdir('/proc/self/fd').catch(() => [])).length;
  const before = await open();
  for (let reader = 0; reader < 20; reader++) {
    const { stream } = await store.get('film');
    await new Promise((resolve) => stream.once('readable', resolve));
    await new Promise((resolve) => stream.once('close', resolve).destroy());
  }
  expect(await open()).toBeLessThan(before + 10);
});

it('leaves films on the disk that players can open: the bytes first, then a box that MP4 readers skip', async () => {
  const film = randomBytes(1000);
  await store.put('film.mp4', film, { contentType: 'video/mp4' });
  const onDisk = await readFile(join(folder, 'kept', '@film.mp4'));
  expect(onDisk.subarray(0, 1000).equals(film)).toBe(true);
  expect(onDisk.readUInt32BE(1000)).toBe(FOOTER_BYTES);
  expect(onDisk.toString('latin1', 1004, 1008)).toBe('free');
  expect(onDisk).toHaveLength(1000 + FOOTER_BYTES);
});

it('reports a damaged object', async () => {
  await store.put('cut', randomBytes(10_000), TEXT);
  await store.put('foreign', randomBytes(10_000), TEXT);
  await truncate(join(folder, 'kept', '@cut'), 9_000);
  await writeFile(join(folder, 'kept', '@foreign'), 'short');
  for (const key of ['cut', 'foreign']) {
    await expect(store.get(key)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.head(key)).rejects.toBeInstanceOf(StoreUnavailable);
  }
  await store.put('cut', Buffer.from('made again'), TEXT);
  expect(await store.head('cut')).toMatchObject({ bytes: 10 });
});

it('deletes at its start what was left half-written over an hour ago, and nothing younger', async () => {
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  await writeFile(join(folder, 'incoming', 'old'), 'x');
  await utimes(join(folder, 'incoming', 'old'), hoursAgo(1.1), hoursAgo(1.1));
  await writeFile(join(folder, 'incoming', 'young'), 'x');
  await utimes(join(folder, 'incoming', 'young'), hoursAgo(0.9), hoursAgo(0.9));
  await reopen();
  expect(await readdir(join(folder, 'incoming'))).toEqual(['young']);
});

it('leaves nothing behind after refusals', async () => {
  await expect(store.put('a', Buffer.from('x'), { ...TEXT, sha256: '0'.repeat(64) })).rejects.toThrow();
  await expect(store.put('b', { file: join(folder, 'missing') }, TEXT)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  expect(await readdir(join(folder, 'kept'))).toEqual([]);
});

it('removes folders that a delete emptied, and puts beside such deletes never fail', async () => {
  for (let round = 0; round < 30; round++) {
    await store.put('deep/er/one', Buffer.from('1'), TEXT);
    await Promise.all([store.delete('deep/er/one'), store.put('deep/er/two', Buffer.from('2'), TEXT)]);
    expect(await store.head('deep/er/two')).toMatchObject({ bytes: 1 });
    await store.delete('deep/er/two');
  }
  expect(await readdir(join(folder, 'kept'))).toEqual([]);
});

it('is no longer ready when its folder is gone', async () => {
  await store.check();
  await rm(folder, { recursive: true });
  await expect(store.check()).rejects.toBeInstanceOf(StoreUnavailable);
  await expect(store.get('a')).rejects.toBeInstanceOf(ObjectNotFound);
});

it.each(['', 'mp4', 'text/plain\r\nX-A: 1', 'text/plain; charset', `text/${'x'.repeat(300)}`])(
  'refuses %j as a media type',
  async (contentType) => {
    await expect(store.put('a', Buffer.from('x'), { contentType })).rejects.toBeInstanceOf(TypeError);
  },
);

it('keeps media types with parameters', async () => {
  await store.put('a', Buffer.from('x'), { contentType: 'text/vtt; charset=utf-8' });
  expect(await store.head('a')).toMatchObject({ contentType: 'text/vtt; charset=utf-8' });
  expect((await stat(join(folder, 'kept', '@a'))).size).toBe(1 + FOOTER_BYTES);
});
