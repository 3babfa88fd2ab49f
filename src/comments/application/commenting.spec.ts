/** Every refusal of the use cases of comments, and what each use case stores and records. */
import { accountActor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../../chapters/index.in-memory.js';
import { InMemoryCommentAnchorRepository, InMemoryCommentRepository } from '../domain/ports.in-memory.js';
import { Commenting } from './commenting.js';
import { Reanchoring } from './reanchoring.js';

const person = (id: string, role: 'reader' | 'author' | 'moderator' = 'reader') => accountActor({ id, role });
const [ann, bob, eve, mod] = [person('ann', 'author'), person('bob'), person('eve'), person('mod', 'moderator')];
/** An app of Bob's that he let read, not write. */
const app = clientActor({ id: 'bob', role: 'reader' }, ['chapters:read']);
const NOWHERE = '00000000-0000-7000-8000-000000000000';

/** Ann's chapter of two paragraphs, published. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const { works, writing, chapters } = inMemoryChapters(unitOfWork);
  const [comments, anchors] = [new InMemoryCommentRepository(unitOfWork), new InMemoryCommentAnchorRepository(unitOfWork)];
  const workId = await works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await writing.create(ann, workId, 'One', { markdown: 'The lamp burned.\n\nNobody came.' });
  const { revision } = await writing.publish(ann, chapterId, undefined);
  const [lamp, nobody] = await chapters.blocks(chapterId, revision);
  const reanchoring = new Reanchoring(unitOfWork, anchors, chapters);
  const catchUp = (): Promise<void> => reanchoring.catchUp(chapterId, () => Promise.resolve(true));
  await catchUp();
  unitOfWork.events.length = 0;
  const commenting = new Commenting(unitOfWork, comments, anchors, chapters);
  const edit = async (markdown: string): Promise<void> => {
    await writing.save(ann, chapterId, undefined, { text: { markdown } });
    await writing.publish(ann, chapterId, undefined);
  };
  return {
    unitOfWork,
    writing,
    chapters,
    comments,
    anchors,
    commenting,
    chapterId,
    lamp: lamp.id,
    nobody: nobody.id,
    catchUp,
    edit,
  };
}

describe('A reader who comments on a chapter', () => {
  it('starts a thread, which is stored and recorded at the commit', async () => {
    const { commenting, chapterId, comments, unitOfWork } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Lovely.');
    expect(comments.rows.get(id)).toMatchObject({ authorId: 'bob', body: 'Lovely.', parentId: null, createdAt: unitOfWork.now });
    expect(unitOfWork.events).toMatchObject([{ type: 'CommentPosted', subject: { id }, data: { authorId: 'bob' } }]);
  });

  it('anchors it to words of a paragraph', async () => {
    const { commenting, chapterId, anchors, lamp } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Which?', { block: lamp, quote: { exact: 'lamp' } });
    expect(anchors.rows.get(id)).toMatchObject({
      publication: 1,
      block: lamp,
      status: 'anchored',
      span: { start: 4, end: 8 },
      origin: { revision: 1, block: lamp, text: 'The lamp burned.' },
    });
  });

  it.each([
    ['an empty body', bob, ' \n', {}, 'empty-comment'],
    ['a body that is too long', bob, 'x'.repeat(10_001), {}, 'comment-too-long'],
    ['a paragraph that is not in the text', bob, 'Hm.', { block: NOWHERE }, 'block-not-in-revision'],
    ['words that do not stand in the paragraph', bob, 'Hm.', { quote: { exact: 'candle' } }, 'quote-not-in-block'],
    ['a revision that readers never saw', bob, 'Hm.', { revision: 7 }, 'revision-not-published'],
  ])('is refused %s', async (_, by, body, about, code) => {
    const { commenting, chapterId, lamp, comments, anchors, unitOfWork } = await setUp();
    await expect(commenting.post(by, chapterId, body, { block: lamp, ...about })).rejects.toMatchObject({ code });
    expect([comments.rows.all(), anchors.rows.all(), unitOfWork.events]).toEqual([[], [], []]);
  });

  it('is told of no chapter that is not there, is not published, or that the token does not reach', async () => {
    const { commenting, chapterId, lamp, writing } = await setUp();
    const refused = { code: 'chapter-not-found' };
    await expect(commenting.post(bob, NOWHERE, 'Hm.')).rejects.toMatchObject(refused);
    await expect(commenting.post(bob, NOWHERE, 'Hm.', { block: lamp })).rejects.toMatchObject(refused);
    await expect(commenting.post(app, chapterId, 'Hm.')).rejects.toMatchObject(refused);
    await writing.unpublish(ann, chapterId, undefined);
    await expect(commenting.post(bob, chapterId, 'Hm.')).rejects.toMatchObject(refused);
    await expect(commenting.post(bob, chapterId, 'Hm.', { block: lamp })).rejects.toMatchObject(refused);
  });

  it('gets an anchor in the text that was published meanwhile, with the words of the revision that was read', async () => {
    const { commenting, chapterId, anchors, lamp, nobody, edit, catchUp } = await setUp();
    await edit('The lamp burned low.');
    await catchUp();
    const [kept, gone] = [
      await commenting.post(bob, chapterId, 'Which?', { block: lamp, quote: { exact: 'lamp' }, revision: 1 }),
      await commenting.post(bob, chapterId, 'Nobody?', { block: nobody, revision: 1 }),
    ];
    expect(anchors.rows.get(kept)).toMatchObject({ publication: 2, status: 'anchored', span: { start: 4, end: 8 } });
    expect(anchors.rows.get(kept)?.origin).toEqual({ revision: 1, block: lamp, text: 'The lamp burned.' });
    expect(anchors.rows.get(gone)).toMatchObject({ publication: 2, status: 'detached' });
  });

  it('gets it in the newest text when that is published while the anchor is transferred', async () => {
    const { commenting, chapterId, anchors, chapters, lamp, edit } = await setUp();
    await edit('The lamp burned low.');
    const transfer = chapters.transferAnchors.bind(chapters);
    const transfers: number[] = [];
    chapters.transferAnchors = async (id, from, to, given) => {
      transfers.push(to);
      if (transfers.length === 1) await edit('The old lamp burned low.');
      return transfer(id, from, to, given);
    };
    const id = await commenting.post(bob, chapterId, 'Which?', { block: lamp, quote: { exact: 'lamp' }, revision: 1 });
    expect(transfers).toEqual([2, 3]);
    expect(anchors.rows.get(id)).toMatchObject({ publication: 3, span: { start: 8, end: 12 } });
  });
});

describe('A reader who replies', () => {
  it('adds to the thread', async () => {
    const { commenting, chapterId, comments } = await setUp();
    const root = await commenting.post(bob, chapterId, 'Lovely.');
    const answer = await commenting.reply(eve, root, 'Is it?');
    expect(comments.rows.get(answer)).toMatchObject({ parentId: root, rootId: root, depth: 1, authorId: 'eve' });
  });

  it.each([
    ['an empty body', eve, '', 'empty-comment'],
    ['a body that is too long', eve, 'x'.repeat(10_001), 'comment-too-long'],
    ['a token that may not comment', app, 'Hm.', 'comment-not-found'],
  ])('is refused %s', async (_, by, body, code) => {
    const { commenting, chapterId, comments } = await setUp();
    const root = await commenting.post(bob, chapterId, 'Lovely.');
    await expect(commenting.reply(by, root, body)).rejects.toMatchObject({ code });
    expect(comments.rows.all()).toHaveLength(1);
  });

  it('is refused a comment that is not there, was deleted, or whose chapter is not published any more', async () => {
    const { commenting, chapterId, writing } = await setUp();
    await expect(commenting.reply(eve, NOWHERE, 'Hm.')).rejects.toMatchObject({ code: 'comment-not-found' });
    const [deleted, other] = [await commenting.post(bob, chapterId, 'Lovely.'), await commenting.post(bob, chapterId, 'Sad.')];
    await commenting.withdraw(bob, deleted);
    await expect(commenting.reply(eve, deleted, 'Hm.')).rejects.toMatchObject({ code: 'reply-to-deleted' });
    await writing.unpublish(ann, chapterId, undefined);
    await expect(commenting.reply(eve, other, 'Hm.')).rejects.toMatchObject({ code: 'comment-not-found' });
  });
});

describe('Somebody who deletes a comment', () => {
  it.each([
    ['is its author', bob, 'withdrawn', 'author'],
    ['is a moderator of the site', mod, 'hidden', 'moderator'],
    ['owns the work', ann, 'hidden', 'moderator'],
  ])('%s', async (_, by, status, as) => {
    const { commenting, chapterId, comments, unitOfWork } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Lovely.');
    await commenting.withdraw(by, id);
    expect(comments.rows.get(id)).toMatchObject({ status });
    expect(unitOfWork.events.at(-1)).toMatchObject({ type: 'CommentWithdrawn', data: { by: as } });
  });

  it('is not somebody else, and nobody when the chapter is not published', async () => {
    const { commenting, chapterId, comments, writing } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Lovely.');
    await expect(commenting.withdraw(eve, id)).rejects.toMatchObject({ code: 'not-your-comment' });
    await expect(commenting.withdraw(app, id)).rejects.toMatchObject({ code: 'not-your-comment' });
    await writing.unpublish(ann, chapterId, undefined);
    await expect(commenting.withdraw(eve, id)).rejects.toMatchObject({ code: 'comment-not-found' });
    expect(comments.rows.get(id)).toMatchObject({ status: 'shown' });
    await commenting.withdraw(bob, id); // its author may also then
  });

  it('is told of no comment that is not there or was deleted before', async () => {
    const { commenting, chapterId, unitOfWork } = await setUp();
    await expect(commenting.withdraw(mod, NOWHERE)).rejects.toMatchObject({ code: 'comment-not-found' });
    const id = await commenting.post(bob, chapterId, 'Lovely.');
    await commenting.withdraw(bob, id);
    await expect(commenting.withdraw(mod, id)).rejects.toMatchObject({ code: 'comment-not-found' });
    expect(unitOfWork.events).toHaveLength(2);
  });
});

describe('Reanchoring', () => {
  it('moves the anchors of a chapter to its newest text, once', async () => {
    const { commenting, chapterId, lamp, anchors, edit, catchUp, unitOfWork } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Which?', { block: lamp, quote: { exact: 'lamp' } });
    await edit('The old lamp burned.\n\nNobody came.');
    await catchUp();
    expect(anchors.rows.get(id)).toMatchObject({ publication: 2, status: 'anchored', span: { start: 8, end: 12 } });
    expect(unitOfWork.events.at(-1)).toMatchObject({ type: 'CommentsReanchored', data: { revision: 2, comments: [id] } });
    const before = unitOfWork.events.length;
    await catchUp();
    expect(unitOfWork.events).toHaveLength(before);
  });

  it('stores nothing when another run handled the event first', async () => {
    const { commenting, chapterId, lamp, anchors, edit, chapters, unitOfWork } = await setUp();
    const id = await commenting.post(bob, chapterId, 'Which?', { block: lamp });
    await edit('The old lamp burned.\n\nNobody came.');
    await new Reanchoring(unitOfWork, anchors, chapters).catchUp(chapterId, () => Promise.resolve(false));
    expect(anchors.rows.get(id)).toMatchObject({ publication: 1, status: 'anchored' });
  });
});
