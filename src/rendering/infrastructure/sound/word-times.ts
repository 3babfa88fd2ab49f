import type { Token } from '../../domain/prose.js';
import { secondsOf } from '../../domain/prose.js';
import type { Stretch } from './envelope.js';
import { FRAME_SECONDS, pausesIn, voicedRange } from './envelope.js';

/**
 * When each word is spoken, if the voice does not say: by the pauses heard and the length each word should have. Pauses are laid
 * against the borders between words so that commas and full stops get the long ones and the pace in between stays even (dynamic
 * programming); inside a stretch without pause, words share the time by their weight.
 */
export interface Weighed {
  /** Relative length of the word. */
  readonly weight: number;
  /** What ends after it, as in `Token`: 2 sentence, 1 clause, 0 nothing. */
  readonly stop: 0 | 1 | 2;
}

/**
 * How long a word should take, in seconds at a usual pace and without the pause after it. Latin words by syllables and consonants
 * (fitted to 1,400 English words of the embedded voices), all others as in planning.
 */
export function weightOf(token: Token): number {
  const word = token.say
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  if (!/^[a-z]+$/.test(word)) return secondsOf({ ...token, stop: 0 });
  const heard = word.replace(/(?<=[^aeiouy]..?)e$/, '').replace(/(?<=[^aeioutd])ed$/, 'd');
  const vowels = heard.match(/[aeiouy]+/g) ?? [];
  const consonants = heard.match(/[^aeiouy]/g)?.length ?? 0;
  const pairs = heard.match(/[stcpw]h|ck|gh|ng|([b-df-hj-np-tv-z])\1/g)?.length ?? 0;
  const long = vowels.some((vowel) => vowel.length > 1) ? 0.062 : 0;
  return 0.017 + 0.0765 * Math.max(1, vowels.length) + 0.07 * (consonants - pairs) + long;
}

export type Times = [start: number, end: number];

const SHORTEST_PAUSE = 0.06;
/** How far from where it should be, in frames of 10 ms, a border looks for a dip in the sound. */
const DIP = 5;
/** Beyond this many pauses the shortest are left out, to bound the work. */
const MOST_PAUSES = 60;

/** @param levels of `envelopeOf`; @returns seconds, rising, without overlap */
export function timesByEnergy(words: readonly Weighed[], levels: Float64Array): Times[] {
  const range = voicedRange(levels) ?? { from: 0, to: levels.length };
  const pauses = longest(pausesIn(levels, range, SHORTEST_PAUSE), MOST_PAUSES);
  const used = matchPauses(words, range, pauses);
  const times: Times[] = [];
  let from = range.from;
  let word = 0;
  for (const { border, pause } of [...used, { border: words.length, pause: { from: range.to, to: range.to } }]) {
    share(words.slice(word, border), from, pause.from, pauses, levels, times);
    word = border;
    from = pause.to;
  }
  return times;
}

interface Match {
  /** The pause comes before this word. */
  readonly border: number;
  readonly pause: Stretch;
}

function matchPauses(words: readonly Weighed[], range: Stretch, pauses: readonly Stretch[]): Match[] {
  const weights = [0];
  for (const { weight } of words) weights.push(weights[weights.length - 1] + weight);
  // voiced frames before each pause, so that what is left out does not count as speech
  const places = [...pauses, { from: range.to, to: range.to }];
  const quiet = [0];
  for (const { from, to } of pauses) quiet.push(quiet[quiet.length - 1] + (to - from));
  const voiced = range.to - range.from - quiet[quiet.length - 1];
  const pace = (voiced * FRAME_SECONDS) / Math.max(1e-6, weights[words.length]);
  const skipped = [0];
  for (const pause of pauses) skipped.push(skipped[skipped.length - 1] + unmatched(lengthOf(pause)));
  const unmarked = [0];
  for (const { stop } of words) unmarked.push(unmarked[unmarked.length - 1] + MISSING[stop]);

  const width = words.length + 1;
  const cost = new Float64Array((places.length + 1) * width).fill(Infinity);
  const back = new Int32Array(cost.length);
  cost[0] = 0; // row: pauses used so far (0 = the start); column: words so far
  for (let row = 1; row <= places.length; row++) {
    const place = places[row - 1];
    const last = row === places.length;
    for (let word = last ? words.length : 1; word < (last ? width : words.length); word++) {
      const here = last ? 0 : atBorder(words[word - 1].stop, lengthOf(place));
      for (let before = 0; before < row; before++) {
        const since = before === 0 ? range.from : places[before - 1].to;
        const sound = (place.from - since - (quiet[row - 1] - quiet[before])) * FRAME_SECONDS;
        const passed = skipped[row - 1] - skipped[before];
        for (let from = 0; from < word; from++) {
          const known = cost[before * width + from];
          if (known === Infinity) continue;
          const wanted = (weights[word] - weights[from]) * pace;
          const total = known + here + passed + uneven(sound, wanted) + unmarked[word - 1] - unmarked[from];
          if (total < cost[row * width + word]) {
            cost[row * width + word] = total;
            back[row * width + word] = before * width + from;
          }
        }
      }
    }
  }
  const matches: Match[] = [];
  for (let at = back[places.length * width + words.length]; at >= width; at = back[at])
    matches.unshift({ border: at % width, pause: places[Math.floor(at / width) - 1] });
  return matches;
}

/** The pace may vary by chance: its variance grows with the length. */
function uneven(sound: number, wanted: number): number {
  return (sound - wanted) ** 2 / (0.08 * wanted + 0.004);
}

