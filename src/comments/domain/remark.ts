/**
 * Where a thread stands in its chapter: the block it is about, perhaps words in it, as of the newest publication that was
 * worked up to. The moving itself is chapters' knowledge (`carry`); what is decided is stored here and never guessed again.
 */
export interface RemarkState {
  /** The thread's first comment. */
  commentId: string;
  chapterId: string;
  /** The publication that this place is true for; the next one moves it on. */
  publication: number;
  block: string;
  standing: 'anchored' | 'edited' | 'moved' | 'detached';
  quote: { exact: string; prefix: string; suffix: string } | null;
  span: { start: number; end: number } | null;
  /** Where and when it was made: kept for ever, so that a detached remark can still show what it was about. */
  madeAt: { revision: number; block: string; text: string };
}

/** What changed for one remark, for those who are looking at it. */
export interface RemarkMoved {
  comment: string;
  block: string;
  standing: RemarkState['standing'];
  span: RemarkState['span'];
}

/** The remark as it stands after one more publication, and whether that is worth telling. */
export function moveOn(
  remark: RemarkState,
  publication: number,
  to: { block: string; standing: RemarkState['standing']; span?: RemarkState['span'] },
): { remark: RemarkState; told?: RemarkMoved } {
  const span = to.span ?? null;
  const moved = { ...remark, publication, block: to.block, standing: to.standing, span };
  const same =
    remark.block === to.block && remark.standing === to.standing && JSON.stringify(remark.span) === JSON.stringify(span);
  return same
    ? { remark: moved }
    : { remark: moved, told: { comment: remark.commentId, block: to.block, standing: to.standing, span } };
}
