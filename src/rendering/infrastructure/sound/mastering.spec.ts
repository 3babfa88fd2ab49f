import fc from 'fast-check';
import { AAC_PACKET, SAMPLE_RATE } from '../../domain/scene.js';
import { limit } from './dynamics.js';
import { loudPower, lufs, powerOf, stepEnergies, truePeaks } from './loudness.js';
import type { SpanSound } from './mastering.js';
import { CEILING, filmGain, master, relevelled } from './mastering.js';
import { resample } from './resample.js';

const sine = (hertz: number, amplitude: number, seconds: number, rate = SAMPLE_RATE, phase = 0) =>
  Float64Array.from(
    { length: Math.round(seconds * rate) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * i) / rate + phase),
  );
const s16 = (signal: Float64Array) => Int16Array.from(signal, (sample) => Math.round(sample * 32_767));
const decibels = (ratio: number) => 20 * Math.log10(ratio);
const highest = (signal: ArrayLike<number>) => {
  let most = 0;
  for (let i = 0; i < signal.length; i++)
    if (signal[i] > most || -signal[i] > most) most = signal[i] < 0 ? -signal[i] : signal[i];
  return most;
};

describe('Resampling', () => {
  it.each([16_000, 22_050, 24_000, 44_100, 48_000, 96_000])('keeps a tone what it was, from %i Hz', (rate) => {
    const got = resample(s16(sine(1_000, 0.5, 0.5, rate)), rate, SAMPLE_RATE);
    const wanted = sine(1_000, 0.5, 0.5);
    expect(Math.abs(got.length - wanted.length)).toBeLessThanOrEqual(1);
    let error = 0;
    for (let i = 2_000; i < 22_000; i++) error = Math.max(error, Math.abs(got[i] - wanted[i]));
    expect(decibels(error / 0.5)).toBeLessThan(-60);
  });

  it('lets nothing through that the lower rate could not hold', () => {
    const got = resample(s16(sine(30_000, 0.5, 0.3, 96_000)), 96_000, SAMPLE_RATE);
    expect(highest(got.slice(2_000, -2_000))).toBeLessThan(0.002);
  });
});

describe('Loudness', () => {
  it('is −3.01 LUFS for a full 997 Hz tone in one channel, as BS.1770 says', () => {
    expect(lufs(loudPower(sine(997, 1, 3)))).toBeCloseTo(-3.01, 1);
    expect(lufs(loudPower(sine(997, 0.1, 3)))).toBeCloseTo(-23.01, 1);
  });

  it('does not count the pauses', () => {
    const tone = sine(997, 0.1, 2);
    const withPause = new Float64Array(tone.length * 3);
    withPause.set(tone);
    expect(lufs(loudPower(withPause))).toBeGreaterThan(-24);
    expect(loudPower(new Float64Array(48_000))).toBe(0);
  });

  it('sees peaks between the samples', () => {
    const between = sine(12_000, 0.9, 0.1, SAMPLE_RATE, Math.PI / 4); // its samples are all at 0.64
    expect(highest(between)).toBeLessThan(0.64);
    expect(highest(truePeaks(between).slice(100, -100))).toBeCloseTo(0.9, 1);
  });
});

