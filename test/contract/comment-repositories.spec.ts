/** The promises of the repositories of comments, on PostgreSQL and as the specs of use cases have them. */
import { setTimeout as wait } from 'node:timers/promises';
import { accountActor } from '#libs/kernel/actor';
import { newId } from '#libs/kernel/id';
import type { CommentAnchor } from '../../src/comments/domain/comment-anchor.js';
import { Comment } from '../../src/comments/domain/comment.js';
import { InMemoryCommentAnchorRepository, InMemoryCommentRepository } from '../../src/comments/domain/ports.in-memory.js';
import type { CommentAnchorRepository, CommentRepository } from '../../src/comments/domain/ports.js';
import {
  TypeormCommentAnchorRepository,
  TypeormCommentRepository,
} from '../../src/comments/infrastructure/typeorm-comment.repository.js';
import { type Running, UNITS_OF_WORK } from '../support/units-of-work.js';

const ann = accountActor({ id: newId(), role: 'reader' });

describe.each(UNITS_OF_WORK)('Comments $on', ({ start }) => {
  let running: Running<{ comments: CommentRepository; anchors: CommentAnchorRepository }>;
  beforeAll(async () => {
    running = await start<(typeof running)['repositories']>({
      inMemory: (unitOfWork) => ({
        comments: new InMemoryCommentRepository(unitOfWork),
        anchors: new InMemoryCommentAnchorRepository(unitOfWork),
      }),
      postgres: (transaction) => ({
        comments: new TypeormCommentRepository(transaction),
        anchors: new TypeormCommentAnchorRepository(transaction),
      }),
    });
  });
  afterAll(() => running.stop());

  /** Each call is a unit of work of its own. */
  const run = <T>(work: (repositories: (typeof running)['repositories']) => Promise<T>): Promise<T> =>
    running.unitOfWork.run(() => work(running.repositories));
  const posted = async (chapterId: string): Promise<Comment> => {
    const { comment } = Comment.post(ann, chapterId, 'Lovely.', new Date());
    await run(({ comments }) => comments.save(comment));
    return comment;
  };
  const anchored = async (chapterId: string, publication: number): Promise<CommentAnchor> => {
    const { id } = await posted(chapterId);
    const anchor: CommentAnchor = {
      commentId: id,
      chapterId,
      publication,
      block: newId(),
      status: 'anchored',
      quote: { exact: 'lamp', prefix: 'The ', suffix: '.' },
      span: { start: 4, end: 8 },
      origin: { revision: publication, block: newId(), text: 'The lamp.' },
    };
    await run(({ anchors }) => anchors.add(anchor));
    return anchor;
  };

  it('are given back as they were saved, and as they were saved last', async () => {
    const comment = await posted(newId());
    const stored = await run(({ comments }) => comments.get(comment.id));
    expect(stored.snapshot()).toMatchObject(comment.snapshot());
    stored.withdraw(ann);
    await run(({ comments }) => comments.save(stored));
    expect((await run(({ comments }) => comments.get(comment.id))).snapshot().status).toBe('withdrawn');
  });

  it('are refused when there are none of that id', async () => {
    await expect(run(({ comments }) => comments.get(newId()))).rejects.toMatchObject({ code: 'comment-not-found' });
  });

  it('are found by their author while they have words: all, or those that were deleted', async () => {
    const bob = accountActor({ id: newId(), role: 'reader' });
    const [first, second, third] = ['One.', 'Two.', 'Three.'].map((body) => Comment.post(bob, newId(), body, new Date()).comment);
    second.withdraw(bob);
    third.eraseWords();
    for (const one of [first, second, third]) await run(({ comments }) => comments.save(one));
    const found = async (which: 'all' | 'deleted', limit = 10): Promise<string[]> =>
      (await run(({ comments }) => comments.withWordsBy(bob.id, which, limit))).map(({ id }) => id);
    expect([await found('all'), await found('deleted'), await found('all', 1)]).toEqual([
      [first.id, second.id],
      [second.id],
      [first.id],
    ]);
  });

  it('have anchors, of which those from before a publication are found and moved', async () => {
    const chapterId = newId();
    const [first, second] = [await anchored(chapterId, 1), await anchored(chapterId, 2)];
    await anchored(newId(), 1);
    expect(await run(({ anchors }) => anchors.before(chapterId, 2))).toEqual([first]);
    const moved: CommentAnchor = { ...first, publication: 2, status: 'detached', span: null };
    await run(({ anchors }) => anchors.move([moved]));
    expect(await run(({ anchors }) => anchors.before(chapterId, 2))).toEqual([]);
    const both = await run(({ anchors }) => anchors.before(chapterId, 3));
    expect(both.sort((one, other) => (one.commentId < other.commentId ? -1 : 1))).toEqual([moved, second]);
  });

  it('have a publication that the anchors of a chapter have reached: none at first', async () => {
    const chapterId = newId();
    expect(await run(({ anchors }) => anchors.lockReanchoringPosition(chapterId, 'shared'))).toBe(0);
    await run(async ({ anchors }) => {
      await anchors.lockReanchoringPosition(chapterId, 'exclusive');
      await anchors.setReanchoringPosition(chapterId, 3);
    });
    expect(await run(({ anchors }) => anchors.lockReanchoringPosition(chapterId, 'shared'))).toBe(3);
  });

  it('let many post at once, and whoever moves anchors alone', async () => {
    const chapterId = newId();
    await run(({ anchors }) => anchors.lockReanchoringPosition(chapterId, 'exclusive'));
    const order: string[] = [];
    const holding = (name: string, as: 'shared' | 'exclusive', ms: number): Promise<void> =>
      run(async ({ anchors }) => {
        await anchors.lockReanchoringPosition(chapterId, as);
        order.push(`${name} begins`);
        await wait(ms);
        order.push(`${name} ends`);
      });
    const posting = [holding('poster', 'shared', 100), holding('other poster', 'shared', 150)];
    await wait(40);
    const moving = holding('mover', 'exclusive', 0);
    await Promise.all([...posting, moving]);
    expect(order.slice(0, 2).sort()).toEqual(['other poster begins', 'poster begins']);
    expect(order.slice(-2)).toEqual(['mover begins', 'mover ends']);
  });
});
