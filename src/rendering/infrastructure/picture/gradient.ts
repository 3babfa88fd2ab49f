/**
 * The background of a scene without a picture: three colours that flow into each other like ink in water, with soft lights drifting in it,
 * so that a slow move of the whole is seen. Only + − × ÷ and integers: the same bytes from every JavaScript engine.
 */
export interface Rgba {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

type Colour = readonly number[];

const { ceil, floor, imul, max, min } = Math;

/** Pixels between two points of the coarsest noise; each further octave halves it. */
const CELL = 640;
const OCTAVES = 5;
const FLOW = 0.9;
const LIGHTS = 48;

/** A well mixed 32-bit hash of a lattice point (the finaliser of MurmurHash3), 0…1. */
function noiseAt(x: number, y: number, salt: number): number {
  let h = imul(x, 0x27d4eb2d) ^ imul(y, 0x165667b1) ^ imul(salt, 0x9e3779b1);
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

function valueNoise(x: number, y: number, salt: number): number {
  const [i, j] = [floor(x), floor(y)];
  const [u, v] = [smooth(x - i), smooth(y - j)];
  const top = noiseAt(i, j, salt) * (1 - u) + noiseAt(i + 1, j, salt) * u;
  const bottom = noiseAt(i, j + 1, salt) * (1 - u) + noiseAt(i + 1, j + 1, salt) * u;
  return top * (1 - v) + bottom * v;
}

/** Fractal noise in 0…1. */
function clouds(x: number, y: number, salt: number): number {
  let sum = 0;
  let weight = 0;
  let [u, v] = [x / CELL, y / CELL];
  for (let octave = 0, gain = 1; octave < OCTAVES; octave++, gain *= 0.5) {
    sum += gain * valueNoise(u, v, salt + octave);
    weight += gain;
    // Twice as fine, and turned (3-4-5 triangle), or the lattices would add up to visible squares.
    [u, v] = [1.6 * u - 1.2 * v, 1.2 * u + 1.6 * v];
  }
  return sum / weight;
}

export function drawGradient(stops: readonly [string, string, string], width: number, height: number): Rgba {
  const colours = stops.map(parseColour);
  // Clouds are smooth: a quarter of the points, the rest in between.
  const grid = 4;
  const columns = ceil(width / grid) + 1;
  const rows = ceil(height / grid) + 1;
  const field = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [px, py] = [x * grid, y * grid];
      const bend = clouds(px, py, 11) - 0.5;
      field[y * columns + x] =
        0.72 * (py / height) + 0.28 * (px / width) + FLOW * (clouds(px + 900 * bend, py + 700 * bend, 1) - 0.5);
    }
  }
  const data = new Uint8Array(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    const j = floor(y / grid);
    const v = y / grid - j;
    for (let x = 0; x < width; x++, at += 4) {
      const i = floor(x / grid);
      const u = x / grid - i;
      const k = j * columns + i;
      const upper = field[k] * (1 - u) + field[k + 1] * u;
      const lower = field[k + columns] * (1 - u) + field[k + columns + 1] * u;
      const t = min(1.9999, max(0, 2 * (upper * (1 - v) + lower * v)));
      const from = colours[floor(t)];
      const to = colours[floor(t) + 1];
      // Noise of one step hides the bands that eight bits would show.
      const grain = noiseAt(x, y, 7);
      for (let n = 0; n < 3; n++) data[at + n] = from[n] + (to[n] - from[n]) * (t % 1) + grain;
      data[at + 3] = 255;
    }
  }
  for (let i = 0; i < LIGHTS; i++) drawLight(data, width, height, i);
  return { data, width, height };
}

/** A soft disc, a little brighter than what it floats over. */
function drawLight(data: Uint8Array, width: number, height: number, i: number): void {
  const [cx, cy] = [noiseAt(i, 1, 3) * width, noiseAt(i, 2, 3) * height];
  const size = noiseAt(i, 3, 3);
  const radius = 6 + 70 * size * size * size;
  const strength = 0.16 - 0.11 * size;
  for (let y = max(0, floor(cy - radius)); y < min(height, cy + radius); y++) {
    for (let x = max(0, floor(cx - radius)); x < min(width, cx + radius); x++) {
      const far = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (radius * radius);
      if (far >= 1) continue;
      const share = strength * (1 - far) * (size > 0.5 ? 1 : 1 - far);
      const at = (y * width + x) * 4;
      for (let n = 0; n < 3; n++) data[at + n] = data[at + n] * (1 - share) + 255 * share + 0.5;
    }
  }
}

function parseColour(hex: string): Colour {
  const [, r, g, b] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex) ?? [];
  if (!r || !g || !b) throw new Error(`"${hex}" is not a colour: write it as #rrggbb.`);
  return [parseInt(r, 16), parseInt(g, 16), parseInt(b, 16)];
}
