import { DomainError } from '#libs/kernel/domain-error';
import { dice } from './keys.js';
import type { Token } from './prose.js';
import { secondsOf, tokensOf } from './prose.js';

/**
 * A chapter cut into scenes. A scene never holds words of two blocks, and where a block is cut depends on that block alone: whatever is
 * edited, inserted, deleted or moved, every scene of every other block keeps its key (docs/decisions/0010-a-scene-is-of-one-block.md).
 *
 * A block longer than `LONGEST_SCENE` is cut at a sentence, else a clause, else a word. Of the borders in the middle part the one
 * whose surrounding words throw the highest dice is taken, then both halves are cut the same way: an edit changes the pieces it
 * touches, and the other borders win again (the idea of content-defined chunking: Muthitacharoen et al., "A Low-bandwidth Network
 * File System", 2001).
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

export class NothingToNarrate extends DomainError {
  readonly kind = 'invalid';
  constructor() {
    super('There is no word to narrate in this chapter. Add a paragraph with text, publish that revision and ask again.');
  }
}

/** @throws NothingToNarrate when no block holds a word. */
export function planOf(blocks: readonly PlanBlock[], language: string): Plan {
  const silent: string[] = [];
  const scenes = blocks.flatMap(({ id, text, kind }): PlannedScene[] => {
    const tokens = tokensOf(text, kind, language);
    if (!tokens.length) silent.push(id);
    return pieces(tokens).map((piece) => ({ spans: [{ block: id, tokens: piece }], seconds: lengthOf(piece) }));
  });
  if (scenes.length === 0) throw new NothingToNarrate();
  return { scenes, silent };
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, token) => sum + secondsOf(token), 0);
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
