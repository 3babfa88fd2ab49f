import { findQuote } from './quote.js';
import type { Lineage } from './alignment.js';
import type { Quote, Span } from './quote.js';

/**
 * Where a remark stands after the text changed. First the lineage says which block its block became; only inside that block, or the
 * parts it was split into, are the quoted words looked for. So a remark can lose its words, or its block, and says so; it can never
 * slip to another text that happens to look alike.
 */
export type AnchorStatus =
  /** as it was made: the block, or the quoted words, unchanged and in place */
  | 'anchored'
  /** the block, or the quoted words, are another text now */
  | 'edited'
  /** unchanged, but elsewhere: the block was moved, or its text now belongs to another block */
  | 'moved'
  /** the block is gone; should it come back, so does the remark */
  | 'detached';

export interface Anchor {
  /** Where it stands, or, when detached, where it stood last. */
  readonly block: string;
  readonly status: AnchorStatus;
  /** The words it was made about, as they were then; without it the remark is about the whole block. */
  readonly quote?: Quote;
  /** Where the words are now; absent when they are not to be found. */
  readonly span?: Span;
}

/** From one revision to a later one: the lineage between them, and the later one's texts. */
export interface RevisionDiff {
  readonly lineage: readonly Lineage[];
  readonly textOf: (block: string) => string | undefined;
}

/**
 * Takes an anchor over one step. Compose by calling it again with what it returned, or use `journey`.
 *
 * @example passage({ block: 'a', standing: 'anchored' }, { lineage, textOf: (id) => texts.get(id) }) // → { block: 'a', standing: 'edited' }
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
  for (const line of candidates) {
    const text = textOf(line.block);
    const found = text === undefined ? undefined : findQuote(text, quote, anchor.span?.start);
    if (found && found.score > (best?.score ?? 0)) {
      best = { block: line.block, span: { start: found.start, end: found.end }, verbatim: found.verbatim, score: found.score };
    }
  }
  if (!best) return { block: main.block, status: 'edited', quote };
  const still = best.block === anchor.block && main.change !== 'moved' && anchor.status !== 'moved';
  return { block: best.block, status: !best.verbatim ? 'edited' : still ? 'anchored' : 'moved', quote, span: best.span };
}
