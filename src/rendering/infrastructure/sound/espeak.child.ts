import { writeFileSync } from 'node:fs';
import { answer } from './answering.js';
import type { SpeakRequest, Spoken } from './speech.js';

/**
 * Chinese and a hundred other languages by eSpeak NG. The package is GPL-3 and optional: it is loaded here and nowhere else, in a
 * process that is talked to by lines of text.
 *
 * eSpeak carries state from one text to the next (the same words sound a few bits different the second time), so its memory is put
 * back to what it was at the start before every text: the same bytes, whatever was said before.
 */
interface Espeak {
  HEAPU8: Uint8Array;
  eSpeakNGWorker: new () => EspeakWorker;
}

interface EspeakWorker {
  rate: number;
  set_voice(identifier: string): void;
  synthesize(text: string, heard: (audio: ArrayLike<number> | null, events: readonly EspeakEvent[]) => void): void;
}

interface EspeakEvent {
  readonly type: string;
  /** 1-based, in characters. */
  readonly text_position: number;
  /** Milliseconds. */
  readonly audio_position: number;
}

/** Not a literal in the import: the build must not need a package that need not be there. */
const ENGINE: string = '@echogarden/espeak-ng-emscripten';
const SAMPLE_RATE = 22_050;
/** Words a minute, as eSpeak counts them: unhurried, as one reads a story. It speaks Chinese slower than it thinks. */
const RATE = 160;
const CHINESE_RATE = 175;
/** Bytes; a span has a few hundred. */
const LONGEST_TEXT = 60_000;

const { default: load } = (await import(ENGINE)) as { default: () => Promise<Espeak> };
const espeak = await load();
const worker = new espeak.eSpeakNGWorker();
// The JavaScript around it keeps a buffer for texts, made when first needed. It must exist before the memory is remembered, and be
// large enough never to be replaced: a pointer that outlives the memory it points into cuts texts short.
for (let i = 0; i < 3; i++) worker.set_voice('x'.repeat(LONGEST_TEXT));
const start = espeak.HEAPU8.slice();

answer<SpeakRequest, Spoken>(({ voice, say, out }) => {
  const { text, starts } = joined(say);
  if (Buffer.byteLength(text) > LONGEST_TEXT / 2) throw new Error(`a span of ${text.length} characters is too long to speak`);
  espeak.HEAPU8.set(start);
  espeak.HEAPU8.fill(0, start.length);
  worker.set_voice(voice);
  worker.rate = voice.startsWith('sit/') ? CHINESE_RATE : RATE;
  const chunks: Int16Array[] = [];
  const events: EspeakEvent[] = [];
  worker.synthesize(text, (audio, more) => {
    if (audio) chunks.push(Int16Array.from(audio));
    for (const event of more) events.push(event);
  });
  const pcm = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  writeFileSync(out, pcm);
  return { samples: pcm.length / 2, sampleRate: SAMPLE_RATE, times: timesOf(starts, events, pcm.length / 2 / SAMPLE_RATE) };
});

/** The text, and where in it each token begins: in characters, as eSpeak counts. `<` and `&` would be markup to it. */
function joined(say: readonly string[]): { text: string; starts: number[] } {
  let text = '';
  let length = 0;
  const starts: number[] = [];
  for (const token of say) {
    const clean = token.replace(/[<>&]/g, ' ');
    const gap = text && !(UNSPACED.test([...text].at(-1) ?? '') && UNSPACED.test(clean)) ? ' ' : '';
    starts.push(length + gap.length);
    text += gap + clean;
    length += gap.length + [...clean].length;
  }
  return { text, starts };
}

const UNSPACED = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}\u3000-\u303f\uff00-\uff60]/u;

function timesOf(starts: readonly number[], events: readonly EspeakEvent[], seconds: number): ([number, number] | null)[] {
  const words = events
    .filter((event) => event.type === 'word')
    .map((event) => ({ at: event.text_position - 1, time: event.audio_position / 1_000 }));
  const ends = events.filter((event) => event.type === 'end').map((event) => event.audio_position / 1_000);
  const onsets = starts.map((from, i) => {
    const to = starts[i + 1] ?? Infinity;
    return words.find((word) => word.at >= from && word.at < to)?.time;
  });
  return onsets.map((onset, i) => {
    if (onset === undefined) return null;
    const next = onsets.slice(i + 1).find((time) => time !== undefined) ?? seconds;
    const clause = ends.find((end) => end > onset) ?? seconds;
    return [onset, Math.max(onset, Math.min(next, clause))];
  });
}
