import { DomainError } from '#libs/kernel/domain-error';
import { dice } from './keys.js';
import type { Token } from './prose.js';
import { secondsOf, tokensOf } from './prose.js';

/**
 * A chapter cut into scenes. Borders are defined by content, not by counting from the start, so that an edit moves no border
 * further off than two blocks and every other scene keeps its key (the idea of content-defined chunking: Muthitacharoen et al.,
 * "A Low-bandwidth Network File System", 2001).
 *
 * - A block longer than `LONGEST_SCENE` is cut at a sentence, else a clause, else a word. Of the borders in the middle part the one
 *   whose surrounding words throw the highest dice is taken, then both halves are cut the same way: an edit changes the pieces it
 *   touches, and the other borders win again.
 * - Two short paragraphs may share a scene: a dice made of its own first and last words says whether a paragraph would rather begin
 *   a scene or follow; who follows someone that begins makes a pair. As each belongs to one pair at most, an edit or a deletion
 *   changes at most one scene outside the touched block, an insertion two, a move (both at once) three, and mostly none at all.
 */
export interface PlanBlock {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

/** A part of one block that is narrated in one breath. */
export interface Span {
  readonly block: string;
  readonly tokens: readonly Token[];
}

export interface PlannedScene {
  readonly spans: readonly Span[];
  /** Estimated seconds, pauses between spans included. */
  readonly seconds: number;
}

export interface Plan {
  readonly scenes: readonly PlannedScene[];
  /** Blocks with nothing to say in them: scene breaks, ornaments, pictures. */
  readonly silent: readonly string[];
}

/** Estimated seconds that a scene may take; a viewer gets a new picture at least this often. */
export const LONGEST_SCENE = 12;
/** A paragraph up to this many seconds may share a scene. */
const SHORT = 5;
const PAUSE_BETWEEN_BLOCKS = 0.4;

export class NothingToNarrate extends DomainError {
  readonly kind = 'invalid';
  constructor() {
    super('There is no word to narrate in this chapter. Add a paragraph with text, publish that revision and ask again.');
  }
}

/** @throws NothingToNarrate when no block holds a word. */
export function planOf(blocks: readonly PlanBlock[], language: string): Plan {
  const read = blocks.map((block) => reading(block, language));
  const scenes: PlannedScene[] = [];
  read.forEach((block, i) => {
    if (paired(read[i - 1], block)) {
      const last = scenes[scenes.length - 1];
      scenes[scenes.length - 1] = {
        spans: [...last.spans, { block: block.id, tokens: block.tokens }],
        seconds: last.seconds + PAUSE_BETWEEN_BLOCKS + block.seconds,
      };
    } else {
      for (const tokens of pieces(block.tokens)) scenes.push({ spans: [{ block: block.id, tokens }], seconds: lengthOf(tokens) });
    }
  });
  if (scenes.length === 0) throw new NothingToNarrate();
  return { scenes, silent: read.filter((block) => block.tokens.length === 0).map((block) => block.id) };
}

interface Reading {
  readonly id: string;
  readonly tokens: readonly Token[];
  readonly seconds: number;
  readonly short: boolean;
  /** It would rather follow its predecessor than begin a scene. */
  readonly follows: boolean;
}

function reading(block: PlanBlock, language: string): Reading {
  const tokens = tokensOf(block.text, block.kind, language);
  const seconds = lengthOf(tokens);
  const short = block.kind === 'paragraph' && tokens.length > 0 && seconds <= SHORT;
  const texts = tokens.map((token) => token.text);
  const outer = texts.length > 4 ? [...texts.slice(0, 2), ...texts.slice(-2)] : texts;
  return { id: block.id, tokens, seconds, short, follows: short && dice(outer.join(' ')) < 0.5 };
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + secondsOf(token), 0);
}

function paired(before: Reading | undefined, block: Reading): boolean {
  return before !== undefined && before.short && block.short && !before.follows && block.follows;
}

/** Where to cut, best first: after a sentence, clause or word (2, 1, 0) within this part of the length. */
const CUTS: readonly (readonly [stop: number, from: number, to: number])[] = [
  [2, 0.15, 0.85],
  [1, 0.25, 0.75],
  [2, 0, 1],
  [0, 0.25, 0.75],
  [0, 0, 1],
];

/** The tokens of one block in pieces of at most `LONGEST_SCENE` each. */
export function pieces(tokens: readonly Token[]): (readonly Token[])[] {
  const ends = [0];
  for (const token of tokens) ends.push(ends[ends.length - 1] + secondsOf(token));
  const throws = new Map<number, number>();
  const throwAt = (border: number) => {
    let value = throws.get(border);
    if (value === undefined) {
      const words = (from: number, to: number) => tokens.slice(Math.max(0, from), to).map((token) => token.text);
      throws.set(border, (value = dice(JSON.stringify([words(border - 3, border), words(border, border + 3)]))));
    }
    return value;
  };
  const out: (readonly Token[])[] = [];
  const cut = (from: number, to: number): void => {
    const seconds = ends[to] - ends[from];
    if (seconds <= LONGEST_SCENE || to - from < 2) {
      if (to > from) out.push(tokens.slice(from, to));
      return;
    }
    for (const [stop, low, high] of CUTS) {
      let best = -1;
      for (let border = from + 1; border < to; border++) {
        const share = (ends[border] - ends[from]) / seconds;
        if (tokens[border - 1].stop < stop || share < low || share > high) continue;
        if (best < 0 || throwAt(border) > throwAt(best)) best = border;
      }
      if (best < 0) continue;
      cut(from, best);
      cut(best, to);
      return;
    }
  };
  cut(0, tokens.length);
  return out;
}
