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
  /** Syllables, between which the sound dips as it does between words. */
  readonly beats?: number;
}

export function weighed(token: Token): Weighed {
  return { weight: weightOf(token), stop: token.stop, beats: Math.max(1, token.say.match(/\p{sc=Han}/gu)?.length ?? 0) };
}

/**
 * How long a word should take, in seconds at a usual pace and without the pause after it. Latin words by syllables and consonants, little
 * words and particles swallowed, the last word before a pause drawn out, as all languages do (fitted to a chapter of Alice and one of 呐喊).
 */
export function weightOf(token: Token): number {
  const word = token.say
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  const drawnOut = token.stop > 0;
  if (!/^[a-z]+$/.test(word)) {
    const particles = word.match(PARTICLES)?.length ?? 0;
    return secondsOf({ ...token, stop: 0 }) - 0.1 * particles + (drawnOut ? 0.05 : 0);
  }
  const heard = word.replace(/(?<=[aeiouy].*[^aeiouy])e$/, '').replace(/(?<=[^aeioutd])ed$/, 'd');
  const vowels = heard.match(/[aeiouy]+/g) ?? [];
  const consonants = heard.match(/[^aeiouy]/g)?.length ?? 0;
  const pairs = heard.match(/[stcpw]h|ck|gh|ng|([b-df-hj-np-tv-z])\1/g)?.length ?? 0;
  const long = vowels.some((vowel) => vowel.length > 1) ? 0.016 : 0;
  const seconds = 0.071 + 0.061 * Math.max(1, vowels.length) + 0.0625 * (consonants - pairs) + long;
  return seconds - (LITTLE.test(word) ? 0.053 : 0) + (drawnOut ? 0.07 : 0);
}

/** Spoken without a tone of their own. */
const PARTICLES = /[的了子们吗呢吧么]/gu;
const LITTLE =
  /^(?:an?|the|of|to|and|in|it|is|was|as|at|or|i|he|she|we|you|be|but|by|for|from|had|has|have|hers?|him|his|if|my|me|not|on|so|that|them|they|this|us|were|with|are|do|its|our|no|your|can|could|would|should|will|shall|been|than|then|when|what|which|who|there)$/;

export type Times = [start: number, end: number];

const SHORTEST_PAUSE = 0.06;
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

/**
 * Gives words the voiced frames of a stretch: each about its share by weight, each border rather in a dip of the sound (dynamic
 * programming over the borders, each within `REACH` of its place). Pauses inside the stretch belong to the word they fall into.
 */
function share(
  spoken: readonly Weighed[],
  from: number,
  to: number,
  pauses: readonly Stretch[],
  levels: Float64Array,
  times: Times[],
): void {
  const frames: number[] = [];
  for (let frame = from; frame < to; frame++)
    if (!pauses.some((pause) => frame >= pause.from && frame < pause.to)) frames.push(frame);
  if (frames.length === 0) frames.push(from);
  const words = spoken.flatMap(({ weight, beats = 1 }) => Array.from({ length: beats }, () => ({ weight: weight / beats })));
  const total = words.reduce((sum, { weight }) => sum + weight, 0) || 1;
  const wanted = words.map(({ weight }) => (weight / total) * frames.length);
  const hollows = hollowness(levels, frames);
  let before: { at: number; cost: number; back: number }[] = [{ at: 0, cost: 0, back: 0 }];
  const columns = [before];
  let ideal = 0;
  words.forEach((_, i) => {
    ideal += wanted[i];
    const last = i === words.length - 1;
    const middle = Math.round(ideal);
    const column: typeof before = [];
    for (
      let at = last ? frames.length : Math.max(0, middle - REACH);
      at <= (last ? frames.length : Math.min(frames.length, middle + REACH));
      at++
    ) {
      let best = { at, cost: Infinity, back: 0 };
      before.forEach((one, back) => {
        if (one.at > at) return;
        const cost = one.cost + (at - one.at - wanted[i]) ** 2 / (SPREAD * wanted[i] + 1);
        if (cost < best.cost) best = { at, cost, back };
      });
      best.cost += last ? 0 : HOLLOW * (hollows[at] ?? 0);
      column.push(best);
    }
    before = column;
    columns.push(column);
  });
  const borders: number[] = [];
  for (let i = words.length, back = 0; i >= 0; i--) {
    borders.unshift(columns[i][back].at);
    ({ back } = columns[i][back]);
  }
  let beat = 0;
  for (const { beats = 1 } of spoken) {
    const start = beat === 0 ? from : (frames[borders[beat]] ?? to);
    beat += beats;
    const end = beat === words.length ? to : (frames[borders[beat]] ?? to);
    times.push([start * FRAME_SECONDS, Math.max(start, end) * FRAME_SECONDS]);
  }
}

/** Frames of 10 ms that a border may lie away from where the weights put it. */
const REACH = 15;
/** How unevenly words are spoken: variance of a word's length, in frames, for each frame. */
const SPREAD = 4;
/** What a dip in the sound is worth. */
const HOLLOW = 1.5;

/** For each frame 0 to −1: how far it lies below the louder of its surroundings. */
function hollowness(levels: Float64Array, frames: readonly number[]): number[] {
  return frames.map((frame, i) => {
    let left = 0;
    let right = 0;
    for (let k = Math.max(0, i - 8); k < i; k++) left = Math.max(left, levels[frames[k]]);
    for (let k = i; k < Math.min(frames.length, i + 9); k++) right = Math.max(right, levels[frames[k]]);
    const around = Math.min(left, right);
    return around > 0 ? Math.min(0, levels[frame] / around - 1) : 0;
  });
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
