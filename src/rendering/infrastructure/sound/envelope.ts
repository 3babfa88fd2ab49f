/** Where in a recording somebody speaks: levels every 10 ms, and the pauses between. */
export const FRAME_SECONDS = 0.01;

/** Root mean square of each 10 ms. */
export function envelopeOf(signal: Float64Array, sampleRate: number): Float64Array {
  const step = Math.round(sampleRate * FRAME_SECONDS);
  const levels = new Float64Array(Math.ceil(signal.length / step));
  for (let frame = 0; frame < levels.length; frame++) {
    const end = Math.min(signal.length, (frame + 1) * step);
    let sum = 0;
    for (let i = frame * step; i < end; i++) sum += signal[i] * signal[i];
    levels[frame] = Math.sqrt(sum / (end - frame * step));
  }
  return levels;
}

/** The level that tells voice from pause: 34 dB below the loud parts, but above the hiss. 0 when nobody speaks. */
export function voiceThreshold(levels: Float64Array): number {
  if (levels.length === 0) return 0;
  const sorted = [...levels].sort((a, b) => a - b);
  const loud = sorted[Math.floor(sorted.length * 0.95)];
  const hiss = sorted[Math.floor(sorted.length * 0.02)];
  return loud < 0.0005 ? 0 : Math.max(loud * 0.02, Math.min(hiss * 2, loud * 0.1));
}

export interface Stretch {
  /** Frames of 10 ms, `to` not included. */
  readonly from: number;
  readonly to: number;
}

/** From the first to the last frame with voice in it. */
export function voicedRange(levels: Float64Array): Stretch | undefined {
  const threshold = voiceThreshold(levels);
  if (threshold === 0) return undefined;
  const from = levels.findIndex((level) => level > threshold);
  let to = levels.length;
  while (to > from && levels[to - 1] <= threshold) to--;
  return from < 0 ? undefined : { from, to };
}

/** Pauses of at least `shortest` seconds inside the voiced range. */
export function pausesIn(levels: Float64Array, range: Stretch, shortest: number): Stretch[] {
  const threshold = voiceThreshold(levels);
  const pauses: Stretch[] = [];
  let from = -1;
  for (let frame = range.from; frame <= range.to; frame++) {
    const quiet = frame < range.to && levels[frame] <= threshold;
    if (quiet && from < 0) from = frame;
    else if (!quiet && from >= 0) {
      if ((frame - from) * FRAME_SECONDS >= shortest) pauses.push({ from, to: frame });
      from = -1;
    }
  }
  return pauses;
}
