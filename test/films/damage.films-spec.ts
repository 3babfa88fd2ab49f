/** Films whose objects are damaged, missing or cannot be made: only what is affected is made again, and the film says so. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { FOOTER_BYTES, pathOf } from '../../libs/storage/file-layout.js';
import type { WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { objectKey } from '../../src/rendering/infrastructure/object-key.js';
import type { AttemptsResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { startFaultyS3 } from '../support/faulty-s3.js';
import { askFor, attemptsOf, below, filmOf, finished, ready, readyFacts, scenesOf, send } from '../support/filming.js';
import { must, type Person } from '../support/people.js';
import { decodedFrames, ffmpegPath } from '../support/picture.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const PARAGRAPHS = [
  'The lamp on the corner had gone out again, and nobody in the whole street could say why.',
  'Mara took her ladder from the wall and walked down to the quay, where the fog was thickest.',
  'A boat lay there that she had never seen before, without a name and without a light.',
  'She climbed up, struck a match, and waited until the flame stood still.',
];

const fileOf = (stack: Stack, key: string): string => join(stack.home, 'objects', 'kept', pathOf(key));
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** The stored bytes, without checking the footer. */
const stored = (stack: Stack, sha256: string): Buffer =>
  readFileSync(fileOf(stack, objectKey(sha256))).subarray(0, -FOOTER_BYTES);

/** Changes one bit in the middle, and keeps size, footer and time of change. */
function turnBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(file, bytes);
}

const outputs = async (
  stack: Stack,
  film: string,
): Promise<{ idx: number; sound: string; segment: string; soundKey: string; segmentKey: string }[]> =>
  stack.sql(
    `SELECT p.idx, s.sha256 AS sound, v.sha256 AS segment, p.sound_key AS "soundKey", p.segment_key AS "segmentKey"
       FROM rendering.part p JOIN rendering.artefact s ON s.key = p.sound_key JOIN rendering.artefact v ON v.key = p.segment_key
      WHERE p.rendition = $1 ORDER BY p.idx`,
    [film],
  );

async function again(author: Person, chapterId: string, markdown: string): Promise<string> {
  must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown }, { 'if-match': '*' }));
  must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
  return (await askFor(author, chapterId)).id;
}

describe('Objects in a folder', () => {
  let stack: Stack;
  let author: Person;
  beforeAll(async () => {
    stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '2' } });
    author = await signUp(stack, { role: 'author' });
  });
  afterAll(() => stack.stop());

  it('that are missing, cut or of other bits are found before the film is joined, and only their scenes are made again', async () => {
    const text = PARAGRAPHS.join('\n\n');
    const { chapterId } = await begunChapter(author, { markdown: text, publish: true });
    const first = await ready(author, (await askFor(author, chapterId)).id);
    const parts = await outputs(stack, first.id);
    expect(parts.length).toBeGreaterThanOrEqual(4);
    const file = (sha256: string): string => fileOf(stack, objectKey(sha256));
    rmSync(file(parts[0].segment));
    turnBit(file(parts[1].segment)); // of equal size: only its hash tells
    truncateSync(file(parts[2].sound), 2_000);
    turnBit(file(parts[3].sound));
    const picture = (
      await stack.sql<{ sha256: string }>(`SELECT picture->>'sha256' AS sha256 FROM rendering.rendition WHERE id = $1`, [
        first.id,
      ])
    )[0].sha256;
    turnBit(file(picture));
    turnBit(join(stack.home, 'studio', 'pictures', `${picture}.yuv`));

    const film = await ready(author, await again(author, chapterId, `${text}\n\nThen she went home.`), undefined, stack);
    const after = await outputs(stack, film.id);
    const made = new Map<string, number>();
    for (const { key, outcome } of await attemptsOf(stack, film.id))
      if (outcome === 'made') made.set(key, (made.get(key) ?? 0) + 1);
    const twice = [...made].filter(([, times]) => times > 1).map(([key]) => key);
    expect(new Set(twice)).toEqual(new Set([parts[0].segmentKey, parts[1].segmentKey, parts[2].soundKey, parts[3].soundKey]));
    for (const { sound, segment } of after)
      for (const sha256 of [sound, segment]) expect(hashOf(stored(stack, sha256))).toBe(sha256);
    expect(after.slice(0, 4)).toEqual(parts.slice(0, 4)); // the same bytes again
    const { bytes } = await stack.api.get(film.film!.files.film);
    const path = join(stack.home, 'mended.mp4');
    writeFileSync(path, bytes);
    expect(decodedFrames(await ffmpegPath(), path, 'v')).toHaveLength(film.film!.frames);
    expect(await readyFacts(stack, film.id)).toBe(1);
  }, 360_000);

  it('that were a cover and cannot be read are replaced by the gradient, which is said, and the next request tries again', async () => {
    const { chapterId, workId } = await begunChapter(author, { markdown: PARAGRAPHS[0], publish: true });
    const cover = await sharp({ create: { width: 900, height: 1600, channels: 3, background: '#7a3b10' } })
      .png()
      .toBuffer();
    must(
      200,
      await author.api.put<WorkResponse>(`/v1/works/${workId}/cover`, cover, { 'content-type': 'image/png', 'if-match': '*' }),
    );
    const [{ key }] = await stack.sql<{ key: string }>(`SELECT cover AS key FROM chapters.work WHERE id = $1`, [workId]);
    const whole = readFileSync(fileOf(stack, key));
    truncateSync(fileOf(stack, key), 100);
    const asked = await askFor(author, chapterId);
    const plain = await ready(author, asked.id, undefined, stack);
    expect(plain).toMatchObject({
      degraded: true,
      warnings: [expect.stringMatching(/has not all its pictures.*Upload it again/)],
    });

    writeFileSync(fileOf(stack, key), whole);
    const better = await askFor(author, chapterId);
    expect(better.id).not.toBe(asked.id);
    expect(await ready(author, better.id)).toMatchObject({ degraded: false, warnings: [] });
    const [[one], [other]] = [await scenesOf(author, plain.id), await scenesOf(author, better.id)];
    expect(other.soundKey).toBe(one.soundKey);
    expect(other.segmentKey).not.toBe(one.segmentKey);
    expect(other.picture.changes.map(({ field }) => field)).toEqual(['picture']);
    expect((await askFor(author, chapterId)).id).toBe(better.id); // as wished: there is no third
  }, 360_000);
});