/** A pause inside a word is the closure of a p, t or k: short. */
function unmatched(seconds: number): number {
  return 0.5 * (seconds / 0.08) ** 2;
}

/** Cost of a full stop or comma at which nobody paused. */
const MISSING = [0, 2, 4];

function atBorder(stop: 0 | 1 | 2, seconds: number): number {
  return stop === 0 ? 1.5 + 4 * seconds : 0;
}

/** Gives words the voiced frames of a stretch by weight; pauses inside it belong to the word they fall into. */
function share(
  words: readonly Weighed[],
  from: number,
  to: number,
  pauses: readonly Stretch[],
  levels: Float64Array,
  times: Times[],
): void {
  const frames: number[] = [];
  for (let frame = from; frame < to; frame++)
    if (!pauses.some((pause) => frame >= pause.from && frame < pause.to)) frames.push(frame);
  if (frames.length === 0) for (let i = 0; i < words.length; i++) frames.push(from);
  const total = words.reduce((sum, { weight }) => sum + weight, 0) || 1;
  let weight = 0;
  let start = from;
  words.forEach((word, i) => {
    weight += word.weight;
    const ideal = frames[Math.min(frames.length - 1, Math.round((weight / total) * frames.length))];
    const end = i === words.length - 1 ? to : dip(levels, ideal, Math.max(start + 3, ideal - DIP), Math.min(to, ideal + DIP));
    times.push([start * FRAME_SECONDS, Math.max(start, end) * FRAME_SECONDS]);
    start = Math.max(start, end);
  });
}

/** The quietest frame near `ideal`: words tend to begin after a dip. */
function dip(levels: Float64Array, ideal: number, from: number, to: number): number {
  let best = ideal;
  for (let frame = from; frame < to; frame++) if (levels[frame] < levels[best] * 0.7) best = frame;
  return best;
}

function longest(pauses: readonly Stretch[], most: number): Stretch[] {
  if (pauses.length <= most) return [...pauses];
  const enough = [...pauses].sort((a, b) => lengthOf(b) - lengthOf(a))[most - 1];
  return pauses.filter((pause) => lengthOf(pause) >= lengthOf(enough)).slice(0, most);
}

function lengthOf(stretch: Stretch): number {
  return (stretch.to - stretch.from) * FRAME_SECONDS;
}

/**
 * Times an engine told for most words, made whole: missing ones share the room between their neighbours, all rise, none is shorter
 * than a glance where there is room, and none lasts into the pause after it.
 */
export function complete(
  told: readonly (readonly [number, number] | null)[],
  words: readonly Weighed[],
  levels: Float64Array,
  sampleSeconds: number,
): Times[] {
  const out: Times[] = [];
  let at = 0;
  while (at < told.length) {
    const known = told[at];
    if (known) {
      out.push([known[0], known[1]]);
      at++;
      continue;
    }
    let to = at;
    while (to < told.length && !told[to]) to++;
    const end = told[to]?.[0] ?? sampleSeconds;
    let from = at;
    let start = at === 0 ? 0 : out[at - 1][1];
    if (at > 0 && end - start < SHORTEST_WORD * (to - at)) {
      // the engine ran them together with the word before, as "of the": that one's time is all of theirs
      from = at - 1;
      start = out.pop()?.[0] ?? 0;
    }
    const total = words.slice(from, to).reduce((sum, { weight }) => sum + weight, 0) || 1;
    const room = Math.max(0, end - start);
    for (let i = from; i < to; i++) {
      const next = start + (room * words[i].weight) / total;
      out.push([start, next]);
      start = next;
    }
    at = to;
  }
  const quiet = quietOf(levels);
  for (let i = 0; i < out.length; i++) {
    const before = out[i - 1]?.[0] ?? 0;
    const start = i > 0 && words[i - 1].stop > 0 ? onsetNear(levels, out[i][0], quiet) : out[i][0];
    out[i][0] = Math.min(sampleSeconds, Math.max(before, start));
  }
  out.forEach((time, i) => (time[1] = soundingUntil(levels, quiet, time[0], out[i + 1]?.[0] ?? sampleSeconds, words[i].stop)));
  return out;
}

/** Seconds; below it there is no room for a word. */
const SHORTEST_WORD = 0.06;

/** 38 dB below the loudest frame. */
function quietOf(levels: Float64Array): number {
  let loudest = 0;
  for (const level of levels) loudest = Math.max(loudest, level);
  return loudest * 0.012;
}

/** After a pause the sound itself says when a word begins; an engine may be some 10 ms late. */
function onsetNear(levels: Float64Array, start: number, quiet: number): number {
  const told = Math.min(levels.length, Math.ceil(start / FRAME_SECONDS));
  for (let frame = told; frame > Math.max(0, told - 7); frame--)
    if (levels[frame - 1] < quiet) return Math.min(start, frame * FRAME_SECONDS);
  return start;
}

/** A word is lit until the next begins, unless there is a pause worth seeing between; after a clause every pause is. */
function soundingUntil(levels: Float64Array, quiet: number, start: number, next: number, stop: 0 | 1 | 2): number {
  const from = Math.floor(start / FRAME_SECONDS);
  let to = Math.min(levels.length, Math.floor(next / FRAME_SECONDS + 0.01));
  while (to > from + 8 && levels[to - 1] < quiet) to--;
  const end = to * FRAME_SECONDS + 0.02;
  return next - end > (stop > 0 ? 0.02 : 0.12) ? end : next;
}
