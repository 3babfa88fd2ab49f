/** The voices as they run in production: built files, real engines in real processes, real AAC. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { CaptionPage } from '../../src/rendering/domain/scene.js';
import { AAC_PACKET, SAMPLE_RATE, SAMPLES_PER_FRAME } from '../../src/rendering/domain/scene.js';
import { packetsOf, SILENT_PACKET } from '../../src/rendering/infrastructure/sound/aac.js';
import type { Narration } from '../../src/rendering/infrastructure/sound/narrator.js';
import { ffmpegPath, scratchFolder } from '../support/picture.js';

const DIST = realpathSync(process.env.INKREEL_DIST ?? path.join(import.meta.dirname, '../../dist'));
const NARRATE = path.join(import.meta.dirname, 'narrate.mjs');
const scratch = scratchFolder();

interface Scene {
  readonly index: number;
  readonly estimate: number;
  readonly narration: Narration;
  readonly pages: readonly CaptionPage[];
}

interface Line extends Scene {
  readonly type: 'scene' | 'busy' | 'pids' | 'lost' | 'times' | 'standing by' | 'end';
  readonly share: number;
  readonly pids: readonly number[];
  readonly programs: readonly string[];
  readonly name: string;
  readonly message: string;
  readonly told: readonly (number | null)[];
  readonly heard: readonly number[];
}

const EN = [
  'The Eighth Lamp',
  'The lighthouse keeper counted the ships, as she had every night since the war. Tonight there were seven. Then Dr. Moss’s bell rang 12 times!',
  '“You took your time,” said *the voice* at the bottom 😀; and it was her own voice, <break time="9s"/>twenty years older.',
  'The bell rang once.',
  'Neither of them had touched it.',
  'It rang again. Nobody moved.',
].map((text, i) => ({ id: `en-${i}`, kind: i === 0 ? 'heading' : 'paragraph', text }));

const ZH = [
  '第八盏灯',
  '灯塔看守人数着船只，就像战争以来的每一个夜晚一样。今晚有七艘，明天也许一艘都没有。',
  '“你来得真晚，”下面的声音说。——那是她自己的声音……老了二十年。',
  '阿Q在1918年打了一个电话。',
  '钟又响了。没有人动。',
].map((text, i) => ({ id: `zh-${i}`, kind: i === 0 ? 'heading' : 'paragraph', text }));

let ffmpeg: string;
beforeAll(async () => {
  ffmpeg = await ffmpegPath();
});

function start(options: object): { lines: AsyncIterable<Line>; kill: () => void; folder: string } {
  const folder = path.join(scratch, `run-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder);
  const child = spawn(process.execPath, [NARRATE, DIST, JSON.stringify({ ffmpeg, folder, ...options })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = (async function* () {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line;
  })();
  return { lines, kill: () => child.kill('SIGKILL'), folder };
}

async function run(options: object): Promise<{ lines: Line[]; scenes: Scene[]; folder: string }> {
  const { lines, folder } = start(options);
  const all: Line[] = [];
  for await (const line of lines) all.push(line);
  expect(all.at(-1)?.type).toBe('end');
  return { lines: all, scenes: all.filter((line) => line.type === 'scene').sort((a, b) => a.index - b.index), folder };
}

const pcmOf = ({ narration }: Scene) => {
  const bytes = readFileSync(narration.pcm.path);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** Root mean square between two moments. */
function level(samples: Int16Array, from: number, to: number): number {
  const part = samples.subarray(Math.max(0, Math.round(from * SAMPLE_RATE)), Math.round(to * SAMPLE_RATE));
  return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, part.length));
}

