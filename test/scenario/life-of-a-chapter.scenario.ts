/**
 * The whole product, once in English and once in Chinese: the walkthrough against built processes, and then a look at what
 * each of its steps changed, in Postgres, in the object store and in the film itself.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../support/database.js';
import { ffmpegPath } from '../support/picture.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';
import type { RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';

interface Step {
  step: string;
  [fact: string]: unknown;
}
interface Filmed extends Step {
  rendition: string;
  frames: number;
  planned: number;
  done: number;
  seconds: number;
  sha256: string;
  signals: number;
  blocks: string[];
}
interface Refilmed extends Step {
  rendition: string;
  sha256: string;
  frames: number;
  reused: number;
  scenes: number;
  edited: string;
  remade: { blocks: string[]; sound: { kind: string; changes: { field: string }[] }; picture: { kind: string } }[];
}

let stack: Stack;
let folder: string;
let drop: () => Promise<void>;
let ffmpeg: string;
beforeAll(async () => {
  ({ path: folder, drop } = await tempFolder());
  ffmpeg = await ffmpegPath();
  stack = await startStack({ webs: 1, workers: 1 });
});
afterAll(() => drop());

/** Runs beside us, as a user would run it, and tells each step as one line of JSON. */
function walked(out: string, ...more: string[]): Promise<Step[]> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['scripts/walkthrough.mjs', '--url', stack.webs[0].url, '--json', '--out', out, ...more],
      { maxBuffer: 1e7 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${stderr}\n${stdout}\n${stack.logs(40)}`));
        else
          resolve(
            stdout
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line) as Step),
          );
      },
    );
  });
}

/** A film of the same text, made with an empty store by other processes, then the edit's text as the walkthrough left it. */
async function coldRender(markdown: string, language: string): Promise<RenditionResponse> {
  const cold = await startStack({ webs: 1, workers: 1 });
  const author = await signUp(cold, { role: 'author' });
  const { chapterId } = await begunChapter(author, { markdown, language, publish: true });
  const { body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
  const film = await until(
    async () => {
      const now = (await author.api.get<RenditionResponse>(`/v1/renditions/${body.id}`)).body;
      return ['ready', 'failed'].includes(now.state) && now;
    },
    300_000,
    'the cold render',
  );
  await cold.stop();
  return film;
}

/** Names of the boxes a file consists of, in order (ISO 14496-12: size, then name). */
function topBoxes(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    names.push(bytes.toString('latin1', at + 4, at + 8));
    at += size === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : size || bytes.length;
  }
  return names;
}

/** What is spoken, without the punctuation that captions may set otherwise. */
const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');

describe.each(['en', 'zh'])('The life of a chapter in %s', (language) => {
  let steps: Step[];
  let out: string;
  const fact = <S extends Step>(step: string): S => steps.find((one) => one.step === step) as S;

  it('goes from sign-up to a second film without a step failing', async () => {
    out = join(folder, `${language}.mp4`);
    steps = await walked(out, '--lang', language);
    expect(steps.map(({ step }) => step)).toEqual(['signed-up', 'published', 'commented', 'kept', 'filmed', 'refilmed']);
  }, 400_000);

  it('left an author and a reader, a work, a chapter of three revisions and one thread at its paragraph', async () => {
    const { author, reader } = fact('signed-up');
    expect(await stack.sql(`SELECT role FROM auth.account WHERE id = ANY($1) ORDER BY role`, [[author, reader]])).toEqual([
      { role: 'author' },
      { role: 'reader' },
    ]);
    const { chapter, blocks } = fact('published');
    const revisions = await stack.sql<{ number: number; blocks: number }>(
      `SELECT number, jsonb_array_length(blocks) AS blocks FROM chapters.revision WHERE chapter_id = $1 ORDER BY number`,
      [chapter],
    );
    expect(revisions).toEqual([1, 2, 3].map((number) => ({ number, blocks: number === 1 ? blocks : Number(blocks) + 1 })));
    expect(await stack.sql(`SELECT revision FROM chapters.publication WHERE chapter_id = $1 ORDER BY number`, [chapter])).toEqual(
      [1, 2, 3].map((revision) => ({ revision })),
    );
    const [anchor] = await stack.sql(
      `SELECT block, status, publication, origin->>'block' AS made FROM comments.comment_anchor WHERE chapter_id = $1`,
      [chapter],
    );
    expect(anchor).toMatchObject({
      block: fact('commented').block,
      made: fact('commented').block,
      status: 'anchored',
      publication: 1, // it was never moved, so it was written once
    });
    expect(await stack.sql(`SELECT publication FROM comments.reanchoring_position WHERE chapter_id = $1`, [chapter])).toEqual([
      { publication: 3 },
    ]);
    const numbers = await stack.sql<{ seq: number }>(`SELECT seq::int FROM live.event WHERE key = $1 ORDER BY seq`, [
      `chapter:${String(chapter)}`,
    ]);
    expect(numbers.map(({ seq }) => seq)).toEqual(numbers.map((_, i) => i + 1));
    const open = await stack.sql(`SELECT FROM events.delivery WHERE handled_at IS NULL`);
    expect(open).toEqual([]);
  });

  it('made a film of at most forty seconds whose frames are those that were planned and told', () => {
    const film = fact<Filmed>('filmed');
    expect(film.seconds).toBeLessThanOrEqual(40);
    expect([film.planned, film.done]).toEqual([film.frames, film.frames]);
    const bytes = readFileSync(out);
    expect(bytes.readUInt32BE(bytes.indexOf('stsz') + 12)).toBe(fact<Refilmed>('refilmed').frames);
    expect(() => execFileSync(ffmpeg, ['-v', 'error', '-xerror', '-i', out, '-f', 'null', '-'], { stdio: 'pipe' })).not.toThrow();
  });

  it('made it H.264 and AAC, 1080×1920 at 30 frames a second, with the index before the pictures', () => {
    const { stderr } = spawnSync(ffmpeg, ['-hide_banner', '-i', out], { encoding: 'utf8' });
    expect(stderr).toMatch(/Video: h264 .*yuv420p.* 1080x1920.* 30 fps/);
    expect(stderr).toMatch(/Audio: aac .*Hz/);
    const boxes = topBoxes(readFileSync(out));
    expect(boxes[0]).toBe('ftyp');
    expect(boxes.indexOf('moov')).toBeGreaterThan(0);
    expect(boxes.indexOf('moov')).toBeLessThan(boxes.indexOf('mdat'));
  });

  it('captioned every word that the chapter now has, alike in cues, WebVTT and SRT', async () => {
    const file = async (name: string): Promise<string> =>
      (await stack.api.get(`/v1/renditions/${fact<Refilmed>('refilmed').rendition}/${name}`)).bytes.toString();
    const { body: chapter } = await stack.api.get(`/v1/chapters/${String(fact('published').chapter)}`);
    const { cues } = JSON.parse(await file('cues.json')) as {
      cues: { block: string; start: number; words: { text: string }[] }[];
    };
    for (const { id, text } of chapter.blocks as { id: string; text: string }[]) {
      const words = cues.filter(({ block }) => block === id).flatMap((cue) => cue.words.map((word) => word.text));
      expect(lettersOf(words.join(''))).toBe(lettersOf(text));
    }
    const all = lettersOf(cues.flatMap((cue) => cue.words.map(({ text }) => text)).join(''));
    for (const name of ['captions.vtt', 'captions.srt']) {
      const blocks = (await file(name)).split('\n\n').filter((block) => block.includes(' --> '));
      expect(blocks).toHaveLength(cues.length);
      expect(lettersOf(blocks.map((block) => block.trim().split('\n').slice(2).join('')).join(''))).toBe(all);
    }
  });

  it('made one scene again after one edit, and can say why', () => {
    const film = fact<Refilmed>('refilmed');
    expect(film.reused).toBeGreaterThanOrEqual(film.scenes - 2);
    expect(film.remade.length).toBeGreaterThan(0);
    for (const scene of film.remade) {
      expect(scene.blocks).toContain(film.edited);
      expect(scene.sound.changes.map(({ field }) => field)).toContain('say');
    }
  });

  it('ended with the very bytes that a cold render of the same text gives', async () => {
    const { chapter } = fact('published');
    const { body } = await stack.api.get(`/v1/chapters/${String(chapter)}`);
    const markdown = (body.blocks as { text: string }[]).map(({ text }) => text).join('\n\n');
    const cold = await coldRender(markdown, language);
    expect(cold).toMatchObject({ state: 'ready', film: { sha256: fact<Refilmed>('refilmed').sha256 } });
  }, 400_000);
});
