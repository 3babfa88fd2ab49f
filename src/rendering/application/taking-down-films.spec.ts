/** Films that an admin takes down: every refusal, and that no other film of the revision is made. */
import { accountActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryRendering } from '../index.in-memory.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const root = accountActor({ id: 'root', role: 'admin' });

/** A film of Ann's published chapter. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const world = inMemoryRendering(unitOfWork);
  const { works, writing, requesting } = world;
  const workId = await works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await writing.create(ann, workId, 'One', { markdown: 'The lamp burned.' });
  await writing.publish(ann, chapterId, undefined);
  const { id } = await requesting.request(ann, chapterId, {});
  unitOfWork.events.length = 0;
  return { ...world, unitOfWork, workId, chapterId, id };
}

it('A film is taken down once and put back once, with the reason recorded', async () => {
  const { takingDownFilms, unitOfWork, renditions, id } = await setUp();
  expect(await takingDownFilms.takeDown(root, id, ' A stolen picture. ')).toMatchObject({
    takenDownBecause: 'A stolen picture.',
  });
  await expect(takingDownFilms.takeDown(root, id, 'Again.')).rejects.toMatchObject({ code: 'already-taken-down' });
  await takingDownFilms.putBack(root, id);
  await expect(takingDownFilms.putBack(root, id)).rejects.toMatchObject({ code: 'not-taken-down' });
  expect(renditions.rows.get(id)).toMatchObject({ takenDownAt: null, takenDownBecause: null });
  expect(unitOfWork.events).toMatchObject([
    { type: 'RenditionTakenDown', subject: { id }, data: { reason: 'A stolen picture.' } },
    { type: 'RenditionPutBack', subject: { id } },
  ]);
});

it.each([
  ['by its author', ann, 'it', 'Mine.', 'only-admins-take-down'],
  ['by a moderator', accountActor({ id: 'mod', role: 'moderator' }), 'it', 'Spam.', 'only-admins-take-down'],
  ['without a reason', root, 'it', ' ', 'take-down-reason-needed'],
  ['that there is not', root, 'nothing', 'Spam.', 'rendition-not-found'],
])('No film is taken down %s', async (_, by, which, reason, code) => {
  const { takingDownFilms, renditions, id } = await setUp();
  await expect(takingDownFilms.takeDown(by, which === 'it' ? id : which, reason)).rejects.toMatchObject({ code });
  expect(renditions.rows.get(id)).toMatchObject({ takenDownAt: null });
});

it('No other film of the revision is made, neither by request nor by publishing, until it is put back', async () => {
  const { takingDownFilms, requesting, writing, renditions, workId, chapterId, id } = await setUp();
  await takingDownFilms.takeDown(root, id, 'A stolen picture.');
  for (const wish of [{}, { theme: 'slate' }])
    await expect(requesting.request(ann, chapterId, wish)).rejects.toMatchObject({ code: 'film-taken-down' });
  await requesting.set(ann, workId, undefined, { onPublish: true, theme: 'slate' });
  await requesting.react(chapterId);
  expect(renditions.rows.all()).toHaveLength(1);
  await writing.save(ann, chapterId, undefined, { text: { markdown: 'Two lamps burned.' } });
  await writing.publish(ann, chapterId, undefined);
  await requesting.react(chapterId);
  expect(renditions.rows.all()).toHaveLength(2);
  await takingDownFilms.putBack(root, id);
});
