/**
 * Programme loudness and true peak of a mono signal at 48 kHz, after ITU-R BS.1770-4 (the measure behind EBU R 128 and the −14 LUFS
 * of video platforms). In powers rather than decibels, so that everything derived from it is plain arithmetic.
 */
const RATE = 48_000;
// looked up once: these loops run over every sample
const { abs, max } = Math;
/** 400 ms blocks that overlap by 75 %. */
const STEP = RATE / 10;
/** −70 LUFS. */
const ABSOLUTE_GATE = 1.172465304582298e-7;

/** Mean square of the K-weighted signal over its gated blocks; 0 for silence. */
export function loudPower(signal: Float64Array): number {
  return powerOf(stepEnergies(signal), signal.length);
}

/** The same of energies that were kept: what several scenes have together is known without hearing them again. */
export function powerOf(steps: readonly number[], length = steps.length * STEP): number {
  const blocks: number[] = [];
  for (let i = 0; i + 4 <= steps.length; i++) blocks.push((steps[i] + steps[i + 1] + steps[i + 2] + steps[i + 3]) / (4 * STEP));
  if (blocks.length === 0 && length > 0) blocks.push(steps.reduce((a, b) => a + b, 0) / length);
  const audible = blocks.filter((power) => power > ABSOLUTE_GATE);
  if (audible.length === 0) return 0;
  const relativeGate = mean(audible) / 10;
  return mean(audible.filter((power) => power > relativeGate));
}

/** LUFS of a power as `loudPower` gives it. */
export function lufs(power: number): number {
  return -0.691 + 10 * Math.log10(power);
}

/** Energy of each whole or last 100 ms after the two filters of BS.1770: the head's shelf and a high-pass. */
export function stepEnergies(signal: Float64Array): number[] {
  const energies: number[] = [];
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  let z1 = 0;
  let z2 = 0;
  let sum = 0;
  for (let i = 0; i < signal.length; i++) {
    const x = signal[i];
    const y =
      1.53512485958697 * x - 2.69169618940638 * x1 + 1.19839281085285 * x2 + 1.69065929318241 * y1 - 0.73248077421585 * y2;
    const z = y - 2 * y1 + y2 + 1.99004745483398 * z1 - 0.99007225036621 * z2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    z2 = z1;
    z1 = z;
    sum += z * z;
    if ((i + 1) % STEP === 0 || i === signal.length - 1) {
      energies.push(sum);
      sum = 0;
    }
  }
  return energies;
}

/** The interpolation filter of BS.1770-4 annex 2: three points between each two samples. */
const BETWEEN = [
  [
    0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625, 0.97216796875,
    -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
  ],
  [
    -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625, 0.77978515625, -0.2003173828125,
    0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
  ],
];
const FILTERS = [...BETWEEN, ...BETWEEN.map((filter) => [...filter].reverse()).reverse()];
const TAPS = 12;
/** The four side by side: each sum waits for its own additions only. */
const SIDE_BY_SIDE = Float64Array.from({ length: 4 * TAPS }, (_, i) => FILTERS[i % 4][i >> 2]);
/** What lies between samples can hardly be more than this much above all of them. */
const MOST_HIDDEN = 2;

/** For each sample the highest level at and around it, also between samples; only exact where it may exceed `floor`. */
export function truePeaks(signal: Float64Array, floor = 0): Float64Array {
  const { length } = signal;
  const padded = new Float64Array(length + 2 * TAPS); // so that no tap lies outside
  padded.set(signal, TAPS);
  const peaks = new Float64Array(length + 2); // one more on each side
  let lastLoud = -3;
  for (let i = -2; i < length; i++) {
    if (abs(padded[TAPS + i + 2]) * MOST_HIDDEN >= floor) lastLoud = i + 2;
    if (i < 0) continue;
    let level = abs(signal[i]);
    if (lastLoud < i - 2) {
      peaks[i + 1] = max(peaks[i + 1], level);
      continue;
    }
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < TAPS; k++) {
      const sample = padded[TAPS + i + 6 - k];
      a += SIDE_BY_SIDE[4 * k] * sample;
      b += SIDE_BY_SIDE[4 * k + 1] * sample;
      c += SIDE_BY_SIDE[4 * k + 2] * sample;
      d += SIDE_BY_SIDE[4 * k + 3] * sample;
    }
    level = max(level, abs(a), abs(b), abs(c), abs(d));
    // what lies between two samples concerns both
    for (let k = i; k < i + 3; k++) peaks[k] = max(peaks[k], level);
  }
  return peaks.subarray(1, length + 1);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
}
