/** Films as an author gets them: asked for over HTTP, made by built workers with the real encoder and the real voices. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  RenditionResponse,
  ScenesResponse,
  SettingsResponse,
} from '../../src/rendering/infrastructure/renditions.contract.js';
import { tempFolder } from '../support/database.js';
import { must, type Person } from '../support/people.js';
import { ffmpegPath } from '../support/picture.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const ENGLISH = readFileSync('test/fixtures/ten-paragraphs.en.md', 'utf8');
const CHINESE = readFileSync('test/fixtures/ten-paragraphs.zh.md', 'utf8');

let stack: Stack;
let author: Person;
let ffmpeg: string;
let folder: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  ffmpeg = await ffmpegPath();
  ({ path: folder, drop } = await tempFolder());
  stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '2' } });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
});
afterAll(() => drop());

/** Asks for a film and watches it to its end, over REST. */
async function filmed(chapterId: string, patience = 90_000): Promise<{ film: RenditionResponse; progress: number[] }> {
  const asked = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
  const progress: number[] = [];
  const film = await until(
    async () => {
      const { body } = await author.api.get<RenditionResponse>(`/v1/renditions/${asked.body.id}`);
      progress.push(body.progress.framesDone);
      return ['ready', 'failed'].includes(body.state) && body;
    },
    patience,
    'the film is ready',
  );
  expect(film).toMatchObject({ state: 'ready', failure: null });
  return { film, progress };
}

async function fetched(film: RenditionResponse, name: string): Promise<string> {
  const file = join(folder, name);
  const { status, bytes } = await stack.api.get(film.film!.files.film);
  expect(status).toBe(200);
  writeFileSync(file, bytes);
  return file;
}

const scenesOf = async (film: RenditionResponse): Promise<ScenesResponse> =>
  must(200, await author.api.get<ScenesResponse>(`/v1/renditions/${film.id}/scenes`));

interface Cues {
  cues: { start: number; end: number; block: string; lines: string[]; words: { text: string; start: number; end: number }[] }[];
  blocks: { block: string; start: number; end: number }[];
}
const cuesOf = async (film: RenditionResponse): Promise<Cues> => must(200, await stack.api.get<Cues>(film.film!.files.cues));

/** Every frame of the film as a hash. */
const frameHashes = (file: string): string[] =>
  execFileSync(ffmpeg, ['-v', 'error', '-xerror', '-i', file, '-map', '0:v', '-f', 'framemd5', '-'], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim());

/** 48 kHz mono samples. */
function soundOf(file: string): Int16Array {
  const pcm = execFileSync(ffmpeg, ['-v', 'error', '-i', file, '-map', '0:a', '-ac', '1', '-f', 's16le', '-'], {
    maxBuffer: 1e9,
  });
  return new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
}

/** Pixels of one frame that have the colour of the lit word, as a set of places. */
function litPixels(file: string, seconds: number): Set<number> {
  const rgb = execFileSync(
    ffmpeg,
    [
      '-v',
      'error',
      '-ss',
      String(seconds),
      '-i',
      file,
      '-frames:v',
      '1',
      '-vf',
      'scale=270:480',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ],
    { maxBuffer: 1e8 },
  );
  const lit = new Set<number>();
  for (let i = 0; i < rgb.length; i += 3) if (rgb[i] > 200 && rgb[i + 1] > 160 && rgb[i + 2] < 120) lit.add(i / 3);
  return lit;
}

