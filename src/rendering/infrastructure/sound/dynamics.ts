import { truePeaks } from './loudness.js';

/**
 * What a speaking voice goes through on its way to a phone's loudspeaker: rumble off, loud and soft syllables brought together,
 * peaks held below a ceiling. Only + − × ÷ and square roots, which IEEE 754 defines to the last bit: the same samples everywhere.
 * All for 48 kHz; exponentials are written out as constants.
 */

// looked up once: these loops run over every sample
const { abs, min, sqrt } = Math;

/** In place. 70 Hz, Butterworth; below lies nothing of a voice. */
export function highPass(signal: Float64Array): void {
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  for (let i = 0; i < signal.length; i++) {
    const x = signal[i];
    const y = HP.b0 * (x - 2 * x1 + x2) - HP.a1 * y1 - HP.a2 * y2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    // a filter that rings on below all hearing makes the machine slow and the silence not silent
    y1 = abs(y) < 1e-15 ? 0 : y;
    signal[i] = y1;
  }
}

const HP = { b0: 0.9935417403, a1: -1.987041771, a2: 0.9871251902 };

/** −26 dBFS. */
const THRESHOLD = 0.0501187234;
/** exp(−1 / (1 ms · 48 kHz)) and exp(−1 / (50 ms · 48 kHz)): fast, as synthetic voices are trains of sharp pulses. */
const ATTACK = 0.9793821813;
const RELEASE = 0.9995834201;

/** In place. 4 : 1 above the threshold. The gain is (threshold / level)^¾, which two square roots can do. */
export function compress(signal: Float64Array): void {
  let level = 0;
  for (let i = 0; i < signal.length; i++) {
    const now = abs(signal[i]);
    const keep = now > level ? ATTACK : RELEASE;
    level = keep * level + (1 - keep) * now;
    const root = level > THRESHOLD ? sqrt(THRESHOLD / level) : 1;
    signal[i] = signal[i] * root * sqrt(root);
  }
}

/** 3 ms: how far the limiter sees a peak coming. */
const AHEAD = 144;
/** exp(−1 / (60 ms · 48 kHz)) */
const RECOVERY = 0.999652838;

/**
 * Holds the true peak below `ceiling` without clipping: the gain is down before the peak comes and recovers slowly after it.
 * @param peaks of the signal before gain, where they are known: to find them takes longest
 */
export function limit(
  signal: Float64Array,
  gain: number,
  ceiling: number,
  peaks = truePeaks(signal, ceiling / gain),
): Float64Array {
  return limiter(signal, ceiling, peaks)(gain);
}

/** The same for a signal that is tried at several gains. Each answer stands where the one before stood. */
export function limiter(signal: Float64Array, ceiling: number, peaks: Float64Array): (gain: number) => Float64Array {
  const { length } = signal;
  const [lowest, out] = [new Float64Array(length), new Float64Array(length)];
  const span = AHEAD * 2 + 1;
  return (gain) => {
    // what each sample wants stands in the answer's place, until the minima are known: memory is dear
    for (let i = 0; i < length; i++) {
      const peak = peaks[i] * gain;
      out[i] = peak > ceiling ? ceiling / peak : 1;
    }
    slidingMinimum(out, AHEAD, lowest);
    for (let i = 1; i < length; i++) lowest[i] = min(lowest[i], 1 - (1 - lowest[i - 1]) * RECOVERY);
    // the mean of minima over the same reach never lies above what a peak in the middle wants
    let sum = span * (lowest[0] ?? 1);
    for (let i = 0; i < length + AHEAD; i++) {
      sum += lowest[i < length ? i : length - 1] - lowest[i > span ? i - span : 0];
      const at = i - AHEAD;
      if (at >= 0) out[at] = signal[at] * gain * min(1, sum / span);
    }
    return out;
  };
}

/** A power of two above twice the reach: a window's candidates for the minimum are never more. */
const WINDOW = 512;

/** Into `out` the least value within `reach` on both sides, in linear time (Lemire, "Streaming maximum-minimum filter"). */
function slidingMinimum(values: Float64Array, reach: number, out: Float64Array): void {
  const queue = new Int32Array(WINDOW);
  let head = 0;
  let tail = 0;
  for (let i = 0; i < values.length + reach; i++) {
    if (i < values.length) {
      while (tail > head && values[queue[(tail - 1) % WINDOW]] >= values[i]) tail--;
      queue[tail++ % WINDOW] = i;
    }
    const at = i - reach;
    if (at < 0) continue;
    while (queue[head % WINDOW] < at - reach) head++;
    out[at] = values[queue[head % WINDOW]];
  }
}
