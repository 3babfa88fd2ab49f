import { DomainError } from '#libs/kernel/domain-error';
import { type LexiconEntry, pronouncing } from './lexicon.js';
import type { Token } from './prose.js';
import { secondsOf, tokensOf, written } from './prose.js';
import { Borders } from './borders.js';
import type { BlockScript, ScriptBlocks } from './script.js';
import { cutOut, laidOver, type Shown } from './shown-words.js';

/**
 * A chapter cut into scenes. A scene never holds words of two blocks, and where a block is cut depends on that block alone: whatever is
 * edited, inserted, deleted or moved, every scene of every other block keeps its key (docs/decisions/0009-scenes-and-their-keys.md).
 *
 * A block longer than `SHORT_SCENE` is cut at a sentence, and one longer than `LONGEST_SCENE` else at a clause, else a word. Of the
 * borders in the middle part the one whose surrounding words throw the highest dice is taken, then both halves are cut the same way:
 * an edit changes the pieces it touches, and the other borders win again (the idea of content-defined chunking: Muthitacharoen et
 * al., "A Low-bandwidth Network File System", 2001).
 *
 * What an author's script or lexicon says otherwise moves no border either, unless other words are said or a block is skipped: it is cut
 * by the words as they are written, not as they are shown or pronounced.
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
  /** What stands on the screen meanwhile, if it is not what is said. */
  readonly shown?: readonly Shown[];
  /** As `BlockScript` has them; the pause comes after the last part of its block. */
  readonly pause?: number;
  readonly picture?: string;
  readonly voice?: string;
  readonly take?: number;
}

export interface PlannedScene {
  readonly spans: readonly Span[];
  /** Estimated seconds, pauses between spans included. */
  readonly seconds: number;
}

/** Its prose, whatever is said or shown instead. */
export function textOf({ spans }: PlannedScene): string {
  return written(spans.flatMap(({ tokens }) => tokens.map(({ text }) => text)));
}

export interface Plan {
  readonly scenes: readonly PlannedScene[];
  /** Blocks with nothing to say in them: scene breaks, ornaments, pictures, and what the script skips. */
  readonly silent: readonly string[];
}

/** Estimated seconds that a scene may take; a viewer gets a new picture at least this often. */
export const LONGEST_SCENE = 8;
/**
 * From here on sentences get scenes of their own: an edit costs the scene that it is in, and its author waits for that. A sentence is
 * never cut for it, as what is spoken in two breaths sounds like two sentences.
 */
export const SHORT_SCENE = 6;

export class NothingToNarrate extends DomainError {
  readonly code = 'nothing-to-narrate';
  readonly kind = 'invalid';
  constructor() {
    super('There is no word to narrate in this chapter. Add a paragraph with text, publish that revision and ask again.');
  }
}

/** What an author wants otherwise than the prose has it. */
export interface Wanted {
  readonly script?: ScriptBlocks;
  readonly lexicon?: readonly LexiconEntry[];
}

/** @throws NothingToNarrate when no block holds a word. */
export function planOf(blocks: readonly PlanBlock[], language: string, { script = {}, lexicon = [] }: Wanted = {}): Plan {
  const pronounce = pronouncing(lexicon, language);
  const silent: string[] = [];
  const scenes = blocks.flatMap((block): PlannedScene[] => {
    const wanted = Object.hasOwn(script, block.id) ? script[block.id] : {};
    const { said, shown } = wordsOf(block, wanted, language);
    if (!said.length) silent.push(block.id);
    const pronounced = pronounce(said);
    let from = 0;
    return pieces(said).map((piece) => {
      const to = from + piece.length;
      const span = { ...spanOf(block.id, wanted, to === said.length), tokens: pronounced.slice(from, to) };
      const scene = { spans: [shown ? { ...span, shown: cutOut(shown, from, to) } : span] };
      from = to;
      return { ...scene, seconds: lengthOf(piece) + (span.pause ?? 0) };
    });
  });
  if (scenes.length === 0) throw new NothingToNarrate();
  return { scenes, silent };
}

/** What is said of a block, as it is written; and what is shown, if that is not the same. */
function wordsOf(
  { text, kind }: PlanBlock,
  { skip, say, show }: BlockScript,
  language: string,
): { said: readonly Token[]; shown?: readonly Shown[] } {
  if (skip) return { said: [] };
  const prose = tokensOf(text, kind, language);
  const said = say === undefined ? prose : tokensOf(say, 'paragraph', language);
  const onScreen = show === undefined ? prose : tokensOf(show, 'paragraph', language);
  const isOther = said.length !== onScreen.length || said.some((token, i) => token.text !== onScreen[i].text);
  return isOther && said.length && onScreen.length ? { said, shown: laidOver(said, onScreen) } : { said };
}

function spanOf(block: string, { pause, picture, voice, take }: BlockScript, isLast: boolean): Omit<Span, 'tokens'> {
  return {
    block,
    ...(pause && isLast && { pause }),
    ...(picture && { picture }),
    ...(voice && { voice }),
    ...(take && { take }),
  };
}

/** Who speaks a scene of a film with this voice. */
export const speakerOf = ({ spans }: PlannedScene, voice: string): string => spans[0].voice ?? voice;

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
const AT_SENTENCES = CUTS.slice(0, 1);

/** A scene for which its voice took too long, in parts of at most three fifths of it: where they begin depends on its words alone. */
export function shorter({ spans, seconds }: PlannedScene): PlannedScene[] {
  return spans.flatMap(({ shown, pause = 0, ...span }) => {
    let from = 0;
    return pieces(span.tokens, (seconds - pause) * 0.6).map((tokens) => {
      const to = from + tokens.length;
      const after = to === span.tokens.length ? pause : 0;
      const part: Span = { ...span, tokens, ...(shown && { shown: cutOut(shown, from, to) }), ...(after && { pause: after }) };
      from = to;
      return { spans: [part], seconds: lengthOf(tokens) + after };
    });
  });
}

/** The tokens of one block in pieces of at most `longest` seconds each, and of a sentence each where they are not short. */
export function pieces(tokens: readonly Token[], longest = LONGEST_SCENE): (readonly Token[])[] {
  const ends = [0];
  for (const token of tokens) ends.push(ends[ends.length - 1] + secondsOf(token));
  const borders = [0, 1, 2].map((stop) => new Borders(tokens, stop));
  const bestIn = (from: number, to: number): number | undefined => {
    const seconds = ends[to] - ends[from];
    const unlessShort = seconds > SHORT_SCENE ? AT_SENTENCES : [];
    for (const [stop, low, high] of seconds > longest ? CUTS : unlessShort) {
      const best = borders[stop].best(from + 1, to, (border) => {
        const share = (ends[border] - ends[from]) / seconds;
        return share < low ? -1 : share > high ? 1 : 0;
      });
      if (best !== undefined) return best;
    }
    return undefined;
  };
  const out: (readonly Token[])[] = [];
  const open: [number, number][] = [[0, tokens.length]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [from, to] = next;
    const best = bestIn(from, to);
    if (best !== undefined) open.push([best, to], [from, best]);
    else if (to > from) out.push(tokens.slice(from, to));
  }
  return out;
}