describe('The limiter', () => {
  it('holds every peak below the ceiling, also between samples', () => {
    const burst = fc.record({
      at: fc.integer({ min: 0, max: 4_000 }),
      length: fc.integer({ min: 1, max: 2_000 }),
      hertz: fc.integer({ min: 50, max: 15_000 }),
      amplitude: fc.double({ min: 0.1, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(burst, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 1, max: 12, noNaN: true }),
        (bursts, gain) => {
          const signal = new Float64Array(6_000);
          for (const { at, length, hertz, amplitude } of bursts)
            for (let i = 0; i < length; i++) signal[at + i] += amplitude * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE);
          const out = limit(signal, gain, CEILING);
          expect(highest(out)).toBeLessThanOrEqual(CEILING + 1e-9);
          expect(decibels(highest(truePeaks(out)) / CEILING)).toBeLessThan(0.4);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves alone what is low enough', () => {
    const soft = sine(440, 0.1, 0.2);
    expect(Array.from(limit(soft, 2, CEILING))).toEqual(Array.from(soft, (sample) => sample * 2));
  });
});

describe('A mastered scene', () => {
  /** Three "words": tones with pauses, as a voice at 16 kHz. */
  const voice = (amplitude = 0.3, words = 3): SpanSound => {
    const rate = 16_000;
    const signal = new Float64Array(rate * (0.4 + words));
    for (let word = 0; word < words; word++) signal.set(sine(200, amplitude, 0.7, rate), Math.round((0.3 + word) * rate));
    return {
      pcm: s16(signal),
      sampleRate: rate,
      times: Array.from({ length: words }, (_, i): [number, number] => [0.3 + i, 1 + i]),
      words: Array.from({ length: words }, (_, i) => ({ weight: 0.7, stop: i === words - 1 ? 2 : 0 })),
      gain: null,
    };
  };

  it('is whole packets long, and its first and last are digital silence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), (words, spans) => {
        const { samples } = master(Array.from({ length: spans }, () => voice(0.3, words)));
        expect(samples.length % AAC_PACKET).toBe(0);
        expect(highest(samples.subarray(0, AAC_PACKET))).toBe(0);
        expect(highest(samples.subarray(-AAC_PACKET))).toBe(0);
        expect(highest(samples)).toBeGreaterThan(5_000);
      }),
      { numRuns: 3 },
    );
  });

  it('is silent for as long as its author wants after a block, and else the same', () => {
    const plain = master([voice(), voice()]);
    const between = master([{ ...voice(), pause: 2 }, voice()]);
    const after = master([voice(), { ...voice(), pause: 2 }]);
    expect(between.times[0]).toEqual(plain.times[0]);
    between.times[1].forEach(([start], i) => expect(start).toBeCloseTo(plain.times[1][i][0] + 2, 2));
    expect(after.times).toEqual(plain.times);
    for (const one of [between, after])
      expect(Math.abs(one.samples.length - plain.samples.length - 2 * SAMPLE_RATE)).toBeLessThan(AAC_PACKET);
    const silence = between.samples.subarray(
      Math.round((between.times[0][2][1] + 0.1) * SAMPLE_RATE),
      Math.round((between.times[1][0][0] - 0.1) * SAMPLE_RATE),
    );
    expect(silence.length).toBeGreaterThan(2 * SAMPLE_RATE);
    expect(highest(silence)).toBeLessThan(100);
    expect(Array.from(after.samples.subarray(0, plain.samples.length - 2 * AAC_PACKET))).toEqual(
      Array.from(plain.samples.subarray(0, plain.samples.length - 2 * AAC_PACKET)),
    );
  });

  it('has its words where they sound', () => {
    const { samples, times } = master([voice(), voice()]);
    for (const [start, end] of times.flat()) {
      const sound = samples.subarray(Math.round(start * SAMPLE_RATE), Math.round((start + 0.6) * SAMPLE_RATE));
      expect(highest(sound)).toBeGreaterThan(3_000);
      expect(
        highest(samples.subarray(Math.round((start - 0.12) * SAMPLE_RATE), Math.round((start - 0.03) * SAMPLE_RATE))),
      ).toBeLessThan(300);
      expect(end).toBeGreaterThan(start);
    }
    expect(times[1][0][0]).toBeGreaterThan(times[0][2][1]);
  });

  it('comes to −14 LUFS whatever the engine gave, below −2 dBFS', () => {
    for (const amplitude of [0.02, 0.3, 0.9]) {
      const { samples } = master([voice(amplitude, 4)]);
      const signal = Float64Array.from(samples, (sample) => sample / 32_768);
      expect(lufs(loudPower(signal))).toBeGreaterThan(-14.5);
      expect(lufs(loudPower(signal))).toBeLessThan(-13.5);
      expect(highest(signal)).toBeLessThanOrEqual(CEILING + 1e-4);
    }
  });

  it('keeps a soft sentence of a measured voice softer', () => {
    const gain = { level: 0.4, makeUp: 3 };
    const level = (amplitude: number) =>
      lufs(loudPower(Float64Array.from(master([{ ...voice(amplitude, 2), gain }]).samples, (sample) => sample / 32_768)));
    expect(level(0.3) - level(0.03)).toBeGreaterThan(6);
  });

  it('is brought nearer to its neighbours when it is short, but not all the way', () => {
    const gain = { level: 0.4, makeUp: 5.2 };
    const level = (words: number) =>
      lufs(loudPower(Float64Array.from(master([{ ...voice(0.2, words), gain }]).samples, (sample) => sample / 32_768)));
    expect(level(4)).toBeCloseTo(-14, 1);
    expect(Math.abs(Math.abs(level(2) + 14) - 0.5)).toBeLessThan(0.1);
  });

  it('shows in silence, and says so, what the voice could not read', () => {
    const dumb: SpanSound = { ...voice(), pcm: new Int16Array(0), times: [null, null, null] };
    const { samples, silentSpans, times } = master([dumb]);
    expect(silentSpans).toEqual([0]);
    expect(samples.length).toBeGreaterThan(SAMPLE_RATE * 1.5);
    expect(highest(samples)).toBe(0);
    expect(times[0][2][1]).toBeLessThanOrEqual(samples.length / SAMPLE_RATE);
  });

  it('is the same whatever was mastered before', () => {
    const alone = Buffer.from(master([voice(0.2)]).samples.buffer);
    master([voice(0.9, 1)]);
    expect(Buffer.from(master([voice(0.2)]).samples.buffer).equals(alone)).toBe(true);
  });
});