describe('A film of a published chapter', () => {
  let first: RenditionResponse;
  let chapterId: string;

  it('is an upright H.264 and AAC film that starts at once, with as many frames as were planned and told', async () => {
    ({ chapterId } = await begunChapter(author, { markdown: ENGLISH, publish: true }));
    const { film, progress } = await filmed(chapterId);
    first = film;
    const file = await fetched(film, 'first.mp4');
    const bytes = readFileSync(file);
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    const stsz = bytes.indexOf('stsz');
    const frames = bytes.readUInt32BE(stsz + 12);
    expect(frames).toBe(film.progress.framesPlanned);
    expect(frames).toBe(film.film!.frames);
    expect(progress.at(-1)).toBe(frames);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.filter((n) => n > 0 && n < frames).length).toBeGreaterThan(0);
    const hashes = frameHashes(file);
    expect(hashes).toHaveLength(frames);
    const still = hashes.filter((hash, i) => i > 0 && hash === hashes[i - 1]);
    expect(still).toEqual([]);
    const about = (() => {
      try {
        execFileSync(ffmpeg, ['-i', file], { encoding: 'utf8', stdio: 'pipe' });
        return '';
      } catch (error) {
        return (error as { stderr: string }).stderr;
      }
    })();
    expect(about).toMatch(/Video: h264 \(High\).*yuv420p.*1080x1920.*30 fps/);
    expect(about).toMatch(/Audio: aac \(LC\).*48000 Hz/);
  }, 120_000);

  it('says each sentence while its caption shows, and nothing in between', async () => {
    const sound = soundOf(join(folder, 'first.mp4'));
    const { cues, blocks } = await cuesOf(first);
    const energy = (from: number, to: number): number => {
      let sum = 0;
      for (let i = Math.floor(from * 48_000); i < Math.min(sound.length, to * 48_000); i++) sum += (sound[i] / 32_768) ** 2;
      return sum;
    };
    const whole = energy(0, Infinity);
    expect(Math.sqrt(whole / sound.length)).toBeGreaterThan(0.03);
    for (const cue of cues)
      expect(Math.sqrt(energy(cue.start, cue.end) / ((cue.end - cue.start) * 48_000))).toBeGreaterThan(0.02);
    const spoken = cues.flatMap(({ words }) => words).reduce((sum, { start, end }) => sum + energy(start - 0.03, end + 0.05), 0);
    expect(spoken / whole).toBeGreaterThan(0.95);
    for (const [i, cue] of cues.entries()) if (i) expect(cue.start).toBeGreaterThanOrEqual(cues[i - 1].end - 0.001);
    const chapter = await stack.api.get(`/v1/chapters/${chapterId}`);
    const narrated = (chapter.body.blocks as { id: string; kind: string }[])
      .filter(({ kind }) => kind !== 'scene-break')
      .map(({ id }) => id);
    expect(blocks.map(({ block }) => block)).toEqual(narrated);
  });

  it('lights the word that is being said', async () => {
    const { cues } = await cuesOf(first);
    const cue = cues.find(({ words }) => words.length >= 4)!;
    const [early, late] = [cue.words[0], cue.words[cue.words.length - 1]];
    const file = join(folder, 'first.mp4');
    const one = litPixels(file, (early.start + early.end) / 2);
    const other = litPixels(file, (late.start + late.end) / 2);
    expect(one.size).toBeGreaterThan(50);
    expect(other.size).toBeGreaterThan(50);
    expect([...one].filter((place) => other.has(place)).length / one.size).toBeLessThan(0.2);
  });

  it('comes with captions, a still and Range', async () => {
    const { files, bytes } = first.film!;
    const part = await stack.api.get(files.film, { range: 'bytes=100-199' });
    expect(part).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes 100-199/${bytes}`, 'content-type': 'video/mp4' },
    });
    expect(part.bytes).toEqual(readFileSync(join(folder, 'first.mp4')).subarray(100, 200));
    expect((await stack.api.get<string>(files.webvtt)).bytes.toString()).toMatch(/^WEBVTT/);
    expect((await stack.api.get<string>(files.srt)).bytes.toString()).toMatch(/^1\n00:00:00,000 --> /);
    expect((await stack.api.get(files.poster)).bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  });

  it('is one film however often it is asked for', async () => {
    const again = await Promise.all([1, 2, 3].map(() => author.api.post(`/v1/chapters/${chapterId}/renditions`, {})));
    expect(again.map(({ status, body }) => [status, body.id])).toEqual(again.map(() => [200, first.id]));
  });

  it('keeps the picture and sound of every scene when a paragraph is put in front', async () => {
    const before = await scenesOf(first);
    must(
      200,
      await author.api.put(
        `/v1/chapters/${chapterId}/draft`,
        { markdown: `It had not always been so quiet here.\n\n${ENGLISH}` },
        { 'if-match': '*' },
      ),
    );
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
    const { film } = await filmed(chapterId);
    const after = await scenesOf(film);
    const known = new Map(before.items.map((scene) => [scene.text, scene]));
    const untouched = after.items.filter((scene) => known.has(scene.text));
    expect(untouched.length).toBeGreaterThanOrEqual(before.items.length - 2);
    for (const scene of untouched) {
      expect([scene.text, scene.soundKey, scene.segmentKey]).toEqual([
        scene.text,
        known.get(scene.text)!.soundKey,
        known.get(scene.text)!.segmentKey,
      ]);
      expect(scene).toMatchObject({ sound: { kind: 'reused' }, picture: { kind: 'reused' } });
    }
    expect(after.items.filter(({ picture }) => picture.kind !== 'reused').length).toBeLessThanOrEqual(2);
    expect(after.comparedWith).toBe(first.id);
  }, 120_000);

  it('names what changed in a scene that is made anew', async () => {
    must(
      200,
      await author.api.put(
        `/v1/chapters/${chapterId}/draft`,
        { markdown: ENGLISH.replace('one lamp', 'two lamps') },
        { 'if-match': '*' },
      ),
    );
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
    const { film } = await filmed(chapterId);
    const made = (await scenesOf(film)).items.filter(({ picture }) => picture.kind !== 'reused');
    expect(made).toHaveLength(1);
    expect(made[0].text).toContain('two lamps');
    expect(made[0].sound).toMatchObject({ kind: 'changed', changes: [{ field: 'say' }] });
    expect(made[0].picture.changes.map(({ field }) => field)).toContain('text');
  }, 120_000);

  it('shows to nobody but its author once the chapter is taken back', async () => {
    const other = await begunChapter(author, { markdown: ENGLISH, publish: true });
    const { film } = await filmed(other.chapterId); // every scene is there already
    must(200, await stack.api.get(film.film!.files.film));
    await author.api.delete(`/v1/chapters/${other.chapterId}/publication`, { 'if-match': '*' });
    expect((await stack.api.get(film.film!.files.film)).status).toBe(404);
    expect((await stack.api.get(`/v1/renditions/${film.id}`)).status).toBe(404);
    expect((await author.api.get(film.film!.files.film)).status).toBe(200);
  }, 120_000);

  it('is saved under the titles of its work and chapter, whatever these hold', async () => {
    const hostile = `第一章 "a/b\\c" *.exe; filename=x\u202e${'长'.repeat(160)}`;
    const other = await begunChapter(author, { markdown: ENGLISH, title: hostile, publish: true });
    const { film } = await filmed(other.chapterId);
    const { url } = must(200, await stack.api.get(`/v1/renditions/${film.id}/link`));
    const markdown = `/v1/chapters/${other.chapterId}/revisions/1/markdown`;
    const work = must(200, await stack.api.get(`/v1/works/${other.workId}`)).title as string;
    for (const [path, extension] of [
      ...(Object.values(film.film!.files) as string[]).map((file) => [file, file.split('.').at(-1)!]),
      [url as string, 'mp4'],
      [markdown, 'md'],
    ]) {
      const { status, headers } = await author.api.get(path);
      expect([path, status]).toEqual([path, 200]);
      const disposition = headers['content-disposition']!;
      expect(disposition).toMatch(/^(inline|attachment); filename="[ !#-[\]-~]*\.\w+"; filename\*=UTF-8''[\w%.~-]+$/);
      const name = decodeURIComponent(disposition.split("UTF-8''")[1]);
      expect(name.startsWith(`${work} – 第一章 "a_b_c" _.exe; filename=x长`)).toBe(true);
      expect(name.endsWith(`长.${extension}`)).toBe(true);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    }
  }, 120_000);

  it('stays hidden when its chapter comes back with another text, and is shown again with its own', async () => {
    const other = await begunChapter(author, { markdown: ENGLISH, publish: true });
    const { film } = await filmed(other.chapterId);
    const chapter = `/v1/chapters/${other.chapterId}`;
    const listed = async (api: Api) => {
      const [ofChapter, ofWork] = await Promise.all(
        [chapter, `/v1/works/${other.workId}`].map((thing) => api.get<{ items: RenditionResponse[] }>(`${thing}/renditions`)),
      );
      expect(ofWork.body.items).toEqual(ofChapter.body.items);
      return ofChapter.body.items.map(({ id }) => id);
    };
    must(
      200,
      await author.api.put(`${chapter}/draft`, { markdown: ENGLISH.replace('one lamp', 'no lamp') }, { 'if-match': '*' }),
    );
    must(200, await author.api.post(`${chapter}/publication`, {}, { 'if-match': '*' }));
    expect((await stack.api.get(film.film!.files.film)).status).toBe(200); // an edit leaves readers the film that they have
    await author.api.delete(`${chapter}/publication`, { 'if-match': '*' });
    must(200, await author.api.post(`${chapter}/publication`, {}, { 'if-match': '*' }));
    for (const path of [film.film!.files.film, `/v1/renditions/${film.id}`, `/v1/renditions/${film.id}/link`])
      expect((await stack.api.get(path)).status).toBe(404);
    expect(await listed(stack.api)).toEqual([]);
    expect(await listed(author.api)).toEqual([film.id]);
    must(200, await author.api.post(`${chapter}/publication`, { revision: film.revision }, { 'if-match': '*' }));
    expect((await stack.api.get(film.film!.files.film)).status).toBe(200);
    expect(await listed(stack.api)).toEqual([film.id]);
  }, 120_000);
});

describe('Filming', () => {
  it('reads Chinese to Chinese captions with a Chinese voice', async () => {
    const { chapterId } = await begunChapter(author, { markdown: CHINESE, language: 'zh', publish: true });
    const { film } = await filmed(chapterId);
    expect(film).toMatchObject({ voice: 'espeak:cmn', warnings: [] });
    const { cues } = await cuesOf(film);
    expect(cues.flatMap(({ lines }) => lines).join('')).toMatch(/玛拉每天傍晚把它点亮。/u);
    expect(frameHashes(await fetched(film, 'zh.mp4'))).toHaveLength(film.film!.frames);
  }, 120_000);

  it('refuses an unknown voice at once, and a chapter that is not published', async () => {
    const { chapterId } = await begunChapter(author, { markdown: ENGLISH });
    const asked = (body: object) => author.api.post(`/v1/chapters/${chapterId}/renditions`, body);
    expect(await asked({})).toMatchObject({ status: 409, body: { type: 'urn:inkreel:problem:nothing-to-film' } });
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
    expect(await asked({ voice: 'flite:nobody' })).toMatchObject({
      status: 422,
      body: { type: 'urn:inkreel:problem:unknown-voice' },
    });
    const reader = await signUp(stack, { role: 'author' });
    expect((await reader.api.post(`/v1/chapters/${chapterId}/renditions`, {})).status).toBe(403);
  });

  it('shows the title that was published, whatever the draft is called by now', async () => {
    const { chapterId } = await begunChapter(author, { markdown: ENGLISH, title: 'The Lamp', publish: true });
    const renamed = { title: 'The Lamplighter did it' };
    must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, renamed, { 'if-match': '*' }));
    const film = must(201, await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {}));
    expect(film.title).toBe('The Lamp');
    must(204, await author.api.delete(`/v1/renditions/${film.id}`));
  });

  it('happens by itself on publishing where the work is set so, once for each publication', async () => {
    const { chapterId, workId } = await begunChapter(author, { markdown: 'One evening the lamp was out.' });
    must(200, await author.api.put<SettingsResponse>(`/v1/works/${workId}/rendering`, { onPublish: true }, { 'if-match': '*' }));
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
    const films = await until(
      async () => {
        const { body } = await author.api.get<{ items: RenditionResponse[] }>(`/v1/chapters/${chapterId}/renditions`);
        return body.items[0]?.state === 'ready' && body.items;
      },
      60_000,
      'the film that publishing asked for',
    );
    expect(films).toHaveLength(1);
    const events = await stack.sql<{ type: string; cause: string | null }>(
      `SELECT e.type, c.type AS cause FROM events.event e LEFT JOIN events.event c ON c.id = e.cause WHERE e.about @> ARRAY[$1] ORDER BY e.id`,
      [chapterId],
    );
    expect(events).toEqual(
      expect.arrayContaining([
        { type: 'ChapterPublished', cause: null },
        { type: 'PlanRendition', cause: 'ChapterPublished' },
        { type: 'NarrateScene', cause: 'PlanRendition' },
        { type: 'DrawScene', cause: 'NarrateScene' },
        { type: 'RenditionReady', cause: 'AssembleFilm' },
      ]),
    );
  }, 90_000);

  it('tells its progress live, in frames from the encoder', async () => {
    const text = Array.from(
      { length: 3 },
      (_, i) => `This is the ${i + 1}th paragraph that nobody has heard before, and it goes on for a while.`,
    );
    const { chapterId } = await begunChapter(author, { markdown: text.join('\n\n'), publish: true });
    const live = await LiveClient.connect(stack.webs[0].url, author.token);
    const { body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
    await live.subscribe(`rendition:${body.id}`);
    await live.waitFor((frame) => frame.type === 'event' && (frame.event?.body as { state?: string }).state === 'ready', 90_000);
    const states = live.events.map((event) => (event.body as { state: string }).state);
    expect([...new Set(states)]).toEqual(expect.arrayContaining(['rendering', 'assembling', 'ready']));
    expect(live.frames.filter(({ type }) => type === 'signal').length).toBeGreaterThan(0);
    await live.close();
  }, 120_000);

  it('repeats at most the scenes in flight when its worker is killed, and makes one film', async () => {
    const text = Array.from(
      { length: 6 },
      (_, i) => `Paragraph number ${i + 1} tells of the storm, and of the lamp that burned through it.`,
    );
    const { chapterId } = await begunChapter(author, { markdown: text.join('\n\n'), publish: true });
    const { body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
    await until(
      async () => (await author.api.get<RenditionResponse>(`/v1/renditions/${body.id}`)).body.progress.scenesDone >= 2,
      60_000,
      'two scenes drawn',
    );
    await stack.workers[0].kill('SIGKILL');
    await stack.startWorker();
    const { film } = await filmed(chapterId, 120_000);
    expect(film.id).toBe(body.id);
    const [{ tries, scenes }] = await stack.sql<{ tries: number; scenes: number }>(
      `SELECT sum(a.epoch)::int AS tries, count(*)::int AS scenes
         FROM (SELECT DISTINCT segment_key FROM rendering.part WHERE rendition = $1) p JOIN rendering.artefact a ON a.key = p.segment_key`,
      [body.id],
    );
    expect(tries - scenes).toBeLessThanOrEqual(2);
    const ready = await stack.sql(`SELECT FROM events.event WHERE type = 'RenditionReady' AND subject_id = $1`, [body.id]);
    expect(ready).toHaveLength(1);
    expect(frameHashes(await fetched(film, 'killed.mp4'))).toHaveLength(film.film!.frames);
  }, 180_000);

  it('is cancelled by its author', async () => {
    const text = Array.from(
      { length: 12 },
      (_, i) => `In chapter verse ${i + 1} the harbour froze, and the ships stood still like pictures of ships.`,
    );
    const { chapterId } = await begunChapter(author, { markdown: text.join('\n\n'), publish: true });
    const { body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
    expect((await author.api.delete(`/v1/renditions/${body.id}`)).status).toBe(204);
    expect((await author.api.get<RenditionResponse>(`/v1/renditions/${body.id}`)).body.state).toBe('cancelled');
    expect((await author.api.delete(`/v1/renditions/${body.id}`)).status).toBe(409);
  });
});
