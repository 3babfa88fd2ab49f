import { accountActor } from '#libs/kernel/actor';
import { Comment, CommentNotFound, EmptyComment, ReplyToDeleted, CommentTooLong } from './comment.js';
import { reanchor, reanchored, type CommentAnchor } from './comment-anchor.js';

const noon = new Date('2026-01-01T12:00:00Z');
const ann = accountActor({ id: 'ann', role: 'reader' });
const bob = accountActor({ id: 'bob', role: 'reader' });
const mod = accountActor({ id: 'mod', role: 'moderator' });

describe('A comment', () => {
  it('starts a thread, and replies belong to it', () => {
    const { comment: first } = Comment.post(ann, 'ch', ' Lovely.\r\n', noon);
    expect(first.snapshot()).toMatchObject({ body: 'Lovely.', parentId: null, rootId: first.id, depth: 0 });
    const { comment: answer, posted } = first.reply(bob, 'Is it?', noon);
    expect(answer.snapshot()).toMatchObject({ parentId: first.id, rootId: first.id, depth: 1 });
    expect(posted).toMatchObject({ type: 'CommentPosted', data: { parentId: first.id } });
  });

  it('nests to a limited depth', () => {
    let { comment } = Comment.post(ann, 'ch', 'x', noon);
    for (let i = 0; i < 40; i++) ({ comment } = comment.reply(bob, 'x', noon));
    expect(comment.snapshot().depth).toBe(20);
  });

  it('has a text that is neither empty nor too long', () => {
    expect(() => Comment.post(ann, 'ch', ' \n', noon)).toThrow(EmptyComment);
    expect(() => Comment.post(ann, 'ch', 'x'.repeat(10_001), noon)).toThrow(CommentTooLong);
  });

  it('is deleted by its author or by a moderator, once', () => {
    const { comment } = Comment.post(ann, 'ch', 'Hm.', noon);
    expect(comment.withdraw(ann)).toMatchObject({ data: { by: 'author' } });
    expect(() => comment.withdraw(ann)).toThrow(CommentNotFound);
    expect(() => comment.reply(bob, 'But', noon)).toThrow(ReplyToDeleted);
    expect(Comment.post(ann, 'ch', 'Hm.', noon).comment.withdraw(mod)).toMatchObject({ data: { by: 'moderator' } });
  });
});

describe('A comment anchor', () => {
  const anchor: CommentAnchor = {
    commentId: 'c',
    chapterId: 'ch',
    publication: 1,
    block: 'a',
    status: 'anchored',
    quote: null,
    span: null,
    origin: { revision: 1, block: 'a', text: 'A' },
  };

  it('is stored and sent to listeners only when it changed', () => {
    expect(reanchor(anchor, 2, { block: 'a', status: 'anchored' })).toBeUndefined();
    expect(reanchor(anchor, 2, { block: 'a', status: 'edited' })).toMatchObject({ block: 'a', status: 'edited', span: null });
  });

  it('tells of ten thousand in events of a hundred, and of none in none', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `comment ${i}`);
    const events = reanchored('ch', 2, ids);
    expect(events.flatMap(({ data }) => data.comments)).toEqual(ids);
    expect(Math.max(...events.map(({ data }) => data.comments.length))).toBe(100);
    expect(reanchored('ch', 2, [])).toEqual([]);
  });
});