describe.each([
  ['English', 'en', EN, ['flite:rms', 'flite:slt']],
  ['Chinese', 'zh', ZH, ['espeak:cmn']],
])('%s narration', (_, language, blocks, voices) => {
  let runs: Awaited<ReturnType<typeof run>>[];

  beforeAll(async () => {
    runs = [];
    for (const voice of voices) runs.push(await run({ language, voice, blocks }));
  });

  it('says every block, at a reader’s pace, near what was planned', () => {
    for (const { scenes } of runs) {
      const words = scenes.flatMap(({ narration }) => narration.words);
      expect([...new Set(words.map((word) => word.block))]).toEqual(blocks.map((block) => block.id));
      for (const { narration, estimate } of scenes) {
        expect(narration.samples % AAC_PACKET).toBe(0);
        expect(narration.frames).toBe(Math.ceil(narration.samples / SAMPLES_PER_FRAME));
        expect(narration.samples / SAMPLE_RATE).toBeLessThan(estimate * 1.6 + 1);
        expect(narration.samples / SAMPLE_RATE).toBeGreaterThan(estimate * 0.6);
        expect(narration.warnings).toEqual([]);
      }
    }
  });

  it('is heard in every page of its captions, and silent at both ends', () => {
    for (const { scenes } of runs)
      for (const scene of scenes) {
        const samples = pcmOf(scene);
        const loud = level(samples, 0, samples.length / SAMPLE_RATE);
        expect(loud).toBeGreaterThan(1_000);
        for (const page of scene.pages) expect(level(samples, page.start, page.end)).toBeGreaterThan(loud * 0.4);
        expect(Math.max(...samples.subarray(0, AAC_PACKET), ...samples.subarray(-AAC_PACKET))).toBe(0);
      }
  });

  it('keeps each sentence inside its cues: where a sentence ends, the page turns in the pause', () => {
    let turns = 0;
    for (const { scenes } of runs)
      for (const scene of scenes) {
        const samples = pcmOf(scene);
        const loud = level(samples, 0, samples.length / SAMPLE_RATE);
        scene.pages.slice(0, -1).forEach((page) => {
          if (!/(?<!Dr)[.!?。！？]["”’]?$/.test(page.words[page.words.length - 1].text)) return;
          turns++;
          expect(level(samples, page.end - 0.02, page.end + 0.02)).toBeLessThan(loud * 0.15);
        });
        // and before the first and after the last word nothing is said
        const { words } = scene.narration;
        expect(level(samples, 0, words[0].start - 0.03)).toBeLessThan(loud * 0.05);
        expect(level(samples, words[words.length - 1].end + 0.1, samples.length / SAMPLE_RATE)).toBeLessThan(loud * 0.05);
      }
    expect(turns).toBeGreaterThan(0);
  });

  it('is the same bytes in another process that speaks the scenes in another order', async () => {
    const voice = voices[0];
    const again = await run({ language, voice, blocks, backwards: true });
    const prints = ({ scenes }: typeof again) =>
      scenes.map(({ narration: { pcm, aac, words } }) => [pcm.sha256, aac.sha256, words]);
    expect(prints(again)).toEqual(prints(runs[0]));
    expect(new Set(again.scenes.map(({ narration }) => narration.pcm.sha256)).size).toBe(again.scenes.length);
  });

  it('comes to −14 LUFS ± 0.5 and at most −1 dBTP, decoded from scenes joined without encoding', () => {
    for (const { scenes, folder } of runs) {
      const film = path.join(folder, 'film.aac');
      // ADTS header of a packet of 4 bytes: 7 + 4 = 11 = 0b1_011
      const silence = Buffer.concat([Buffer.from([0xff, 0xf1, 0x4c, 0x40, 0x01, 0x7f, 0xfc]), SILENT_PACKET]);
      writeFileSync(film, Buffer.concat([silence, ...scenes.map(({ narration }) => readFileSync(narration.aac.path))]));
      const measured = spawnSync(ffmpeg, [
        '-nostats',
        '-i',
        film,
        '-af',
        'ebur128=peak=true',
        '-f',
        'null',
        '-',
      ]).stderr.toString();
      const summary = measured.slice(measured.lastIndexOf('Summary:'));
      expect(Math.abs(Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]) + 14)).toBeLessThanOrEqual(0.5);
      expect(Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1])).toBeLessThanOrEqual(-1);

      // … and every scene is found again where it was put, with silence at the joints
      const raw = execFileSync(ffmpeg, ['-v', 'error', '-i', film, '-f', 's16le', '-ac', '1', '-'], { maxBuffer: 1e9 });
      const decoded = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
      let at = AAC_PACKET; // the decoder's delay
      for (const scene of scenes) {
        const samples = pcmOf(scene);
        expect(packetsOf(readFileSync(scene.narration.aac.path))).toHaveLength(scene.narration.packets);
        expect(Math.max(...decoded.subarray(at - 600, at + 600))).toBe(0);
        let noise = 0;
        let signal = 0;
        samples.forEach((sample, i) => {
          noise += (sample - decoded[at + i]) ** 2;
          signal += sample ** 2;
        });
        expect(10 * Math.log10(signal / noise)).toBeGreaterThan(30);
        at += samples.length;
      }
    }
  });

  it('leaves no scratch file', () => {
    for (const { folder } of runs)
      expect(readdirSync(folder).filter((name) => !/^(scene-\d+\.(pcm|aac)|film\.aac)$/.test(name))).toEqual([]);
  });
});

