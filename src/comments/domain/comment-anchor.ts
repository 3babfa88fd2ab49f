/**
 * Where a thread is anchored in its chapter: a block, perhaps words in it, as of the publication that the anchors of the chapter
 * have reached. The chapters module computes the move (`transferAnchor`); the result is stored here and not computed again.
 */
export interface CommentAnchor {
  /** The root comment of the thread. */
  commentId: string;
  chapterId: string;
  /** The publication in which it was made or moved last; its place is true up to the publication that the chapter's anchors have reached. */
  publication: number;
  block: string;
  status: 'anchored' | 'edited' | 'moved' | 'detached';
  quote: { exact: string; prefix: string; suffix: string } | null;
  span: { start: number; end: number } | null;
  /** The text that the comment was written about. It never changes, so a detached anchor can still show it. */
  origin: { revision: number; block: string; text: string };
}

/** The change of one anchor, for its live listeners. */
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
