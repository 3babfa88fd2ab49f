import { AAC_PACKET, SAMPLE_RATE } from '../../domain/scene.js';
import { compress, highPass, limit, limiter } from './dynamics.js';
import { envelopeOf, voicedRange } from './envelope.js';
import { loudPower, powerOf, truePeaks } from './loudness.js';
import { resample, signalOf } from './resample.js';
import type { Times, Weighed } from './word-times.js';
import { complete, timesByEnergy } from './word-times.js';

/**
 * From what an engine spoke to the sound of a scene: 48 kHz mono, at the loudness video platforms want, whole AAC packets long, its
 * first and last packet digital silence, so that scenes join packet to packet in any order. Nothing here knows where in the film
 * the scene will stand.
 */
export const MASTERING_VERSION = 4;

export interface SpanSound {
  /** s16 mono; empty when the voice had nothing to say to this text. */
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  /** Seconds in `pcm`, or null for all when the voice gives no times. */
  readonly times: readonly (readonly [number, number] | null)[] | null;
  readonly words: readonly Weighed[];
  /** Null for a voice that nobody measured. */
  readonly gain: VoiceGain | null;
  /** Seconds of silence that the author wants after it, beyond the usual. */
  readonly pause?: number;
}

/** What one voice needs, measured once on a fixed text (scripts/measure-voices.mjs); constant, so that soft sentences stay soft. */
export interface VoiceGain {
  /** Factor from the engine's level to −23 LUFS, where the compressor works. */
  readonly level: number;
  /** Factor from the compressor to −14 LUFS after the limiter. */
  readonly makeUp: number;
}

export interface Mastered {
  readonly samples: Int16Array;
  /** Seconds in the scene; one list a span. */
  readonly times: Times[][];
  /** Spans that stayed silent because the voice cannot read them. */
  readonly silentSpans: number[];
}

/** Powers as of `loudPower`: −23 and −14 LUFS. Written out, because the last digit of `10 ** x` is not the same everywhere. */
export const VOICE_POWER = 0.005876246425275582;
export const TARGET_POWER = 0.04667668449794024;
/** −2 dBTP: encoding to AAC adds up to a decibel. */
export const CEILING = 0.794328;
/** Make-up for voices nobody measured: the mean of those that were. */
const USUAL_MAKE_UP = 8.5;
/** How far a scene may be corrected: by ±3 dB. A voice of unknown make needs more, from 1 s on: ±9 dB. */
const FOR_MEASURED = { factor: 1.412538, seconds: 0 };
const FOR_UNKNOWN = { factor: 2.818383, seconds: 1 };
/** A scene shorter than 3 s says little about its voice: it may stay 0.5 LU off, so that neighbours are never 2 LU apart. */
const SHORT = { seconds: 3, leeway: 1.122018 };

const LEAD = 0.09;
/** After a word, a clause, a sentence. */
const TAIL = [0.06, 0.15, 0.38];
const BETWEEN_SPANS = 0.4;
const SHORTEST_SCENE = 1.2;
/** A text that cannot be spoken is shown in silence for this long at least. */
const SHORTEST_SILENCE = 1.5;

const { round } = Math;

export function master(spans: readonly SpanSound[]): Mastered {
  const voices = spans.map(prepared);
  const placed: { at: number; voice: Prepared }[] = [];
  let at = Math.ceil(LEAD * SAMPLE_RATE);
  voices.forEach((voice, i) => {
    if (i > 0) at += BETWEEN_SPANS * SAMPLE_RATE + pauseAfter(spans[i - 1]);
    placed.push({ at, voice });
    at += voice.signal.length;
  });
  const lastStop = spans[spans.length - 1].words.at(-1)?.stop ?? 2;
  const spoken = Math.max(at + TAIL[lastStop] * SAMPLE_RATE, SHORTEST_SCENE * SAMPLE_RATE, at + AAC_PACKET);
  const wanted = spoken + pauseAfter(spans[spans.length - 1]);
  const length = Math.ceil(wanted / AAC_PACKET) * AAC_PACKET;
  const scene = new Float64Array(length);
  for (const { at: from, voice } of placed) scene.set(voice.signal, from);
  const loud = levelled(scene, spans.every((span) => span.gain) ? FOR_MEASURED : FOR_UNKNOWN);
  const samples = new Int16Array(length);
  for (let i = AAC_PACKET; i < length - AAC_PACKET; i++) samples[i] = round(loud[i] * 32_767);
  fadeOut(samples);
  return {
    samples,
    times: placed.map(({ at: from, voice }) =>
      voice.times.map(([start, end]) => [milliseconds(start + from / SAMPLE_RATE), milliseconds(end + from / SAMPLE_RATE)]),
    ),
    silentSpans: voices.flatMap((voice, i) => (voice.silent ? [i] : [])),
  };
}

const pauseAfter = ({ pause = 0 }: SpanSound): number => round(pause * SAMPLE_RATE);

interface Prepared {
  readonly signal: Float64Array;
  readonly times: readonly Times[];
  readonly silent: boolean;
}

