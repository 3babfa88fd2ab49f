import { occurrences } from './occurrences.js';

/**
 * Finds quoted words again inside one text (W3C TextQuoteSelector: the words, and some text before and after them). It is used
 * only on the block that is known to be the right one, and returns nothing rather than similar words. The search for unchanged
 * words is linear in the text; the one for changed words fills at most `MAX_CELLS` cells, about 10 ms.
 */
export interface Quote {
  readonly exact: string;
  /** The text before and after it in its block, up to 32 characters; empty at the ends of the block. */
  readonly prefix: string;
  readonly suffix: string;
}

/** UTF-16 offsets into a block's text, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Found extends Span {
  /** The words stand there unchanged. */
  readonly verbatim: boolean;
  /** 0…1, to choose between the parts of a split. */
  readonly score: number;
}

/** The greatest share of the words that may have changed. */
const CHANGED = 0.4;
/** Context on one side that is enough to tell equal words apart. */
const CONTEXT = 4;
/** Words this long need no context: characters, CJK counting three. */
const TELLING = 24;

/**
 * @param near the earlier position, to choose between equals
 * @param cells the greatest number of cells of the search for changed words
 * @returns the position, or undefined when the text no longer has the words
 */
export function findQuote(text: string, quote: Quote, near = 0, cells = MAX_CELLS): Found | undefined {
  const { exact } = quote;
  if (exact === '') return undefined;
  let best: Found | undefined;
  let bestRank = -1;
  const alone = telling(exact) >= TELLING;
  for (const start of occurrences(text, exact)) {
    const span = { start, end: start + exact.length };
    const context = contextAround(text, span, quote);
    if (!context.proven && !alone) continue;
    const rank = context.share + 0.1 * (1 - Math.abs(start - near) / (text.length + 1));
    if (rank > bestRank) [best, bestRank] = [{ ...span, verbatim: true, score: 1 + context.share }, rank];
  }
  return best ?? between(text, quote) ?? changed(text, quote, near, cells);
}

/** How much of the context is still there, 0…1. */
function contextAround(text: string, { start, end }: Span, { prefix, suffix }: Quote): { share: number; proven: boolean } {
  let before = 0;
  while (before < prefix.length && before < start && text[start - 1 - before] === prefix[prefix.length - 1 - before]) before++;
  let after = 0;
  while (after < suffix.length && text[end + after] === suffix[after]) after++;
  const all = prefix.length + suffix.length;
  return {
    share: all === 0 ? 1 : (before + after) / all,
    proven:
      all === 0 ||
      (prefix.length > 0 ? before >= Math.min(CONTEXT, prefix.length) : start === 0) ||
      (suffix.length > 0 ? after >= Math.min(CONTEXT, suffix.length) : end === text.length),
  };
}

function telling(exact: string): number {
  let sum = 0;
  for (const char of exact) sum += /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u.test(char) ? 3 : 1;
  return sum;
}

/**
 * The greatest number of cells (words × text) of an approximate search; a quotation of a whole long block is only searched
 * verbatim and between its context.
 */
export const MAX_CELLS = 2_000_000;

/**
 * The part of the text with the fewest edits to the words (Sellers 1980: edit distance with a free start). Short words must keep
 * their context, because every text is close to "he said".
 */
function changed(text: string, quote: Quote, near: number, cells: number): Found | undefined {
  const { exact } = quote;
  const allowed = Math.floor(exact.length * CHANGED);
  if (allowed === 0 || exact.length * text.length > cells) return undefined;
  const alone = telling(exact) >= 2 * TELLING;
  let errors = Uint16Array.from({ length: exact.length + 1 }, (_, i) => i);
  let starts = new Int32Array(exact.length + 1);
  let [next, nextStarts] = [new Uint16Array(exact.length + 1), new Int32Array(exact.length + 1)];
  let best: Found | undefined;
  let bestRank = Infinity;
  for (let j = 1; j <= text.length; j++) {
    next[0] = 0;
    nextStarts[0] = j;
    for (let i = 1; i <= exact.length; i++) {
      let cost = errors[i - 1] + (exact[i - 1] === text[j - 1] ? 0 : 1);
      let from = starts[i - 1];
      if (next[i - 1] + 1 < cost) [cost, from] = [next[i - 1] + 1, nextStarts[i - 1]];
      if (errors[i] + 1 < cost) [cost, from] = [errors[i] + 1, starts[i]];
      next[i] = cost;
      nextStarts[i] = from;
    }
    [errors, next] = [next, errors];
    [starts, nextStarts] = [nextStarts, starts];
    const cost = errors[exact.length];
    if (cost > allowed) continue;
    const span = { start: starts[exact.length], end: j };
    const context = contextAround(text, span, quote);
    if (!context.proven && !alone) continue;
    const rank = cost / exact.length - 0.3 * context.share + 0.05 * (Math.abs(span.start - near) / text.length);
    if (rank < bestRank) [best, bestRank] = [{ ...span, verbatim: false, score: 1 - cost / exact.length }, rank];
  }
  return best;
}

/**
 * The words were replaced, but the context on both sides is still there, once and in order: the text between is their
 * replacement.
 */
function between(text: string, { exact, prefix, suffix }: Quote): Found | undefined {
  const left = prefix.slice(-16);
  const right = suffix.slice(0, 16);
  if (left.length < CONTEXT || right.length < CONTEXT) return undefined;
  const start = text.indexOf(left) + left.length;
  if (start < left.length || text.indexOf(left, start) >= 0) return undefined;
  const end = text.indexOf(right, start);
  if (end < 0 || end === start || end - start > 3 * exact.length + 40) return undefined;
  return { start, end, verbatim: false, score: 0.3 };
}
