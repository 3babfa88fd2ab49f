/**
 * Where a thread stands in its chapter: the block it is about, perhaps words in it, as of the newest publication that was
 * worked up to. The moving itself is chapters' knowledge (`carry`); what is decided is stored here and never guessed again.
 */
export interface RemarkState {
  /** The thread's first comment. */
  commentId: string;
  chapterId: string;
  /** The publication in which it was made or moved last; its place is true up to the publication that the chapter's remarks have reached. */
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

/** The remark as it stands after one more publication, and what to tell those who look at it; undefined when nothing changed. */
export function moveOn(
  remark: RemarkState,
  publication: number,
  to: { block: string; standing: RemarkState['standing']; span?: RemarkState['span'] },
): { remark: RemarkState; told: RemarkMoved } | undefined {
  const { block, standing, span = null } = to;
  const same = remark.block === block && remark.standing === standing && JSON.stringify(remark.span) === JSON.stringify(span);
  if (same) return undefined;
  return {
    remark: { ...remark, publication, block, standing, span },
    told: { comment: remark.commentId, block, standing, span },
  };
}
