/**
 * Speech engines give 16, 22.05 or 24 kHz; films have 48. A polyphase windowed sinc (Smith, "Digital Audio Resampling") whose
 * coefficients are whole numbers: all sums are then exact, and the samples are the same on every machine, although the last digit
 * of `Math.sin` is not.
 */
const UNIT = 2 ** 20;
/** Input samples on each side that an output sample is made of. */
const REACH = 24;

/** As floating point, which holds these whole numbers exactly: to convert them one by one takes longer than to multiply. */
const kernels = new Map<string, Float64Array[]>();

/** s16 samples at any rate → samples in [-1, 1] at `to` Hz. */
export function resample(pcm: Int16Array, from: number, to: number): Float64Array {
  const divisor = gcd(from, to);
  const up = to / divisor;
  const down = from / divisor;
  if (up === down) return signalOf(pcm);
  const out = new Float64Array(Math.ceil((pcm.length * up) / down));
  const phases = kernel(up, down);
  const taps = phases[0].length;
  const padded = new Float64Array(pcm.length + 2 * taps); // so that no tap lies outside
  padded.set(pcm, taps);
  const before = taps / 2 - 1;
  for (let n = 0, at = 0, phase = 0; n < out.length; n++) {
    const coefficients = phases[phase];
    const first = at - before + taps;
    // two sums, as one alone waits for each of its additions; being whole numbers they come to the same
    let [even, odd] = [0, 0];
    for (let k = 0; k < taps; k += 2) {
      even += coefficients[k] * padded[first + k];
      odd += coefficients[k + 1] * padded[first + k + 1];
    }
    out[n] = (even + odd) / (UNIT * 32_768);
    phase += down;
    at += Math.floor(phase / up);
    phase %= up;
  }
  return out;
}

/** s16 samples → samples in [-1, 1]. By hand: `Float64Array.from` asks an iterator, and takes as long as all of mastering. */
export function signalOf(pcm: Int16Array): Float64Array {
  const signal = new Float64Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) signal[i] = pcm[i] / 32_768;
  return signal;
}

function kernel(up: number, down: number): Float64Array[] {
  const name = `${up}/${down}`;
  const known = kernels.get(name);
  if (known) return known;
  const stretch = Math.max(1, down / up); // going down, the filter must also be longer
  const reach = Math.ceil(REACH * stretch);
  const cutoff = 0.93 / stretch;
  const phases = Array.from({ length: up }, (_, phase) => {
    const raw = Array.from({ length: reach * 2 }, (_, k) => {
      const x = k - reach + 1 - phase / up;
      const window =
        Math.abs(x) >= reach ? 0 : 0.42 + 0.5 * Math.cos((Math.PI * x) / reach) + 0.08 * Math.cos((2 * Math.PI * x) / reach);
      return window * (x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x));
    });
    const sum = raw.reduce((a, b) => a + b, 0);
    const whole = Float64Array.from(raw, (value) => Math.round((value / sum) * UNIT));
    // every phase passes a constant unchanged; otherwise the pattern of phases would be heard as a tone
    whole[reach - 1] += UNIT - whole.reduce((a, b) => a + b, 0);
    return whole;
  });
  kernels.set(name, phases);
  return phases;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