describe('A scene that kills its renderer again and again', () => {
  it('becomes a plain picture, the film says so, and the next request tries it again', async () => {
    const stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '1' } });
    const author = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(author, { markdown: PARAGRAPHS.slice(0, 2).join('\n\n'), publish: true });
    const { id } = await askFor(author, chapterId);
    const cursed = await until(
      async () =>
        (
          await stack.sql<{ key: string }>(
            `SELECT segment_key AS key FROM rendering.part WHERE rendition = $1 AND segment_key IS NOT NULL`,
            [id],
          )
        )[0]?.key,
      30_000,
      'a scene is to be drawn',
    );
    let killed = 0;
    const film = await until(
      async () => {
        const [lease] = await stack.sql(`SELECT FROM rendering.attempt WHERE key = $1 AND outcome IS NULL`, [cursed]);
        if (lease) for (const pid of below(stack.workers[0].pid, 'renderer.child')) killed += send(pid, 'SIGKILL') ? 1 : 0;
        const now = await filmOf(author, id);
        return ['ready', 'failed'].includes(now.state) && now;
      },
      150_000,
      'the film is finished all the same',
    );
    expect(film).toMatchObject({
      state: 'ready',
      degraded: true,
      warnings: [expect.stringMatching(/plain card stands in its place: /)],
    });
    expect(killed).toBeGreaterThanOrEqual(3);
    const scenes = await scenesOf(author, id);
    expect(scenes.filter(({ degraded }) => degraded)).toHaveLength(1);
    expect(scenes.map(({ segmentKey }) => segmentKey)).not.toContain(cursed);
    const outcomes = await stack.sql<{ outcome: string }>(`SELECT outcome FROM rendering.attempt WHERE key = $1`, [cursed]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['crashed', 'crashed', 'crashed']);

    const admin = await signUp(stack, { role: 'admin' });
    const { items } = must(200, await admin.api.get<AttemptsResponse>(`/v1/renditions/${id}/attempts`));
    expect(items.filter(({ kind, outcome }) => kind === 'segment' && outcome === 'made')).toHaveLength(2);
    expect((await author.api.get(`/v1/renditions/${id}/attempts`)).status).toBe(403);

    const next = await askFor(author, chapterId);
    expect(next.id).not.toBe(id);
    expect(await ready(author, next.id)).toMatchObject({ degraded: false, warnings: [] });
    expect((await scenesOf(author, next.id)).map(({ segmentKey }) => segmentKey)).toContain(cursed);
    await stack.stop();
  }, 360_000);
});

