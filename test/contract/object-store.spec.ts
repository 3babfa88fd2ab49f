/** The promises of `ObjectStore`, tested on each adapter. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { FileStore } from '#libs/storage/file-store';
import {
  ObjectNotFound,
  RangeNotSatisfiable,
  StoreUnavailable,
  WrongDigest,
  type ByteRange,
  type ListedObject,
  type ObjectStore,
} from '#libs/storage/object-store';
import { DRIVERS, inPieces, sha256, temporaryFolder, type Fault, type RunningStore } from './storage-drivers.js';

const TEXT = { contentType: 'text/plain' };
const MIB = 1024 * 1024;
describe.each(DRIVERS)('objects in $name', ({ start, faults }) => {
  let running: RunningStore;
  let store: ObjectStore;
  let sources: string;
  let counter = 0;
  let at: (name: string) => string;

  const has = (fault: Fault): boolean => faults.includes(fault);
  const read = async (key: string, range?: ByteRange): Promise<Buffer> => buffer((await store.get(key, range)).stream);
  const list = async (prefix: string, options?: { after?: string; limit?: number }): Promise<ListedObject[]> => {
    const found: ListedObject[] = [];
    for await (const one of store.list(prefix, options)) found.push(one);
    return found;
  };

  const fileOf = async (bytes: Buffer): Promise<string> => {
    await writeFile(join(sources, 'source.bin'), bytes);
    return join(sources, 'source.bin');
  };

  beforeAll(async () => {
    sources = await temporaryFolder();
    running = await start();
    store = running.store;
  });
  afterAll(async () => {
    await running.stop();
    await rm(sources, { recursive: true });
  });
  beforeEach(() => {
    const folder = `t${++counter}`;
    at = (name) => `${folder}/${name}`;
  });

  it('gives back what was put, with its type, length and digest', async () => {
    const bytes = randomBytes(300_000);
    const { file, ...stored } = await store.put(at('film.mp4'), bytes, { contentType: 'video/mp4' });
    if (store instanceof FileStore) expect((await readFile(file!)).subarray(0, 300_000).equals(bytes)).toBe(true);
    else expect(file).toBeUndefined();
    expect(stored).toEqual({ bytes: 300_000, sha256: sha256(bytes), etag: expect.stringMatching(/^".+"$/) as string });

    const { stream, ...about } = await store.get(at('film.mp4'));
    expect(about.file !== undefined).toBe(store instanceof FileStore);
    expect((await buffer(stream)).equals(bytes)).toBe(true);
    const common = { contentType: 'video/mp4', etag: stored.etag, sha256: stored.sha256 };
    expect(about).toEqual({ start: 0, bytes: 300_000, total: 300_000, ...common, ...(about.file && { file: about.file }) });
    if (about.file) expect((await readFile(about.file)).subarray(0, about.total).equals(bytes)).toBe(true);
    expect(await store.head(at('film.mp4'))).toEqual({ bytes: 300_000, ...common });
  });

  it('takes a buffer, a stream and a file alike', async () => {
    const bytes = randomBytes(700_001);
    const file = await fileOf(bytes);
    await store.put(at('buffer'), bytes, TEXT);
    await store.put(at('stream'), inPieces(bytes), TEXT);
    await store.put(at('file'), { file }, TEXT);
    for (const name of ['buffer', 'stream', 'file']) {
      expect((await read(at(name))).equals(bytes)).toBe(true);
      expect(await store.head(at(name))).toMatchObject({ bytes: bytes.length, sha256: sha256(bytes) });
    }
  });

  it('takes a stream of text pieces as UTF-8', async () => {
    await store.put(at('cues.vtt'), Readable.from(['WEBVTT\n\n', '故乡\n'], { objectMode: true }), { contentType: 'text/vtt' });
    expect((await read(at('cues.vtt'))).toString()).toBe('WEBVTT\n\n故乡\n');
  });

  it('keeps an object of no bytes', async () => {
    const stored = await store.put(at('empty'), Buffer.alloc(0), TEXT);
    expect(stored).toMatchObject({ bytes: 0, sha256: sha256(Buffer.alloc(0)) });
    expect(await store.head(at('empty'))).toMatchObject({ bytes: 0, contentType: 'text/plain' });
    const part = await store.get(at('empty'));
    expect(part).toMatchObject({ bytes: 0, total: 0 });
    expect(await buffer(part.stream)).toHaveLength(0);
  });

  it('reads parts: from a byte to a byte, to the end, and cut where the end lies beyond it', async () => {
    const bytes = randomBytes(1000);
    await store.put(at('part'), bytes, TEXT);
    for (const [start, end, expectedEnd] of [
      [10, 19, 19],
      [1, 1, 1],
      [990, undefined, 999],
      [0, undefined, 999],
      [999, 999, 999],
      [500, 5000, 999],
    ] as const) {
      const part = await store.get(at('part'), { start, end });
      expect(part).toMatchObject({ start, bytes: expectedEnd - start + 1, total: 1000 });
      expect((await buffer(part.stream)).equals(bytes.subarray(start, expectedEnd + 1))).toBe(true);
    }
  });

  it(`reads the first byte alone${has('sends everything for the first byte') ? ' (this fake sends everything)' : ''}`, async () => {
    await store.put(at('part'), Buffer.from('abc'), TEXT);
    expect((await read(at('part'), { start: 0, end: 0 })).toString()).toBe(
      has('sends everything for the first byte') ? 'abc' : 'a',
    );
  });

  it('refuses a part that starts past the end, and says how long the object is', async () => {
    await store.put(at('short'), Buffer.from('0123456789'), TEXT);
    const refused = await store.get(at('short'), { start: 10 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RangeNotSatisfiable);
    expect(refused).toMatchObject({ total: 10 });
    await expect(store.get(at('short'), { start: 11, end: 20 })).rejects.toBeInstanceOf(RangeNotSatisfiable);
  });

  it('refuses a missing object by name, and deletes one without an error', async () => {
    await expect(store.get(at('nothing'))).rejects.toBeInstanceOf(ObjectNotFound);
    await expect(store.get(at('nothing'), { start: 1 })).rejects.toBeInstanceOf(ObjectNotFound);
    expect(await store.head(at('nothing'))).toBeUndefined();
    await expect(store.delete(at('nothing'))).resolves.toBeUndefined();
  });

  it('forgets what is deleted and leaves its neighbours', async () => {
    await store.put(at('a/b/gone'), Buffer.from('1'), TEXT);
    await store.put(at('a/stays'), Buffer.from('2'), TEXT);
    await store.delete(at('a/b/gone'));
    await expect(store.get(at('a/b/gone'))).rejects.toBeInstanceOf(ObjectNotFound);
    expect((await list(at(''))).map(({ key }) => key)).toEqual([at('a/stays')]);
    await store.put(at('a/b/gone'), Buffer.from('3'), TEXT);
    expect((await read(at('a/b/gone'))).toString()).toBe('3');
  });

  it('puts a new object in place of the old, with its own type and validator', async () => {
    const first = await store.put(at('again'), Buffer.from('the first and longer'), TEXT);
    const second = await store.put(at('again'), Buffer.from('{}'), { contentType: 'application/json' });
    expect(second.etag).not.toBe(first.etag);
    expect(await store.head(at('again'))).toEqual({
      bytes: 2,
      contentType: 'application/json',
      etag: second.etag,
      sha256: second.sha256,
    });
    expect((await read(at('again'))).toString()).toBe('{}');
  });

  describe.each([
    ['small', 250_000],
    ['in several parts', 12 * MIB],
  ])('an upload that is %s', (_, size) => {
    const bytes = randomBytes(size);

    it('shows nothing when its source breaks, and hands on the error of the source', async () => {
      const broken = new Error('the disk under the source is gone');
      await expect(store.put(at('broken'), inPieces(bytes, 100_000, broken), TEXT)).rejects.toBe(broken);
      expect(await store.head(at('broken'))).toBeUndefined();
      await expect(store.get(at('broken'))).rejects.toBeInstanceOf(ObjectNotFound);
      expect(await list(at(''))).toEqual([]);
    });

    it('leaves the old object whole when its source is cut off', async () => {
      await store.put(at('kept'), Buffer.from('the old'), TEXT);
      const source = new PassThrough();
      const put = store.put(at('kept'), source, { contentType: 'video/mp4' });
      const refused = expect(put).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
      for (let cut = 0; cut < bytes.length; cut += 100_000)
        if (!source.write(bytes.subarray(cut, cut + 100_000))) await once(source, 'drain');
      expect((await read(at('kept'))).toString()).toBe('the old');
      source.destroy();
      await refused;
      expect((await read(at('kept'))).toString()).toBe('the old');
      expect(await store.head(at('kept'))).toMatchObject({ bytes: 7, contentType: 'text/plain' });
    });

    it('is refused when the bytes have another digest than announced', async () => {
      const file = await fileOf(bytes);
      const wrong = { ...TEXT, sha256: sha256(Buffer.from('other')) };
      for (const body of [bytes, inPieces(bytes), { file }])
        await expect(store.put(at('wrong'), body, wrong)).rejects.toBeInstanceOf(WrongDigest);
      expect(await store.head(at('wrong'))).toBeUndefined();
      expect(await list(at(''))).toEqual([]);
    });

    it('is stored under a name made of its digest, which is asked for before anybody sees it', async () => {
      const asked: [string, boolean][] = [];
      const named = async (digest: string): Promise<string> => {
        asked.push([digest, (await store.head(at(digest))) !== undefined]);
        return at(digest);
      };
      const stored = await store.putByDigest(named, () => inPieces(bytes), TEXT);
      expect(stored).toMatchObject({ bytes: size, sha256: sha256(bytes) });
      expect(asked).toEqual([[stored.sha256, false]]);
      expect(await store.head(at(stored.sha256))).toMatchObject({ bytes: size, sha256: sha256(bytes) });
      expect(sha256(await read(at(stored.sha256)))).toBe(sha256(bytes));
    });

    it('is stored from pieces that all lie in the same memory', async () => {
      const pieces = async function* (): AsyncGenerator<Buffer> {
        const memory = Buffer.alloc(100_000);
        for (let start = 0; start < size; start += memory.length) {
          await wait(0);
          yield memory.subarray(0, bytes.copy(memory, 0, start));
        }
      };
      const stored = await store.putByDigest((digest) => Promise.resolve(at(digest)), pieces, TEXT);
      expect(stored).toMatchObject({ bytes: size, sha256: sha256(bytes) });
      expect(sha256(await read(at(stored.sha256)))).toBe(sha256(bytes));
    });

    it('is not stored when its source breaks before it has a name, or nobody names it', async () => {
      const broken = new Error('the source is gone');
      const named = (digest: string): Promise<string> => Promise.resolve(at(digest));
      await expect(store.putByDigest(named, () => inPieces(bytes, 100_000, broken), TEXT)).rejects.toBe(broken);
      await expect(
        store.putByDigest(
          () => Promise.reject(broken),
          () => inPieces(bytes),
          TEXT,
        ),
      ).rejects.toBe(broken);
      expect(await list(at(''))).toEqual([]);
    });

    it('is stored when they have the announced one', async () => {
      await store.put(at('right'), inPieces(bytes), { ...TEXT, sha256: sha256(bytes) });
      expect(await store.head(at('right'))).toMatchObject({ bytes: size, sha256: sha256(bytes) });
      expect(sha256(await read(at('right')))).toBe(sha256(bytes));
    });
  });

  it('stores 12 MiB from a file, a stream and a buffer, and reads across the parts they went up in', async () => {
    const bytes = randomBytes(12 * MIB + 7);
    const file = await fileOf(bytes);
    for (const body of [{ file }, inPieces(bytes, 65_536), bytes]) {
      expect(await store.put(at('large'), body, { contentType: 'video/mp4' })).toMatchObject({
        bytes: bytes.length,
        sha256: sha256(bytes),
      });
      expect(await store.head(at('large'))).toMatchObject({ bytes: bytes.length, contentType: 'video/mp4' });
      expect(sha256(await read(at('large')))).toBe(sha256(bytes));
    }
    const across = await read(at('large'), { start: 8 * MIB - 3, end: 8 * MIB + 2 });
    expect(across.equals(bytes.subarray(8 * MIB - 3, 8 * MIB + 3))).toBe(true);
  });

  it('deletes the leftovers of uploads that never ended, and none that began later', async () => {
    const source = new PassThrough();
    const put = store.put(at('under way'), source, TEXT);
    const bytes = randomBytes(9 * MIB);
    for (let sent = 0; sent < bytes.length; sent += 100_000)
      if (!source.write(bytes.subarray(sent, sent + 100_000))) await once(source, 'drain');
    expect(await store.clearUnfinished(new Date(Date.now() - 60_000))).toBe(0);
    source.end();
    expect(await put).toMatchObject({ bytes: bytes.length, sha256: sha256(bytes) });
    await store.clearUnfinished(new Date(Date.now() + 60_000));
    expect(sha256(await read(at('under way')))).toBe(sha256(bytes));
  });

  it('tells keys apart that look alike, in any script', async () => {
    const names = [
      'a',
      'A',
      'a/b',
      'a.b',
      'a b',
      'a+b',
      'a%20b',
      'a&b=c?d#e',
      '@a',
      '~a',
      "it's (1)*!",
      '故乡/第一章.mp4',
      '\u00e9',
      'e\u0301',
      '🎬',
    ];
    for (const name of names) await store.put(at(name), Buffer.from(name), TEXT);
    for (const name of names) expect((await read(at(name))).toString()).toBe(name);
    const listed = (await list(at(''))).map(({ key }) => key);
    expect(listed.toSorted()).toEqual(names.map(at).toSorted());
  });

  it('lists by prefix', async () => {
    for (const name of ['a-b', 'a/1', 'a/2/x', 'b/1']) await store.put(at(name), Buffer.from(name), TEXT);
    const keys = async (prefix: string): Promise<string[]> => (await list(at(prefix))).map(({ key }) => key).toSorted();
    expect(await keys('')).toEqual(['a-b', 'a/1', 'a/2/x', 'b/1'].map(at));
    expect(await keys('a/')).toEqual(['a/1', 'a/2/x'].map(at));
    expect(await keys('a')).toEqual(['a-b', 'a/1', 'a/2/x'].map(at));
    expect(await keys('none')).toEqual([]);
    const [first] = await list(at('a-b'));
    expect(first).toMatchObject({ key: at('a-b'), bytes: 3 });
    expect(Math.abs(Date.now() - first.modifiedAt.getTime())).toBeLessThan(60_000);
  });

  const itsOwn = has('lists in an order of its own');
  it(`lists in the order of the keys, page after page${itsOwn ? ' (this fake has an order of its own)' : ''}`, async () => {
    const names = ['a-b', 'a/1', 'a/2/x', 'a/2/y', 'a/3', 'a0', 'b/1'];
    for (const name of names.toReversed()) await store.put(at(name), Buffer.from(name), TEXT);
    const keys = async (prefix: string, options?: { after?: string; limit?: number }): Promise<string[]> =>
      (await list(at(prefix), options)).map(({ key }) => key);

    if (itsOwn) return expect(await keys('')).not.toEqual(names.map(at));
    expect(await keys('')).toEqual(names.map(at));
    expect(await keys('', { limit: 2 })).toEqual(['a-b', 'a/1'].map(at));
    expect(await keys('', { after: at('a/1'), limit: 2 })).toEqual(['a/2/x', 'a/2/y'].map(at));
    expect(await keys('', { after: at('a/2/y') })).toEqual(['a/3', 'a0', 'b/1'].map(at));
    expect(await keys('a', { after: at('a/') })).toEqual(['a/1', 'a/2/x', 'a/2/y', 'a/3', 'a0'].map(at));
  });

  const onePage = has('fails when a list has another page');
  it(`lists more than the thousand that S3 answers at once${onePage ? ' (this fake fails)' : ''}`, async () => {
    const names = Array.from({ length: 1005 }, (_, number) => `many/${String(number).padStart(4, '0')}`);
    const waiting = names.values();
    const putting = async (): Promise<void> => {
      for (const name of waiting) await store.put(at(name), Buffer.from('x'), TEXT);
    };
    await Promise.all(Array.from({ length: 16 }, putting));
    if (onePage) return expect(list(at(''))).rejects.toBeInstanceOf(StoreUnavailable);
    expect((await list(at(''))).map(({ key }) => key)).toEqual(names.map(at));
    expect(await list(at(''), { limit: 1002 })).toHaveLength(1002);
  });

  it(`leaves one of several puts at once, whole${has('mixes simultaneous puts') ? ' (not asked of this fake: it writes in place)' : ''}`, async () => {
    if (has('mixes simultaneous puts')) return;
    const bodies = Array.from({ length: 8 }, () => randomBytes(400_000));
    const stored = await Promise.all(bodies.map((bytes) => store.put(at('raced'), inPieces(bytes), TEXT)));
    const kept = await read(at('raced'));
    expect(stored.map((one) => one.sha256)).toContain(sha256(kept));
    expect(await store.head(at('raced'))).toMatchObject({ sha256: sha256(kept), bytes: 400_000 });
  });

  describe('signed links', () => {
    const follow = async (
      key: string,
      options: { expiresInSeconds: number; filename?: string; contentType?: string },
    ): Promise<URL> => new URL(await store.signedUrl(key, options), running.origin);

    it('let anyone read the object, whatever its key', async () => {
      const bytes = randomBytes(200_000);
      for (const name of ['film.mp4', '故乡/第 1 章+%.mp4']) {
        await store.put(at(name), bytes, { contentType: 'video/mp4' });
        const answer = await fetch(await follow(at(name), { expiresInSeconds: 60 }));
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe('video/mp4');
        expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
      }
    });

    it('carry ranges', async () => {
      await store.put(at('film.mp4'), Buffer.from('0123456789'), { contentType: 'video/mp4' });
      const answer = await fetch(await follow(at('film.mp4'), { expiresInSeconds: 60 }), { headers: { range: 'bytes=2-4' } });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe('bytes 2-4/10');
      expect(await answer.text()).toBe('234');
    });

    const ignores = has('ignores what a link says of type and name');
    it(`name the file that a browser saves, and another type${ignores ? ' (ignored by this fake)' : ''}`, async () => {
      await store.put(at('x'), Buffer.from('WEBVTT'), { contentType: 'application/octet-stream' });
      const link = await follow(at('x'), { expiresInSeconds: 60, filename: '故乡 "1".vtt', contentType: 'text/vtt' });
      const answer = await fetch(link);
      expect(await answer.text()).toBe('WEBVTT');
      const said = [answer.headers.get('content-type'), answer.headers.get('content-disposition')];
      expect(said).toEqual(
        ignores
          ? ['application/octet-stream', null]
          : ['text/vtt', `attachment; filename="__ _1_.vtt"; filename*=UTF-8''%E6%95%85%E4%B9%A1%20%221%22.vtt`],
      );
    });

    it(`end when they say${has('answers expired links') ? ' (this fake answers them for ever)' : ''}`, async () => {
      await store.put(at('film.mp4'), Buffer.from('film'), { contentType: 'video/mp4' });
      const link = await follow(at('film.mp4'), { expiresInSeconds: 1 });
      await wait(2_100);
      const answer = await fetch(link);
      expect(answer.status).toBe(has('answers expired links') ? 200 : 403);
      expect((await answer.text()) === 'film').toBe(has('answers expired links'));
    });

    it('live one second to seven days, in whole seconds', async () => {
      for (const expiresInSeconds of [0, -1, 1.5, NaN, 7 * 86_400 + 1])
        await expect(follow(at('x'), { expiresInSeconds })).rejects.toBeInstanceOf(RangeError);
    });
  });

  it('is ready', async () => {
    await expect(store.check()).resolves.toBeUndefined();
  });
});