/** One span at 48 kHz and voice level, silence around it cut away. */
function prepared(span: SpanSound): Prepared {
  const raw = resample(span.pcm, span.sampleRate, SAMPLE_RATE);
  const levels = envelopeOf(raw, SAMPLE_RATE);
  const range = voicedRange(levels);
  if (!range) return silence(span.words);
  const from = Math.max(0, range.from - 2) * FRAME;
  const to = Math.min(raw.length, (range.to + 4) * FRAME);
  const signal = raw.slice(from, to);
  const { level, makeUp } = span.gain ?? {
    level: Math.sqrt(VOICE_POWER / Math.max(1e-9, loudPower(signal))),
    makeUp: USUAL_MAKE_UP,
  };
  const even = evened(signal, level);
  for (let i = 0; i < even.length; i++) even[i] *= makeUp;
  for (let i = 0; i < Math.min(EDGE, even.length); i++) {
    even[i] *= i / EDGE;
    even[even.length - 1 - i] *= i / EDGE;
  }
  const cutLevels = envelopeOf(signal, SAMPLE_RATE);
  const told = span.times?.map((time): Times | null => time && [time[0] - from / SAMPLE_RATE, time[1] - from / SAMPLE_RATE]);
  const known = told?.some(Boolean) ? told : timesByEnergy(span.words, cutLevels);
  return { signal: even, times: complete(known, span.words, cutLevels, signal.length / SAMPLE_RATE), silent: false };
}

/** 10 ms, the frame of `envelopeOf`. */
const FRAME = SAMPLE_RATE / 100;
/** 4 ms of fading where a recording was cut. */
const EDGE = 192;

/** Text that the voice cannot read (a Chinese line in an English voice) is shown for as long as reading it takes. */
function silence(words: readonly Weighed[]): Prepared {
  const total = words.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const seconds = Math.max(SHORTEST_SILENCE, total);
  let at = 0;
  const times = words.map(({ weight }): Times => {
    const start = at;
    at += (weight / total) * seconds;
    return [start, at];
  });
  return { signal: new Float64Array(Math.ceil(seconds * SAMPLE_RATE)), times, silent: true };
}

/** A voice's signal as the limiter gets it, before make-up. */
export function evened(signal: Float64Array, level: number): Float64Array {
  const even = signal.map((sample) => sample * level);
  highPass(even);
  compress(even);
  return even;
}

/** Limited, and, if the scene can be measured, corrected within bounds. */
function levelled(signal: Float64Array, most: { readonly factor: number; readonly seconds: number }): Float64Array {
  const peaks = truePeaks(signal, CEILING / most.factor);
  const limited = limiter(signal, CEILING, peaks);
  let out = limited(1);
  let gain = 1;
  for (let round = 0; round < 2; round++) {
    const power = loudPower(out);
    if (signal.length < most.seconds * SAMPLE_RATE || power === 0) break;
    const leeway = signal.length < SHORT.seconds * SAMPLE_RATE ? SHORT.leeway : 1;
    const wanted = Math.min(TARGET_POWER * leeway, Math.max(TARGET_POWER / leeway, power));
    gain = Math.min(most.factor, Math.max(1 / most.factor, gain * Math.sqrt(wanted / power)));
    out = limited(gain);
  }
  return out;
}

/**
 * How much louder all scenes of a film have to be for the film to come to −14 LUFS, where they miss it together by more than half a unit
 * (many short scenes, a voice nobody measured); else 1.
 * @param energies of each scene, as `stepEnergies` gives them
 */
export function filmGain(energies: readonly (readonly number[])[], allowed = ALLOWED): number {
  const power = powerOf(energies.flat());
  const off = power / TARGET_POWER;
  return power === 0 || (off < allowed && off > 1 / allowed) ? 1 : Math.min(MOST_FILM_GAIN, Math.sqrt(1 / off));
}

/** 0.35 LU: a meter that hears the joined film adds up to 0.15 to what the scenes say by themselves. */
const ALLOWED = 1.083927;
/** 0.2 LU: as near it is brought once it is touched at all. */
export const NEAR = 1.047129;
/** 12 dB; what is still too soft then is a whisper and shall be one. */
const MOST_FILM_GAIN = 3.981072;

/** A scene that was mastered before, louder or softer; silent packets stay silent. */
export function relevelled(samples: Int16Array, gain: number): Int16Array {
  const loud = limit(signalOf(samples), gain, CEILING);
  const out = new Int16Array(samples.length);
  for (let i = AAC_PACKET; i < out.length - AAC_PACKET; i++) out[i] = round(loud[i] * 32_767);
  fadeOut(out);
  return out;
}

/** The last packet is silent; what rings on before it fades over 10 ms instead of breaking off. */
function fadeOut(samples: Int16Array): void {
  const end = samples.length - AAC_PACKET;
  for (let i = 0; i < FRAME; i++) samples[end - 1 - i] = Math.round((samples[end - 1 - i] * i) / FRAME);
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
