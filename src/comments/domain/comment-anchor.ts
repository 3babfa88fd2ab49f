/**
 * Where a thread stands in its chapter: the block it is about, perhaps words in it, as of the newest publication that was
 * worked up to. The moving itself is chapters' knowledge (`transferAnchor`); what is decided is stored here and never guessed again.
 */
export interface CommentAnchor {
  /** The thread's first comment. */
  commentId: string;
  chapterId: string;
  /** The publication in which it was made or moved last; its place is true up to the publication that the chapter's anchors have reached. */
  publication: number;
  block: string;
  status: 'anchored' | 'edited' | 'moved' | 'detached';
  quote: { exact: string; prefix: string; suffix: string } | null;
  span: { start: number; end: number } | null;
  /** Where and when it was made: kept for ever, so that a detached anchor can still show what it was about. */
  origin: { revision: number; block: string; text: string };
}

/** What changed for one anchor, for those who are looking at it. */
export interface AnchorChange {
  comment: string;
  block: string;
  status: CommentAnchor['status'];
  span: CommentAnchor['span'];
}

/** The anchor as it stands after one more publication, and what to tell those who look at it; undefined when nothing changed. */
export function reanchor(
  anchor: CommentAnchor,
  publication: number,
  to: { block: string; status: CommentAnchor['status']; span?: CommentAnchor['span'] },
): { anchor: CommentAnchor; change: AnchorChange } | undefined {
  const { block, status, span = null } = to;
  const same = anchor.block === block && anchor.status === status && JSON.stringify(anchor.span) === JSON.stringify(span);
  if (same) return undefined;
  return {
    anchor: { ...anchor, publication, block, status, span },
    change: { comment: anchor.commentId, block, status, span },
  };
}
