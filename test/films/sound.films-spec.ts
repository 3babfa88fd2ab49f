/** The loudness of finished films, measured by FFmpeg, and films of prose with marks that cannot be spoken. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenditionResponse, ScenesResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { tempFolder } from '../support/database.js';
import { must, type Person } from '../support/people.js';
import { ffmpegPath } from '../support/picture.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const SHORT = [
  'Ssh!',
  'Nobody slept.',
  'It was dark.',
  '“No!” he said.',
  'She waited, and waited.',
  'The bell rang once.',
  'Yes.',
];
const ROUGH = [
  'Wait<break time="9s"/> here, <prosody rate="x-slow">said</prosody> the **keeper** & [the map](https://example.com/x) 😀😀',
  '> *“Shalom,”* שלום she said, and مرحبا بكم he answered 👩‍🚀; a < b, <Level up!>',
  '* * *',
  '# ***',
  '😀 🎉',
];

interface Cues {
  cues: { start: number; end: number; block: string; lines: string[]; words: { text: string; start: number; end: number }[] }[];
  blocks: { block: string; start: number; end: number; cues: number[] }[];
}

let stack: Stack;
let author: Person;
let ffmpeg: string;
let folder: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  ffmpeg = await ffmpegPath();
  ({ path: folder, drop } = await tempFolder());
  stack = await startStack({ env: { RENDER_CONCURRENCY: '2' } });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
});
afterAll(() => drop());

async function filmed(markdown: string, language = 'en', voice?: string) {
  const { chapterId, blocks } = await begunChapter(author, { markdown, language, publish: true });
  const { body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, { voice });
  const film = await until(
    async () => {
      const now = (await author.api.get<RenditionResponse>(`/v1/renditions/${body.id}`)).body;
      return ['ready', 'failed'].includes(now.state) && now;
    },
    100_000,
    'the film is over',
  );
  if (film.state === 'failed') return { film, blocks, file: '', cues: { cues: [], blocks: [] } as Cues, scenes: [] };
  const file = join(folder, `${film.id}.mp4`);
  writeFileSync(file, (await author.api.get(film.film!.files.film)).bytes);
  const cues = must(200, await author.api.get<Cues>(film.film!.files.cues));
  const { items: scenes } = must(200, await author.api.get<ScenesResponse>(`/v1/renditions/${film.id}/scenes`));
  return { film, blocks, file, cues, scenes };
}

/** LUFS and dBTP of a part of a film, as FFmpeg decodes and measures it. */
function measured(file: string, from = 0, seconds = 1e6): { loudness: number; peak: number } {
  const part = ['-ss', String(from), '-t', String(seconds)];
  const run = spawnSync(ffmpeg, ['-nostats', ...part, '-i', file, '-vn', '-af', 'ebur128=peak=true', '-f', 'null', '-']);
  const summary = run.stderr.toString().split('Summary:').at(-1)!;
  return {
    loudness: Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]),
    peak: Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1]),
  };
}

describe('The sound of a finished film', () => {
  it.each([
    ['English', 'en', readFileSync('test/fixtures/ten-paragraphs.en.md', 'utf8'), 'flite:rms'],
    ['Chinese', 'zh', readFileSync('test/fixtures/ten-paragraphs.zh.md', 'utf8'), 'espeak:cmn'],
    ['English in short lines', 'en', SHORT.join('\n\n'), 'flite:rms'],
    ['English in short lines by another voice', 'en', SHORT.join('\n\n'), 'espeak:en'],
  ])(
    'is −14 LUFS ± 0.5 and at most −1 dBTP, and its scenes are within 2 LU of their neighbours: %s',
    async (_, language, text, voice) => {
      const { film, file, scenes } = await filmed(text, language, voice);
      expect(film).toMatchObject({ state: 'ready', voice });
      const { loudness, peak } = measured(file);
      expect(Math.abs(loudness + 14)).toBeLessThanOrEqual(0.5);
      expect(peak).toBeLessThanOrEqual(-1);
      let at = 0;
      const each = scenes.map(({ frames }) => {
        const part = measured(file, at / 30, frames! / 30);
        at += frames!;
        return part.loudness;
      });
      expect(each.length).toBeGreaterThan(5);
      for (const [i, one] of each.slice(1).entries()) expect(Math.abs(one - each[i])).toBeLessThanOrEqual(2);
    },
  );

  it('is mapped: every spoken block has its cues, in order and without overlap, from the first frame to the last', async () => {
    const { film, cues: map, blocks } = await filmed(readFileSync('test/fixtures/ten-paragraphs.en.md', 'utf8'));
    expect(map.blocks.map(({ block }) => block)).toEqual(blocks.map(({ id }) => id));
    expect(map.cues[0].start).toBe(0);
    expect(map.cues.at(-1)!.end).toBeCloseTo(film.film!.seconds, 2);
    map.cues.slice(1).forEach(({ start }, i) => expect(start).toBe(map.cues[i].end));
    map.blocks.slice(1).forEach(({ start }, i) => expect(start).toBeGreaterThanOrEqual(map.blocks[i].end));
    for (const { start, end, words } of map.cues)
      for (const word of words) expect(start <= word.start && word.start <= word.end && word.end <= end + 0.0011).toBe(true);
  });
});

describe('Prose that was not written for a voice', () => {
  it('is filmed without its marks: SSML, Markdown, emoji and right-to-left words', async () => {
    const { film, file, cues } = await filmed(ROUGH.join('\n\n'));
    expect(film.state).toBe('ready');
    const text = cues.cues.flatMap(({ lines }) => lines).join(' ');
    expect(text).toContain('Wait here, said the keeper & the map 😀😀');
    expect(text).toContain('שלום');
    expect(text).toContain('<Level up!>');
    expect(text).not.toMatch(/break|prosody|\*|https/);
    expect(film.film!.seconds).toBeLessThan(25); // nobody waited nine seconds
    expect(Math.abs(measured(file).loudness + 14)).toBeLessThanOrEqual(0.5);
  });

  it('is read in Arabic by an Arabic voice', async () => {
    const { film, cues } = await filmed('قالت الحارسة إن السفن لم تعد، ثم أطفأت المصباح.\n\nلم ينم أحد تلك الليلة.', 'ar');
    expect(film).toMatchObject({ state: 'ready', voice: 'espeak:ar', warnings: [] });
    expect(cues.cues.flatMap(({ lines }) => lines).join(' ')).toContain('السفن لم');
  });

  it('without a word to read is refused with a sentence', async () => {
    const { film } = await filmed('* * *\n\n😀 🎉\n\n……');
    expect(film).toMatchObject({ state: 'failed', failure: expect.stringContaining('no word to narrate') as string });
  });
});