describe('A film of scenes that miss their loudness together', () => {
  /** Syllables, as a voice has them: what is limited is not the whole of it. */
  const scene = (amplitude: number, seconds = 2): Int16Array => {
    const signal = sine(300, amplitude, seconds).map((sample, i) => sample * (0.3 + 0.7 * Math.sin(i / 2_500) ** 2));
    return s16(signal.fill(0, 0, AAC_PACKET).fill(0, -AAC_PACKET));
  };
  const energies = (samples: Int16Array) => stepEnergies(Float64Array.from(samples, (sample) => sample / 32_768));

  it('is as loud as its parts say, and needs no decoding to know it', () => {
    const scenes = [scene(0.2), scene(0.4, 3), scene(0.1, 2.5)];
    const whole = Float64Array.from(scenes.flatMap((samples) => Array.from(samples, (sample) => sample / 32_768)));
    expect(lufs(powerOf(scenes.flatMap(energies)))).toBeCloseTo(lufs(loudPower(whole)), 0);
  });

  it('gets one offset, which brings it to −14 LUFS and leaves its silent packets silent', () => {
    for (const amplitude of [0.15, 0.55]) {
      const scenes = [scene(amplitude), scene(amplitude * 0.9, 3)];
      const gain = filmGain(scenes.map(energies));
      const after = scenes.map((samples) => relevelled(samples, gain));
      expect(Math.abs(lufs(powerOf(after.flatMap(energies))) + 14)).toBeLessThan(0.35);
      expect(filmGain(after.map(energies))).toBe(1);
      for (const samples of after) {
        expect(highest(samples.subarray(0, AAC_PACKET))).toBe(0);
        expect(highest(samples.subarray(-AAC_PACKET))).toBe(0);
        expect(highest(samples)).toBeLessThanOrEqual(CEILING * 32_767 + 1);
      }
    }
  });

  it('is left alone when it is silent or right', () => {
    expect(filmGain([])).toBe(1);
    expect(filmGain([[0, 0, 0, 0]])).toBe(1);
    expect(filmGain([Array.from({ length: 30 }, () => 0.0467 * 4_800)])).toBe(1);
  });
});
