/** What becomes of the comments of an account that was erased, and what admins take down. */
import { accountActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../../chapters/index.in-memory.js';
import { InMemoryCommentAnchorRepository, InMemoryCommentRepository } from '../domain/ports.in-memory.js';
import { Commenting } from './commenting.js';
import { LeavingThreads } from './leaving-threads.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const bob = accountActor({ id: 'bob', role: 'reader' });
const root = accountActor({ id: 'root', role: 'admin' });

/** Bob's comments on Ann's chapter: three that are shown, one that he deleted and one that was taken down. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const { works, writing, chapters } = inMemoryChapters(unitOfWork);
  const comments = new InMemoryCommentRepository(unitOfWork);
  const commenting = new Commenting(unitOfWork, comments, new InMemoryCommentAnchorRepository(unitOfWork), chapters);
  const workId = await works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await writing.create(ann, workId, 'One', { markdown: 'The lamp burned.' });
  await writing.publish(ann, chapterId, undefined);
  const ids: string[] = [];
  for (const body of ['One.', 'Two.', 'Three.', 'Deleted.', 'Taken down.']) ids.push(await commenting.post(bob, chapterId, body));
  await commenting.withdraw(bob, ids[3]);
  await commenting.takeDown(root, ids[4], 'Threats.');
  unitOfWork.events.length = 0;
  const said = () => ids.map((id) => comments.rows.get(id)).map((row) => [row?.status, row?.body]);
  return { unitOfWork, commenting, ids, said, leaving: new LeavingThreads(unitOfWork, comments) };
}

it('Words that readers see stay by choice, and those that nobody sees any more go', async () => {
  const { leaving, said, unitOfWork } = await setUp();
  await leaving.leave('bob', { works: null, comments: 'keep', reason: null });
  expect(said()).toEqual([
    ['shown', 'One.'],
    ['shown', 'Two.'],
    ['shown', 'Three.'],
    ['withdrawn', ''],
    ['taken-down', 'Taken down.'],
  ]);
  expect(unitOfWork.events).toEqual([]);
});

it('All words go by choice, and readers of each comment are told; a second run changes nothing', async () => {
  const { leaving, said, unitOfWork, ids } = await setUp();
  for (let run = 0; run < 2; run++) await leaving.leave('bob', { works: null, comments: 'erase', reason: null });
  expect(said()).toEqual(Array.from({ length: 5 }, () => ['withdrawn', '']));
  expect(unitOfWork.events.map(({ type, subject }) => [type, subject.id])).toEqual(
    ids.slice(0, 3).map((id) => ['CommentWithdrawn', id]),
  );
});

it('A comment is taken down once and put back once, by admins only, and only while it is shown', async () => {
  const { commenting, ids, unitOfWork, said } = await setUp();
  const [shown, , , deleted, down] = ids;
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
  for (const actor of [bob, ann, accountActor({ id: 'mod', role: 'moderator' })]) {
    expect(await refusal(commenting.takeDown(actor, shown, 'Spam.'))).toBe('only-admins-take-down');
    expect(await refusal(commenting.putBack(actor, down))).toBe('only-admins-take-down');
  }
  expect(await refusal(commenting.takeDown(root, shown, ' '))).toBe('take-down-reason-needed');
  expect(await refusal(commenting.takeDown(root, deleted, 'Spam.'))).toBe('comment-not-found');
  expect(await refusal(commenting.takeDown(root, 'nothing', 'Spam.'))).toBe('comment-not-found');
  expect(await refusal(commenting.takeDown(root, down, 'Spam.'))).toBe('already-taken-down');
  expect(await refusal(commenting.putBack(root, shown))).toBe('not-taken-down');
  expect(unitOfWork.events).toEqual([]);
  await commenting.putBack(root, down);
  expect(said()[4]).toEqual(['shown', 'Taken down.']);
  expect(unitOfWork.events).toMatchObject([{ type: 'CommentPutBack', subject: { id: down } }]);
});