describe('Word times', () => {
  // other chapters than those that the lengths of words were fitted to
  it.each([
    ['English', 'en', 'espeak:en', 'mock-turtle.en.md'],
    ['Chinese', 'zh', 'espeak:cmn', 'small-incident.zh.md'],
  ])(
    'found by listening alone are within 80 ms of what the engine says, 200 ms for 19 of 20: %s',
    async (_, language, voice, file) => {
      const text = readFileSync(path.join(import.meta.dirname, '../fixtures', file), 'utf8');
      const blocks = text.split(/\n{2,}/).map((one, i) => ({ id: String(i), kind: 'paragraph', text: one }));
      const errors: number[] = [];
      for (const line of (await run({ language, voice, blocks, then: 'times' })).lines)
        if (line.type === 'times') line.told.forEach((time, i) => time !== null && errors.push(Math.abs(time - line.heard[i])));
      errors.sort((a, b) => a - b);
      expect(errors.length).toBeGreaterThan(200);
      expect(errors[errors.length >> 1]).toBeLessThanOrEqual(0.08);
      expect(errors[Math.floor(errors.length * 0.95)]).toBeLessThanOrEqual(0.2);
    },
  );

  it.each([
    ['Flite', 'en', 'flite:rms', EN],
    ['eSpeak', 'en', 'espeak:en', EN],
    ['eSpeak in Chinese', 'zh', 'espeak:cmn', ZH],
  ])('told by %s begin after a pause where the sound does, to 50 ms', async (_, language, voice, blocks) => {
    const errors: number[] = [];
    for (const scene of (await run({ language, voice, blocks })).scenes) {
      const samples = pcmOf(scene);
      const loud = level(samples, 0, samples.length / SAMPLE_RATE);
      const isQuiet = (at: number) => level(samples, at, at + 0.005) < loud * 0.03;
      scene.narration.words.forEach(({ start }, i) => {
        const before = i === 0 ? 0 : scene.narration.words[i - 1].end - 0.02;
        // the longest silence since the last word, if there is one of 80 ms: where it ends the word is heard
        let heard = NaN;
        for (let at = before, from = before; at < start + 0.3; at += 0.005) {
          if (isQuiet(at)) continue;
          if (at - from >= 0.08) heard = at;
          from = at + 0.005;
          if (at > start) break;
        }
        if (!Number.isNaN(heard)) errors.push(Math.abs(start - heard));
      });
    }
    expect(errors.length).toBeGreaterThan(6);
    expect(Math.max(...errors)).toBeLessThanOrEqual(0.05);
  });
});

describe('The narrator', () => {
  const alive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  it('leaves the event loop of its worker free', async () => {
    const { lines } = await run({ language: 'en', blocks: EN });
    expect(lines.find((line) => line.type === 'busy')?.share).toBeLessThan(0.25);
  });

  it('leaves no process behind when its worker is killed', async () => {
    const { lines, kill } = start({ language: 'en', blocks: EN.slice(0, 1), then: 'wait' });
    for await (const line of lines) {
      if (line.type !== 'pids') continue;
      expect(line.pids.length).toBeGreaterThan(1);
      expect(line.pids.every(alive)).toBe(true);
      kill();
      for (let i = 0; i < 100 && line.pids.some(alive); i++) await pause(50);
      expect(line.pids.filter(alive)).toEqual([]);
      break;
    }
  });

  it('says that a killed engine may be tried again, and starts another', async () => {
    const { lines, scenes } = await run({ language: 'en', blocks: EN.slice(0, 1), then: 'lose' });
    expect(lines.find((line) => line.type === 'lost')).toMatchObject({
      name: 'ChildLost',
      message: expect.stringContaining('SIGKILL') as string,
    });
    expect(scenes).toHaveLength(2);
    expect(scenes[1].narration.aac.sha256).toBe(scenes[0].narration.aac.sha256);
  });

  it('rehearses when it stands by, and neither its bytes nor its folder tell; it leaves when it rests', async () => {
    const { lines, scenes, folder } = await run({ language: 'en', blocks: EN.slice(0, 1), then: 'stand by' });
    const [first, ...again] = scenes.filter(({ index }) => index === 0).map(({ narration }) => narration.aac.sha256);
    expect(again).toEqual([first, first]);
    expect(lines.find((line) => line.type === 'standing by')).toMatchObject({ programs: ['flite.child.js', 'sound.child.js'] });
    expect(readdirSync(folder).filter((name) => /rehearsal|^\./.test(name))).toEqual([]);
  });

  it('shows in silence, with a warning, what the voice cannot read', async () => {
    const { scenes } = await run({ language: 'en', blocks: [{ id: 'x', kind: 'paragraph', text: '灯塔看守人' }] });
    expect(scenes[0].narration.warnings).toEqual(['The voice flite:rms cannot read: 灯塔看守人']);
    expect(scenes[0].narration.samples).toBeGreaterThan(SAMPLE_RATE);
  });
});
