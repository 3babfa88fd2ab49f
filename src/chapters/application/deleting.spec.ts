/** Every refusal of deleting, restoring, erasing and taking down, and what each use case stores and records. */
import { accountActor, type Actor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../index.in-memory.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const eve = accountActor({ id: 'eve', role: 'moderator' });
const root = accountActor({ id: 'root', role: 'admin' });
/** An app of Ann's that she let read, not write. */
const app = clientActor({ id: 'ann', role: 'author' }, ['chapters:read']);
const NOWHERE = '00000000-0000-7000-8000-000000000000';

/** Ann's public work of one chapter. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const world = inMemoryChapters(unitOfWork);
  const workId = await world.works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await world.writing.create(ann, workId, 'One', { markdown: 'The lamp burned.' });
  await world.writing.publish(ann, chapterId, undefined);
  unitOfWork.events.length = 0;
  const daysPass = (days: number): void => void (unitOfWork.now = new Date(unitOfWork.now.getTime() + days * 86_400_000));
  const recorded = () => unitOfWork.events.map(({ type }) => type);
  return { ...world, unitOfWork, workId, chapterId, daysPass, recorded };
}
type World = Awaited<ReturnType<typeof setUp>>;

/** The same use cases of a work and of a chapter. */
const THINGS = [
  {
    what: 'work',
    id: ({ workId }: World) => workId,
    delete: ({ deleting }: World, by: Actor, id: string, expected?: number) => deleting.deleteWork(by, id, expected),
    restore: ({ deleting }: World, by: Actor, id: string) => deleting.restoreWork(by, id),
    expire: ({ deleting }: World, by: Actor, id: string) => deleting.expireWork(by, id),
    erase: ({ erasing }: World, id: string) => erasing.eraseWork(id),
    takeDown: ({ takingDown }: World, by: Actor, id: string, reason: string) => takingDown.takeDownWork(by, id, reason),
    putBack: ({ takingDown }: World, by: Actor, id: string) => takingDown.putBackWork(by, id),
    names: ['WorkDeleted', 'WorkRestored', 'WorkTakenDown', 'WorkPutBack', 'WorkErased'],
  },
  {
    what: 'chapter',
    id: ({ chapterId }: World) => chapterId,
    delete: ({ deleting }: World, by: Actor, id: string, expected?: number) => deleting.deleteChapter(by, id, expected),
    restore: ({ deleting }: World, by: Actor, id: string) => deleting.restoreChapter(by, id),
    expire: ({ deleting }: World, by: Actor, id: string) => deleting.expireChapter(by, id),
    erase: ({ erasing }: World, id: string) => erasing.eraseChapter(id),
    takeDown: ({ takingDown }: World, by: Actor, id: string, reason: string) => takingDown.takeDownChapter(by, id, reason),
    putBack: ({ takingDown }: World, by: Actor, id: string) => takingDown.putBackChapter(by, id),
    names: ['ChapterDeleted', 'ChapterRestored', 'ChapterTakenDown', 'ChapterPutBack', 'ChapterErased'],
  },
];

describe.each(THINGS)('A $what', (thing) => {
  const notFound = { code: `${thing.what}-not-found` };
  const notYours = { code: `not-your-${thing.what}` };

  it('is deleted, shown to nobody, and restored within 30 days as it was', async () => {
    const world = await setUp();
    const id = thing.id(world);
    await thing.delete(world, ann, id);
    expect(await world.chapters.summary(world.chapterId)).toBeUndefined();
    world.daysPass(29);
    await thing.restore(world, ann, id);
    expect(await world.chapters.summary(world.chapterId)).toMatchObject({ revision: 1 });
    expect(world.recorded()).toEqual(thing.names.slice(0, 2));
  });

  it('is deleted by those who may, and in the version that they saw', async () => {
    const world = await setUp();
    const id = thing.id(world);
    for (const by of [eve, app]) await expect(thing.delete(world, by, id)).rejects.toMatchObject(notYours);
    await expect(thing.delete(world, ann, NOWHERE)).rejects.toMatchObject(notFound);
    await expect(thing.delete(world, ann, id, 7)).rejects.toMatchObject({ code: 'changed-meanwhile' });
    await thing.delete(world, ann, id);
    await expect(thing.delete(world, ann, id)).rejects.toMatchObject(notFound);
    expect(world.recorded()).toHaveLength(1);
  });

  it('is restored, and leaves the bin early, only from the bin and for those who may', async () => {
    const world = await setUp();
    const id = thing.id(world);
    for (const act of [thing.restore, thing.expire]) {
      await expect(act(world, ann, id)).rejects.toMatchObject({ code: 'not-in-bin' });
      await expect(act(world, ann, NOWHERE)).rejects.toMatchObject(notFound);
    }
    await thing.delete(world, ann, id);
    for (const act of [thing.restore, thing.expire])
      for (const by of [eve, app]) await expect(act(world, by, id)).rejects.toMatchObject(notFound);
    world.daysPass(30);
    for (const act of [thing.restore, thing.expire])
      await expect(act(world, ann, id)).rejects.toMatchObject({ code: 'not-in-bin' });
  });

  it('is erased when its time in the bin is over, not before, and then once', async () => {
    const world = await setUp();
    const id = thing.id(world);
    await expect(thing.erase(world, id)).rejects.toMatchObject({ code: 'not-due' });
    await thing.delete(world, ann, id);
    await expect(thing.erase(world, id)).rejects.toMatchObject({ code: 'not-due' });
    expect(await world.erasing.eraseDue(10)).toBe(0);
    await thing.expire(world, ann, id);
    await world.erasing.eraseDue(10);
    await thing.erase(world, id); // by another run: nothing is left to do
    expect(world.recorded().at(-1)).toBe(thing.names[4]);
    expect([world.tables.chapters.get(id), world.tables.works.get(id)]).toEqual([undefined, undefined]);
    expect([world.tables.revisions.all(), world.tables.publications.all(), world.tables.blockTexts.all()]).toEqual([[], [], []]);
  });

  it('is taken down with a reason by an admin, which hides it, and put back', async () => {
    const world = await setUp();
    const id = thing.id(world);
    const takenDown = await thing.takeDown(world, root, id, ' Stolen. ');
    expect(takenDown).toMatchObject({ takenDownBecause: 'Stolen.', takenDownAt: world.unitOfWork.now });
    expect(await world.chapters.summary(world.chapterId)).toMatchObject({ revision: null });
    await thing.putBack(world, root, id);
    expect(await world.chapters.summary(world.chapterId)).toMatchObject({ revision: 1 });
    expect(world.recorded()).toEqual(thing.names.slice(2, 4));
  });

  it('is taken down by nobody else, without a reason, or twice; and put back when it is taken down', async () => {
    const world = await setUp();
    const id = thing.id(world);
    for (const by of [ann, eve]) await expect(thing.takeDown(world, by, id, 'Stolen.')).rejects.toMatchObject(notYours);
    for (const by of [ann, eve]) await expect(thing.putBack(world, by, id)).rejects.toMatchObject(notYours);
    await expect(thing.takeDown(world, root, NOWHERE, 'Stolen.')).rejects.toMatchObject(notFound);
    await expect(thing.putBack(world, root, NOWHERE)).rejects.toMatchObject(notFound);
    for (const reason of [' ', 'x'.repeat(501)])
      await expect(thing.takeDown(world, root, id, reason)).rejects.toMatchObject({ code: 'take-down-reason-needed' });
    await expect(thing.putBack(world, root, id)).rejects.toMatchObject({ code: 'not-taken-down' });
    await thing.takeDown(world, root, id, 'Stolen.');
    await expect(thing.takeDown(world, root, id, 'Again.')).rejects.toMatchObject({ code: 'already-taken-down' });
    expect(world.recorded()).toHaveLength(1);
  });

  it('is not published while it is taken down, and its author is told why', async () => {
    const world = await setUp();
    await world.writing.save(ann, world.chapterId, undefined, { text: { markdown: 'Dark.' } });
    await thing.takeDown(world, root, thing.id(world), 'Stolen.');
    await expect(world.writing.publish(ann, world.chapterId, undefined)).rejects.toMatchObject({
      code: 'taken-down',
      details: { reason: 'Stolen.' },
    });
  });
});

describe('A chapter in the bin', () => {
  it('is not restored before its work is', async () => {
    const { deleting, workId, chapterId, chapters } = await setUp();
    await deleting.deleteChapter(ann, chapterId, undefined);
    await deleting.deleteWork(ann, workId, undefined);
    await expect(deleting.restoreChapter(ann, chapterId)).rejects.toMatchObject({ code: 'work-in-bin' });
    await deleting.restoreWork(ann, workId);
    await deleting.restoreChapter(ann, chapterId);
    expect(await chapters.summary(chapterId)).toMatchObject({ revision: 1 });
  });
});

describe('The works of an account that is erased', () => {
  it('go at once, also those in the bin, and no others', async () => {
    const { works, deleting, erasing, tables, workId } = await setUp();
    const binned = await works.create(ann, { title: 'The Well', language: 'en' });
    await deleting.deleteWork(ann, binned, undefined);
    const others = await works.create(eve, { title: 'The Sea', language: 'en' });
    await erasing.eraseWorksOf('ann');
    expect([workId, binned, others].map((id) => tables.works.get(id)?.title)).toEqual([undefined, undefined, 'The Sea']);
  });
});
