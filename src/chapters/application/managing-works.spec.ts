/** Every refusal of the use cases of a whole work, and what each use case stores and records. */
import { accountActor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../index.in-memory.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const bob = accountActor({ id: 'bob', role: 'reader' });
/** An app of Ann's that she let read, not write. */
const app = clientActor({ id: 'ann', role: 'author' }, ['chapters:read']);
const NOWHERE = '00000000-0000-7000-8000-000000000000';
const LAMP = { title: 'The Lamp', language: 'en' };

/** A work of Ann's, which Bob can read when it is public. */
async function setUp({ isPublic = true } = {}) {
  const unitOfWork = new InMemoryUnitOfWork();
  const { works, writing, tables, storage } = inMemoryChapters(unitOfWork);
  const workId = await works.create(ann, LAMP);
  const chapterId = await writing.create(ann, workId, 'One', { markdown: 'The lamp burned.' });
  if (isPublic) await writing.publish(ann, chapterId, undefined);
  unitOfWork.events.length = 0;
  const recorded = () => unitOfWork.events.map(({ type }) => type);
  return { unitOfWork, works, tables, storage, workId, recorded, work: () => tables.works.get(workId) };
}

const BAD_DETAILS: [string, { title?: string; summary?: string; language?: string }, string][] = [
  ['an empty title', { title: ' \n' }, 'title-missing'],
  ['a title that is too long', { title: 'x'.repeat(201) }, 'title-too-long'],
  ['a summary that is too long', { summary: 'x'.repeat(4_001) }, 'summary-too-long'],
  ['a language that is none', { language: 'English' }, 'language-unknown'],
];

describe('An author who creates a work', () => {
  it('owns it', async () => {
    const { works, tables, unitOfWork } = await setUp();
    const id = await works.create(ann, { ...LAMP, summary: ' A light. ' });
    expect(tables.works.get(id)).toMatchObject({ ownerId: 'ann', title: 'The Lamp', summary: 'A light.', version: 1 });
    expect(unitOfWork.events).toMatchObject([{ type: 'WorkCreated', subject: { id } }]);
  });

  it.each(BAD_DETAILS)('is refused %s', async (_, change, code) => {
    const { works, tables } = await setUp();
    await expect(works.create(ann, { ...LAMP, ...change })).rejects.toMatchObject({ code });
    expect(tables.works.all()).toHaveLength(1);
  });

  it('is not a reader, and not an app that may only read', async () => {
    const { works } = await setUp();
    for (const by of [bob, app]) await expect(works.create(by, LAMP)).rejects.toMatchObject({ code: 'only-authors-write' });
  });
});

describe('Somebody who updates a work', () => {
  it('changes what is given', async () => {
    const { works, workId, work, unitOfWork } = await setUp();
    await works.update(ann, workId, 1, { title: 'The Old Lamp' });
    expect(work()).toMatchObject({ title: 'The Old Lamp', language: 'en', version: 2 });
    expect(unitOfWork.events).toMatchObject([{ type: 'WorkUpdated', data: { changed: ['title'] } }]);
  });

  it.each(BAD_DETAILS)('is refused %s', async (_, change, code) => {
    const { works, workId, work } = await setUp();
    await expect(works.update(ann, workId, 1, change)).rejects.toMatchObject({ code });
    expect(work()).toMatchObject({ ...LAMP, version: 1 });
  });

  it.each([
    ['of which there is none', ann, NOWHERE, 1, true, 'work-not-found'],
    ['that cannot be read', bob, '', 1, false, 'work-not-found'],
    ['of somebody else', bob, '', 1, true, 'not-your-work'],
    ['by an app that may only read', app, '', 1, true, 'not-your-work'],
    ['that changed meanwhile', ann, '', 7, true, 'changed-meanwhile'],
  ])('is refused one %s, and so is who changes or removes its cover', async (_, by, id, expected, isPublic, code) => {
    const { works, workId, work, storage } = await setUp({ isPublic });
    const change = { title: 'The Old Lamp' };
    await expect(works.update(by, id || workId, expected, change)).rejects.toMatchObject({ code });
    await expect(works.changeCover(by, id || workId, expected, Buffer.from('x'))).rejects.toMatchObject({ code });
    await expect(works.removeCover(by, id || workId, expected)).rejects.toMatchObject({ code });
    expect([work(), storage.held.all()]).toMatchObject([{ title: 'The Lamp', cover: null }, []]);
  });
});

describe('The cover of a work', () => {
  it('is held in the place of the one before', async () => {
    const { works, workId, work, storage, unitOfWork } = await setUp();
    await works.changeCover(ann, workId, 1, Buffer.from('lamp'));
    const first = work()!.cover;
    await works.changeCover(ann, workId, 2, Buffer.from('old lamp'));
    expect(storage.held.all()).toMatchObject([{ key: work()!.cover }]);
    expect(unitOfWork.events.at(-1)).toMatchObject({ type: 'WorkCoverChanged', data: { replaced: first } });
  });

  it('is removed, and nothing is when there is none', async () => {
    const { works, workId, work, storage, recorded } = await setUp();
    await works.changeCover(ann, workId, 1, Buffer.from('lamp'));
    await works.removeCover(ann, workId, 2);
    await works.removeCover(ann, workId, 3);
    expect([work(), storage.held.all()]).toMatchObject([{ cover: null, version: 3 }, []]);
    expect(recorded()).toEqual(['WorkCoverChanged', 'WorkCoverChanged']);
  });

  it('is refused when the work changed while the picture was stored', async () => {
    const { works, workId, work, storage } = await setUp();
    const store = storage.storeImage.bind(storage);
    storage.storeImage = async (...given) => {
      await works.update(ann, workId, 1, { title: 'The Old Lamp' });
      return store(...given);
    };
    await expect(works.changeCover(ann, workId, 1, Buffer.from('x'))).rejects.toMatchObject({ code: 'changed-meanwhile' });
    expect([work()?.cover, storage.held.all()]).toEqual([null, []]);
  });
});
