/** What people upload as pictures: hostile, broken and unusual ones, and how much of them a work may store. */
import sharp from 'sharp';
import type { WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { hugePng } from '../support/images.js';
import { must, type Person } from '../support/people.js';
import { descendants } from '../support/processes.js';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

let stack: Stack;
let mira: Person;
let workId: string;

beforeAll(async () => {
  stack = await startStack({ workers: 0 });
  mira = await signUp(stack, { role: 'author', name: 'Mira' });
  ({ workId } = await begunChapter(mira, { markdown: 'One.' }));
}, 90_000);

const noise = (width: number, height = width): sharp.Sharp =>
  sharp({ create: { width, height, channels: 3, background: '#204060', noise: { type: 'gaussian', mean: 90, sigma: 40 } } });
const put = (bytes: Buffer, type: string, { api } = mira, work = workId) =>
  api.put<WorkResponse & { type: string }>(`/v1/works/${work}/cover`, bytes, { 'content-type': type, 'if-match': '*' });
const cover = async (work = workId): Promise<Buffer> => (await mira.api.get(`/v1/works/${work}/cover`)).bytes;
const decoders = (): number => descendants(stack.webs[0].pid).filter(({ command }) => command.includes('reencode.child')).length;

/** Counts the decoding processes and the answers of a file read until the work is done. */
async function meanwhile<T>(work: Promise<T>): Promise<{ result: T; most: number; files: number }> {
  let [over, most, files] = [false, 0, 0];
  const done = work.finally(() => (over = true));
  while (!over) {
    expect((await mira.api.get(`/v1/works/${workId}/cover`)).status).toBe(200);
    files++;
    most = Math.max(most, decoders());
  }
  return { result: await done, most, files };
}

describe('A picture', () => {
  it('that is no PNG, JPEG or WebP, or has too many pixels, reaches no decoder', async () => {
    must(200, await put(await noise(200).jpeg().toBuffer(), 'image/jpeg'));
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="4000"><filter id="f"><feTurbulence baseFrequency="0.01" numOctaves="1000"/></filter><rect width="4000" height="4000" filter="url(#f)"/></svg>',
    );
    const huge = hugePng(7_746, 7_746);
    expect(huge.length).toBeLessThan(20_000);
    const { result, most } = await meanwhile(
      Promise.all([...Array(4).fill(svg), ...Array(8).fill(huge)].map((bytes: Buffer) => put(bytes, 'image/png'))),
    );
    expect(result.map(({ status, body }) => [status, body.type.split(':').at(-1)])).toEqual([
      ...Array<unknown>(4).fill([422, 'unsupported-image']),
      ...Array<unknown>(8).fill([422, 'image-too-large']),
    ]);
    expect(most).toBe(0);
  });

  it('is decoded beside one other at most: who finds the queue full is told when to come again, and files are read meanwhile', async () => {
    must(200, await put(await noise(200).jpeg().toBuffer(), 'image/jpeg'));
    const large = await noise(3_000).jpeg().toBuffer();
    const { result, most, files } = await meanwhile(Promise.all(Array.from({ length: 24 }, () => put(large, 'image/jpeg'))));
    const busy = result.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThanOrEqual(10);
    expect(busy[0].body.type).toBe('urn:inkreel:problem:server-busy');
    expect(Number(busy[0].headers['retry-after'])).toBeGreaterThan(0);
    expect(result.filter(({ status }) => status === 200).length).toBe(24 - busy.length);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    expect(files).toBeGreaterThan(5);
    expect(decoders()).toBe(0);
  });

  it('comes back upright and without EXIF, position or comments', async () => {
    const sides = Buffer.concat([Buffer.alloc(60 * 40 * 3, 0xff), Buffer.alloc(60 * 40 * 3, 0x00)]); // white above, black below
    const upload = await sharp(sides, { raw: { width: 60, height: 80, channels: 3 } })
      .rotate(270) // as a camera that was turned stores it
      .withExif({ IFD0: { Artist: 'Mira' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(upload).metadata()).orientation).toBe(6);
    must(200, await put(upload, 'image/jpeg'));
    const stored = await cover();
    const { width, height, exif, icc, xmp, iptc, orientation } = await sharp(stored).metadata();
    expect({ width, height, exif, icc, xmp, iptc, orientation }).toEqual({ width: 60, height: 80 });
    expect(stored.includes('Exif')).toBe(false);
    const pixels = await sharp(stored).raw().toBuffer();
    expect([pixels[30 * 3] > 250, pixels[(79 * 60 + 30) * 3] < 5]).toEqual([true, true]);
  });

  it('that is something else as well comes back as a picture only', async () => {
    const script = '<script>alert(1)</script>';
    const zip = Buffer.from('PK\u0003\u0004 and so on');
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const image = noise(64)
        .toFormat(format)
        .withExif({ IFD0: { ImageDescription: script } });
      const polyglot = Buffer.concat([await image.toBuffer(), Buffer.from(script), zip]);
      must(200, await put(polyglot, `image/${format}`));
      const stored = await cover();
      expect((await sharp(stored).metadata()).format).toBe(format);
      expect([stored.includes(script), stored.includes(zip)]).toEqual([false, false]);
    }
  });

  it('of CMYK, of sixteen bits, of grey or of another colour space becomes eight bits of sRGB', async () => {
    const red = sharp({ create: { width: 40, height: 30, channels: 3, background: '#c81e28' } });
    const uploads: [string, Buffer][] = [
      ['image/jpeg', await red.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()],
      ['image/jpeg', await red.clone().withIccProfile('p3').jpeg({ quality: 100 }).toBuffer()],
      ['image/png', await red.clone().toColourspace('rgb16').png().toBuffer()],
      ['image/webp', await red.clone().withIccProfile('p3').webp({ lossless: true }).toBuffer()],
    ];
    for (const [type, upload] of uploads) {
      must(200, await put(upload, type));
      const stored = await cover();
      expect(await sharp(stored).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar', hasProfile: false });
      const [r, g, b] = await sharp(stored).raw().toBuffer();
      // the round trip through CMYK is the least exact
      expect([Math.abs(r - 0xc8) < 30, Math.abs(g - 0x1e) < 30, Math.abs(b - 0x28) < 30]).toEqual([true, true, true]);
    }
    must(200, await put(await red.clone().greyscale().png().toBuffer(), 'image/png'));
    expect(await sharp(await cover()).metadata()).toMatchObject({ space: 'srgb', depth: 'uchar' });
  });
});

describe('What the works of one owner store', () => {
  const used = async (who: Person): Promise<number> => {
    const [{ bytes }] = await limited.sql<{ bytes: string }>(
      `SELECT coalesce(sum(bytes), 0) AS bytes FROM (SELECT DISTINCT o.object_key, o.bytes FROM chapters.stored_object o
         JOIN chapters.work w ON w.id = o.work_id WHERE w.owner_id = $1) held`,
      [who.id],
    );
    return Number(bytes);
  };
  let limited: Stack;
  beforeAll(async () => (limited = await startStack({ workers: 0, env: { STORAGE_QUOTA_MB: '1' } })), 90_000);

  it('stays within the quota, also when many pictures come at once, and the refusal says how much there is', async () => {
    const [theo, other] = [await signUp(limited, { role: 'author' }), await signUp(limited, { role: 'author' })];
    const works = [await begunChapter(theo, { markdown: 'One.' }), await begunChapter(theo, { markdown: 'Two.' })];
    const images = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        noise(500 + i)
          .png({ compressionLevel: 1 })
          .toBuffer(),
      ),
    );
    const add = (bytes: Buffer, i: number) =>
      theo.api.post<{ sha256: string; type: string; quotaBytes: number; usedBytes: number }>(
        `/v1/works/${works[i % 2].workId}/pictures`,
        bytes,
        { 'content-type': 'image/png' },
      );
    const answers = await Promise.all(images.map(add));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(7);
    expect(refused[0].body).toMatchObject({ type: 'urn:inkreel:problem:storage-quota-exceeded', quotaBytes: 1_000_000 });
    expect(await used(theo)).toBeGreaterThan(500_000);
    expect(await used(theo)).toBeLessThanOrEqual(1_000_000);
    // the same picture again takes no more room, and other people have a quota of their own
    const taken = answers.findIndex(({ status }) => status === 201);
    expect((await add(images[taken], taken)).body.sha256).toBe(answers[taken].body.sha256);
    const { workId: others } = await begunChapter(other, { markdown: 'Mine.' });
    must(200, await put(images[0], 'image/png', other, others));
    expect(await limited.sql(`SELECT FROM chapters.stored_object WHERE slot LIKE 'upload:%'`)).toEqual([]);
  });

  it('counts one upload of an owner after the other', async () => {
    const theo = await signUp(limited, { role: 'author' });
    const { workId: work } = await begunChapter(theo, { markdown: 'One.' });
    const image = await noise(100).png().toBuffer();
    const order: string[] = [];
    // what an upload of another process holds while it counts
    const lock = `SELECT pg_advisory_xact_lock(hashtextextended('storage ' || $1, 1)), pg_sleep(4)`;
    const counting = limited.sql(lock, [theo.id]).then(() => order.push('counted'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    must(200, await put(image, 'image/png', theo, work).finally(() => order.push('answered')));
    await counting;
    expect(order).toEqual(['counted', 'answered']);
  });

  it('is free again when a cover or a picture is deleted, which no script may show', async () => {
    const theo = await signUp(limited, { role: 'author' });
    const { workId: work, chapterId, blocks } = await begunChapter(theo, { markdown: 'One.' });
    const image = await noise(500).png({ compressionLevel: 1 }).toBuffer();
    const addPicture = () => theo.api.post(`/v1/works/${work}/pictures`, image, { 'content-type': 'image/png' });
    const whole = must(200, await put(image, 'image/png', theo, work));
    expect((await theo.api.delete(`/v1/works/${work}/cover`, { 'if-match': '"1"' })).status).toBe(412);
    const bare = must(200, await theo.api.delete(`/v1/works/${work}/cover`, { 'if-match': '*' }));
    expect(bare).toMatchObject({ hasCover: false, version: whole.version + 1 });
    expect([(await theo.api.get(`/v1/works/${work}/cover`)).status, await used(theo)]).toEqual([404, 0]);
    expect(must(200, await theo.api.delete(`/v1/works/${work}/cover`, { 'if-match': '*' })).version).toBe(bare.version);

    const { sha256 } = must(201, await addPicture());
    const [picture, entry] = [
      `/v1/works/${work}/pictures/${sha256 as string}`,
      `/v1/chapters/${chapterId}/script/${blocks[0].id}`,
    ];
    must(200, await theo.api.put(entry, { picture: sha256 }, { 'if-match': '*' }));
    const refused = await theo.api.delete(picture);
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { type: 'urn:inkreel:problem:picture-in-use', chapters: [chapterId] },
    ]);
    must(200, await theo.api.delete(entry, { 'if-match': '*' }));
    must(204, await theo.api.delete(picture));
    for (const gone of [await theo.api.get(picture), await theo.api.delete(picture)])
      expect([gone.status, gone.body.type]).toEqual([404, 'urn:inkreel:problem:picture-not-found']);
    expect(await used(theo)).toBe(0);
    must(201, await addPicture());
  });

  it('counts a cover in place of the one before, and nothing of a change that was refused', async () => {
    const theo = await signUp(limited, { role: 'author' });
    const { workId: work } = await begunChapter(theo, { markdown: 'One.' });
    for (let i = 0; i < 3; i++)
      must(200, await put(await noise(500).png({ compressionLevel: 1 }).toBuffer(), 'image/png', theo, work));
    const before = await used(theo);
    expect(before).toBeLessThanOrEqual(1_000_000);
    const image = await noise(100).png().toBuffer();
    const stale = await theo.api.put(`/v1/works/${work}/cover`, image, { 'content-type': 'image/png', 'if-match': '"1"' });
    expect([stale.status, await used(theo)]).toEqual([412, before]);
  });
});