describe('Workers with different engines', () => {
  it('never work on one film: a worker with other engines leaves it alone, and when no worker with its engines is left, it is planned again completely', async () => {
    const stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '1', RENDER_PATIENCE_SECONDS: '6' } });
    const author = await signUp(stack, { role: 'author' });
    // another build of FFmpeg, as far as anybody can tell
    const other = join(stack.home, 'ffmpeg-other');
    const real = await ffmpegPath();
    writeFileSync(other, `#!/bin/sh\nif [ "$1" = -version ]; then echo 'ffmpeg version other'; exit; fi\nexec '${real}' "$@"\n`);
    chmodSync(other, 0o755);
    const studios = (id: string) =>
      stack.sql<{ studio: string; engine: string; workers: string[]; engines: string[] }>(
        `SELECT r.studio, r.engine, array_agg(DISTINCT split_part(t.worker, '/', 2)) AS workers,
                array_agg(DISTINCT a.fields->>'engine') FILTER (WHERE a.kind = 'segment') AS engines
           FROM rendering.rendition r JOIN rendering.part p ON p.rendition = r.id
           JOIN rendering.artefact a ON a.key IN (p.sound_key, p.segment_key) JOIN rendering.attempt t ON t.key = a.key
          WHERE r.id = $1 GROUP BY r.id`,
        [id],
      );
    const begun = async (words: string): Promise<string> => {
      const { chapterId } = await begunChapter(author, {
        markdown: PARAGRAPHS.map((text) => `${words} ${text}`).join('\n\n'),
        publish: true,
      });
      const { id } = await askFor(author, chapterId);
      await until(async () => (await filmOf(author, id)).state === 'rendering', 60_000, 'it is planned');
      return id;
    };

    const [old] = stack.workers;
    const first = await begun('It is said:');
    const young = await stack.startWorker({ FFMPEG_PATH: other });
    await ready(author, first);
    const [made] = await studios(first);
    expect(made.workers).toEqual([String(old.pid)]);
    expect(made.engines).toEqual([made.engine]);

    await young.kill('SIGKILL');
    const second = await begun('Others say:');
    await until(async () => (await filmOf(author, second)).progress.scenesDone >= 1, 90_000, 'a scene is drawn');
    await old.kill('SIGKILL');
    const left = await stack.startWorker({ FFMPEG_PATH: other });
    expect(await ready(author, second)).toMatchObject({ degraded: false, warnings: [] });
    const [anew] = await studios(second);
    expect(anew.workers).toEqual([String(left.pid)]);
    expect(anew.engines).toEqual([anew.engine]);
    expect(anew.studio).not.toBe(made.studio);
    expect(anew.engine).not.toBe(made.engine);
    expect(await readyFacts(stack, second)).toBe(1);
    const open = await stack.sql(`SELECT FROM events.delivery WHERE handled_at IS NULL`);
    expect(open).toEqual([]); // what the old engine was asked for was called back
    await stack.stop();
  }, 360_000);
});

/** Room on a disk of its own, which only root can make. */
function mountDisk(folder: string, size: string): boolean {
  mkdirSync(folder, { recursive: true });
  return process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;
}

describe('A disk that is full', () => {
  it('is tried again until there is room, and says what is missing', async () => {
    const stack = await startStack({ webs: 1, workers: 0, env: { RENDER_CONCURRENCY: '1' } });
    const disk = join(stack.home, 'studio');
    if (!mountDisk(disk, '2m')) {
      console.warn('Skipped: only root can mount a small disk, and not in every container.');
      return stack.stop();
    }
    try {
      await stack.startWorker();
      const author = await signUp(stack, { role: 'author' });
      const { chapterId } = await begunChapter(author, { markdown: PARAGRAPHS[0], publish: true });
      const { id } = await askFor(author, chapterId);
      const [told] = await until(
        async () => {
          const tries = await stack.sql<{ message: string }>(
            `SELECT x->>'message' AS message FROM events.delivery d, jsonb_array_elements(d.errors) x WHERE d.attempts >= 2`,
          );
          return tries.length > 0 && tries;
        },
        20_000,
        'it has failed twice',
      );
      expect(told.message).toMatch(/^The disk that films are made on is full: free some of it/);
      spawnSync('mount', ['-o', 'remount,size=64m', disk]);
      expect(await ready(author, id)).toMatchObject({ degraded: false, warnings: [] });
    } finally {
      await Promise.all(stack.workers.map((worker) => worker.stop()));
      spawnSync('umount', [disk]);
    }
    await stack.stop();
  }, 360_000);
});

describe('A store with errors', () => {
  it('is asked again after a 500, after a timeout and after wrong bytes; nothing is made twice', async () => {
    const s3 = await startFaultyS3();
    const stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '2', ...s3.env } });
    const author = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(author, { markdown: PARAGRAPHS.slice(0, 2).join('\n\n'), publish: true });
    const ends = [
      s3.trouble('fails', 'PUT', /artefacts/, 2),
      s3.trouble('says nothing', 'PUT', /artefacts/, 1),
      s3.trouble('turns a bit', 'PUT', /artefacts/, 1),
      s3.trouble('turns a bit', 'GET', /artefacts/, 1),
      s3.trouble('says nothing', 'GET', /artefacts/, 1),
    ];
    const film = await ready(author, (await askFor(author, chapterId)).id);
    expect(s3.met).toBe(6);
    for (const end of ends) end();
    const attempts = await attemptsOf(stack, film.id);
    expect(attempts.filter(({ outcome }) => outcome === 'made')).toHaveLength(4);
    const { bytes } = await stack.api.get(film.film!.files.film);
    expect(hashOf(bytes)).toBe(film.film!.sha256);
    await stack.stop();
    await s3.stop();
  }, 360_000);

  it('or a missing FFmpeg, fails the film with a sentence that says what to do', async () => {
    const stack = await startStack({ webs: 1, workers: 1, env: { FFMPEG_PATH: '/nowhere/ffmpeg' } });
    const author = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(author, { markdown: PARAGRAPHS[0], publish: true });
    const film = await finished(author, (await askFor(author, chapterId)).id);
    expect(film).toMatchObject({
      state: 'failed',
      failure: expect.stringMatching(/^No FFmpeg with libx264 and aac was found .*Set FFMPEG_PATH to one\.$/),
    });
    await stack.stop();
  }, 360_000);
});
