/** A word that is pronounced otherwise, heard: real voices, and the very samples they give. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { LexiconEntry } from '../../src/rendering/domain/lexicon.js';
import type { Narration } from '../../src/rendering/infrastructure/sound/narrator.js';
import { ffmpegPath, scratchFolder } from '../support/picture.js';

const DIST = realpathSync(process.env.INKREEL_DIST ?? path.join(import.meta.dirname, '../../dist'));
const NARRATE = path.join(import.meta.dirname, 'narrate.mjs');
const scratch = scratchFolder();

interface Heard {
  text: string;
  pcm: Buffer;
  times: Narration['words'];
}

let runs = 0;

/** The scenes of a text, as they sound. */
async function heard(language: string, voice: string, texts: string[], lexicon: LexiconEntry[]): Promise<Heard[]> {
  const folder = path.join(scratch, String(++runs));
  mkdirSync(folder);
  const blocks = texts.map((text, i) => ({ id: `b${i}`, kind: 'paragraph', text }));
  const options = { ffmpeg: await ffmpegPath(), folder, language, voice, blocks, lexicon };
  const child = spawn(process.execPath, [NARRATE, DIST, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const scenes: Heard[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { type, narration } = JSON.parse(line) as { type: string; narration: Narration };
    if (type !== 'scene') continue;
    scenes.push({
      text: narration.words.map(({ text }) => text).join(' '),
      pcm: readFileSync(narration.pcm.path),
      times: narration.words,
    });
  }
  return scenes;
}

/**
 * How far two stretches differ but for their loudness, in decibels below the first: a scene is levelled as a whole, so that a louder word
 * turns all of it down a little.
 */
function difference(a: Int16Array, b: Int16Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return 10 * Math.log10(Math.max(1e-12, 1 - (ab * ab) / (aa * bb)));
}

const stretch = ({ pcm }: Heard, from: number, to: number): Int16Array => {
  const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
  return samples.subarray(Math.round(from * 48_000), Math.round(to * 48_000));
};

describe.each([
  [
    'flite:rms',
    'en',
    'Siobhan',
    [
      'The keeper counted the ships.',
      'There were seven. Then Siobhan came up the stairs. She was late.',
      'Nobody else was awake.',
    ],
    { written: 'Siobhan', spoken: 'Shivawn' },
  ],
  [
    'espeak:cmn',
    'zh',
    '重庆',
    ['灯塔看守人数着船只。', '今晚有七艘。他明天要去重庆看朋友。天黑了。', '没有人醒着。'],
    { written: '重庆', spoken: '虫庆' },
  ],
])('A lexicon entry spoken by %s', (voice, language, word, texts, entry) => {
  let before: Heard[];
  let after: Heard[];
  beforeAll(async () => {
    before = await heard(language, voice, texts, []);
    after = await heard(language, voice, texts, [entry]);
  });

  it('is heard in the scenes that hold it, and in no other a single sample changes', () => {
    expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    const changed = after.filter(({ pcm }, i) => !pcm.equals(before[i].pcm)).map(({ text }) => text.replaceAll(' ', ''));
    expect(changed).toEqual(after.map(({ text }) => text.replaceAll(' ', '')).filter((text) => text.includes(word)));
    expect(changed).toHaveLength(1);
  });

  it('changes nothing of what was said before its sentence', () => {
    const at = after.findIndex(({ text }) => text.replaceAll(' ', '').includes(word));
    const { times } = before[at];
    const first = times.findLastIndex(
      ({ text }, i) => /[.。]$/.test(text) && times.slice(i).some((later) => later.text === word),
    );
    expect(first).toBeGreaterThan(0);
    // silence at the start is cut to 10 ms
    const [begin, until] = [times[0].start, times[first].end];
    const lags = [-3, -2, -1, 0, 1, 2, 3].map((lag) => lag / 100);
    const same = lags.map((lag) => difference(stretch(before[at], begin, until), stretch(after[at], begin + lag, until + lag)));
    expect(Math.min(...same)).toBeLessThan(-35);
    // what holds the word is otherwise indeed
    const [from, to] = [times[first + 1].start, times[times.length - 1].end];
    expect(difference(stretch(before[at], from, to), stretch(after[at], from, to))).toBeGreaterThan(-10);
  });
});
