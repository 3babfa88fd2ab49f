import { findQuote, MAX_CELLS } from './quote.js';
import type { Lineage } from './alignment.js';
import type { Quote, Span } from './quote.js';

/**
 * Where a comment is anchored after the text changed. The lineage says which block its block became; the quoted words are
 * searched only in that block, or in the parts it was split into. So an anchor can lose its words or its block, and its status
 * says so; it never moves to another text that looks similar.
 */
export type AnchorStatus =
  /** unchanged and in place: the block, or the quoted words */
  | 'anchored'
  /** the block, or the quoted words, were changed */
  | 'edited'
  /** unchanged but elsewhere: the block was moved, or its text belongs to another block now */
  | 'moved'
  /** the block is gone; if it comes back, the anchor is attached again */
  | 'detached';

export interface Anchor {
  /** The block; for a detached anchor, its last block. */
  readonly block: string;
  readonly status: AnchorStatus;
  /** The words that were quoted; absent when the comment is about the whole block. */
  readonly quote?: Quote;
  /** Where the words are now; absent when they are not found. */
  readonly span?: Span;
}

/** What changed from one revision to a later one: the lineage between them, and the texts of the later one. */
export interface RevisionDiff {
  readonly lineage: readonly Lineage[];
  readonly textOf: (block: string) => string | undefined;
}

/**
 * Transfers an anchor to a later revision. For several revisions call it again with its result, or use `transferAnchorOver`.
 *
 * @example transferAnchor({ block: 'a', status: 'anchored' }, { lineage, textOf: (id) => texts.get(id) }) // → { block: 'a',
 * status: 'edited' }
 */
export function transferAnchor(anchor: Anchor, diff: RevisionDiff): Anchor {
  if (anchor.status === 'detached') {
    const back = diff.lineage.find((line) => line.block === anchor.block && line.change !== 'gone');
    return back ? anchorAmong(anchor, [back], diff) : anchor;
  }
  const parts = diff.lineage.filter(
    (line) => line.change !== 'gone' && (line.from.includes(anchor.block) || line.block === anchor.block),
  );
  if (parts.length === 0) return { block: anchor.block, status: 'detached', ...(anchor.quote && { quote: anchor.quote }) };
  return anchorAmong(anchor, parts, diff);
}

export function transferAnchorOver(anchor: Anchor, diffs: Iterable<RevisionDiff>): Anchor {
  let at = anchor;
  for (const diff of diffs) at = transferAnchor(at, diff);
  return at;
}

function anchorAmong(anchor: Anchor, parts: readonly Lineage[], { textOf }: RevisionDiff): Anchor {
  const { quote } = anchor;
  const main = parts.find((line) => line.block === anchor.block) ?? parts.reduce((a, b) => (b.similarity > a.similarity ? b : a));
  const untouched = main.block === anchor.block && main.similarity === 1 && (main.change === 'kept' || main.change === 'moved');
  if (untouched && anchor.status !== 'detached') {
    return main.change === 'moved' && anchor.status === 'anchored' ? { ...anchor, status: 'moved' } : anchor;
  }
  if (!quote) return { block: main.block, status: main.change === 'restored' || untouched ? 'anchored' : 'edited' };
  const candidates = [main, ...parts.filter((line) => line !== main)];
  let best: { block: string; span: Span; verbatim: boolean; score: number } | undefined;
  // all parts share one budget: a block that was cut into thousands takes no longer than a whole one
  let cells = MAX_CELLS;
  for (const line of candidates) {
    const text = textOf(line.block);
    const found = text === undefined ? undefined : findQuote(text, quote, anchor.span?.start, cells);
    if (text !== undefined && !found?.verbatim) cells -= Math.min(cells, text.length * quote.exact.length);
    if (found && found.score > (best?.score ?? 0)) {
      best = { block: line.block, span: { start: found.start, end: found.end }, verbatim: found.verbatim, score: found.score };
    }
  }
  if (!best) return { block: main.block, status: 'edited', quote };
  const still = best.block === anchor.block && main.change !== 'moved' && anchor.status !== 'moved';
  return { block: best.block, status: !best.verbatim ? 'edited' : still ? 'anchored' : 'moved', quote, span: best.span };
}
