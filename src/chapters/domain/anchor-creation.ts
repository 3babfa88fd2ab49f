import { DomainError } from '#libs/kernel/domain-error';
import { occurrences } from './occurrences.js';
import type { Anchor } from './anchoring.js';
import type { Block } from './blocks.js';

/** Characters stored before and after a quotation, to tell equal words apart (W3C TextQuoteSelector). */
const CONTEXT = 32;

/**
 * Creates the anchor of a new comment: the block and, when words are quoted, those words with the text around them.
 * @param quote `start` (UTF-16 offset) selects one of several equal quotations; without it the first is taken.
 */
export function createAnchor(block: Block, quote?: { exact: string; start?: number }): Anchor {
  if (!quote) return { block: block.id, status: 'anchored' };
  const { exact } = quote;
  const start = quote.start !== undefined && block.text.startsWith(exact, quote.start) ? quote.start : firstOf(block.text, exact);
  if (exact === '' || start < 0) throw new QuoteNotInBlock();
  const end = start + exact.length;
  return {
    block: block.id,
    status: 'anchored',
    quote: {
      exact,
      prefix: block.text.slice(Math.max(0, start - CONTEXT), start).toWellFormed(),
      suffix: block.text.slice(end, end + CONTEXT).toWellFormed(),
    },
    span: { start, end },
  };
}

function firstOf(text: string, words: string): number {
  for (const start of occurrences(text, words)) return start;
  return -1;
}

export class BlockNotInRevision extends DomainError {
  readonly code = 'block-not-in-revision';
  readonly kind = 'invalid';
  constructor() {
    super('That paragraph is not in the published text: fetch the chapter again and name a block of it.');
  }
}
export class QuoteNotInBlock extends DomainError {
  readonly code = 'quote-not-in-block';
  readonly kind = 'invalid';
  constructor() {
    super('The quoted words do not stand in that paragraph: quote them exactly as the chapter has them.');
  }
}
