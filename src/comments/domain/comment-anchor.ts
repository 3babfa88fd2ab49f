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

/** The anchor as it stands after one more publication; undefined when nothing changed. */
export function reanchor(
  anchor: CommentAnchor,
  publication: number,
  to: { block: string; status: CommentAnchor['status']; span?: CommentAnchor['span'] },
): CommentAnchor | undefined {
  const { block, status, span = null } = to;
  const same = anchor.block === block && anchor.status === status && JSON.stringify(anchor.span) === JSON.stringify(span);
  return same ? undefined : { ...anchor, publication, block, status, span };
}

/** A live event with more comments than this is too long for slow readers. */
const COMMENTS_PER_EVENT = 100;

export type CommentsReanchored = {
  type: 'CommentsReanchored';
  v: 1;
  subject: { kind: 'chapter'; id: string };
  about: string[];
  data: { revision: number; comments: string[] };
};

/** @returns the events that these comments stand elsewhere, or stand differently, in the text of this revision. */
export function reanchored(chapterId: string, revision: number, comments: readonly string[]): CommentsReanchored[] {
  const events: CommentsReanchored[] = [];
  for (let i = 0; i < comments.length; i += COMMENTS_PER_EVENT)
    events.push({
      type: 'CommentsReanchored',
      v: 1,
      subject: { kind: 'chapter', id: chapterId },
      about: [chapterId],
      data: { revision, comments: comments.slice(i, i + COMMENTS_PER_EVENT) },
    });
  return events;
}
