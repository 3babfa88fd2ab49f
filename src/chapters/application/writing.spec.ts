/** Every refusal of the use cases of writing, and what each use case stores and records. */
import { accountActor, type Actor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../index.in-memory.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const eve = accountActor({ id: 'eve', role: 'author' });
/** An app of Ann's that she let read, not write. */
const app = clientActor({ id: 'ann', role: 'author' }, ['chapters:read']);
const NOWHERE = '00000000-0000-7000-8000-000000000000';
const TEXT = { markdown: 'The lamp burned.\n\nNobody came.' };
const TOO_LONG = { markdown: 'x'.repeat(600_001) };

/** Ann's work of one published chapter. */
async function setUp({ isPublic = true } = {}) {
  const unitOfWork = new InMemoryUnitOfWork();
  const { works, writing, tables, chapters } = inMemoryChapters(unitOfWork);
  const workId = await works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await writing.create(ann, workId, 'One', TEXT);
  if (isPublic) await writing.publish(ann, chapterId, undefined);
  unitOfWork.events.length = 0;
  const stored = (id = chapterId) => tables.chapters.get(id)!;
  const recorded = () => unitOfWork.events.map(({ type }) => type);
  const order = () =>
    tables.chapters
      .all()
      .sort((one, other) => (one.rank < other.rank ? -1 : 1))
      .map(({ title }) => title);
  return { unitOfWork, works, writing, tables, chapters, workId, chapterId, stored, recorded, order };
}
type World = Awaited<ReturnType<typeof setUp>>;

const OF_A_WORK: [string, (world: World, by: Actor, workId: string) => Promise<unknown>][] = [
  ['create a chapter', ({ writing }, by, workId) => writing.create(by, workId, 'Two', TEXT)],
  ['import a book', ({ writing }, by, workId) => writing.import(by, workId, { text: '# Two\n\nHe came.', format: 'markdown' })],
];
describe.each(OF_A_WORK)('To %s', (_, write) => {
  it('takes somebody who writes the work', async () => {
    const world = await setUp();
    for (const by of [eve, app]) await expect(write(world, by, world.workId)).rejects.toMatchObject({ code: 'not-your-work' });
    await expect(write(world, ann, NOWHERE)).rejects.toMatchObject({ code: 'work-not-found' });
    const hidden = await setUp({ isPublic: false });
    await expect(write(hidden, eve, hidden.workId)).rejects.toMatchObject({ code: 'work-not-found' });
    expect([world.tables.chapters.all().length, hidden.tables.chapters.all().length]).toEqual([1, 1]);
  });

  it('adds it at the end', async () => {
    const world = await setUp();
    await write(world, ann, world.workId);
    expect([world.order(), world.recorded()]).toEqual([['One', 'Two'], ['ChapterCreated']]);
  });
});

const OF_A_CHAPTER: [string, (world: World, by: Actor, id: string, expected?: number) => Promise<unknown>][] = [
  ['save a chapter', ({ writing }, by, id, expected) => writing.save(by, id, expected, { text: { markdown: 'Dark.' } })],
  ['move a chapter', ({ writing }, by, id, expected) => writing.move(by, id, expected, null)],
  ['publish a chapter', ({ writing }, by, id, expected) => writing.publish(by, id, expected)],
  ['unpublish a chapter', ({ writing }, by, id, expected) => writing.unpublish(by, id, expected)],
];
describe.each(OF_A_CHAPTER)('To %s', (_, write) => {
  it('takes somebody who writes its work', async () => {
    const world = await setUp();
    const before = world.stored();
    for (const by of [eve, app])
      await expect(write(world, by, world.chapterId)).rejects.toMatchObject({ code: 'not-your-chapter' });
    await expect(write(world, ann, NOWHERE)).rejects.toMatchObject({ code: 'chapter-not-found' });
    const hidden = await setUp({ isPublic: false });
    await expect(write(hidden, eve, hidden.chapterId)).rejects.toMatchObject({ code: 'chapter-not-found' });
    expect([world.stored(), world.recorded()]).toEqual([before, []]);
  });

  it('takes the version that the chapter has now', async () => {
    const world = await setUp();
    const before = world.stored();
    await expect(write(world, ann, world.chapterId, 7)).rejects.toMatchObject({ code: 'changed-meanwhile' });
    expect([world.stored(), world.recorded()]).toEqual([before, []]);
  });
});

describe('An author who creates a chapter', () => {
  it.each([
    ['an empty title', ' ', TEXT, 'title-missing'],
    ['a title that is too long', 'x'.repeat(201), TEXT, 'title-too-long'],
    ['a text that is too long', 'Two', TOO_LONG, 'chapter-too-long'],
  ])('is refused %s', async (_, title, text, code) => {
    const { writing, workId, tables } = await setUp();
    await expect(writing.create(ann, workId, title, text)).rejects.toMatchObject({ code });
    expect([tables.chapters.all().length, tables.revisions.all().length]).toEqual([1, 1]);
  });
});

describe('An author who imports a book', () => {
  it('gets all of its chapters, in order', async () => {
    const { writing, workId, order } = await setUp();
    const text = '# Two\n\nHe came.\n\n# Three\n\nHe left.';
    const imported = await writing.import(ann, workId, { text, format: 'markdown' });
    expect(imported.chapters).toMatchObject([
      { title: 'Two', blocks: 1 },
      { title: 'Three', blocks: 1 },
    ]);
    expect(order()).toEqual(['One', 'Two', 'Three']);
  });

  it.each([
    ['a file without text', ' \n', 'nothing-to-import'],
    ['too many chapters', '# One\n\nx\n\n'.repeat(6_001), 'too-many-chapters'],
    ['a chapter that is too long', `# One\n\nx\n\n# Two\n\n${TOO_LONG.markdown}`, 'chapter-too-long'],
    ['a title that is too long', `# One\n\nx\n\n# ${'x'.repeat(201)}\n\nx`, 'title-too-long'],
  ])('is refused %s, and gets no chapter', async (_, text, code) => {
    const { writing, workId, tables } = await setUp();
    await expect(writing.import(ann, workId, { text, format: 'markdown' })).rejects.toMatchObject({ code });
    expect(tables.chapters.all()).toHaveLength(1);
  });
});

describe('An author who saves a chapter', () => {
  it('makes a revision, which readers do not see, and none of a text that is stored already', async () => {
    const { writing, chapterId, stored, chapters, recorded } = await setUp();
    const text = { markdown: 'The lamp burned low.\n\nNobody came.' };
    const saved = await writing.save(ann, chapterId, stored().version, { title: 'One again', text });
    expect(saved).toMatchObject({ revision: 2, version: 3, changes: [{ change: 'edited' }] });
    expect(await chapters.summary(chapterId)).toMatchObject({ head: 2, revision: 1 });
    expect(await writing.save(ann, chapterId, 3, { text })).toEqual({ revision: 2, version: 3, changes: [] });
    expect(recorded()).toEqual(['ChapterSaved']);
  });

  it.each([
    ['an empty title', { title: ' ' }, 'title-missing'],
    ['a title that is too long', { title: 'x'.repeat(201) }, 'title-too-long'],
    ['a text that is too long', { text: TOO_LONG }, 'chapter-too-long'],
  ])('is refused %s', async (_, change, code) => {
    const { writing, chapterId, tables } = await setUp();
    await expect(writing.save(ann, chapterId, undefined, change)).rejects.toMatchObject({ code });
    expect(tables.revisions.all()).toHaveLength(1);
  });

  it('is refused when the version that was read changes while the text is aligned', async () => {
    const { writing, chapterId, stored } = await setUp();
    const { version } = stored();
    const both = await Promise.allSettled(
      ['Dark.', 'Light.'].map((markdown) => writing.save(ann, chapterId, version, { text: { markdown } })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'changed-meanwhile' } });
  });

  it('has both texts stored when no version is named: the later one is aligned again', async () => {
    const { writing, chapterId, stored } = await setUp();
    await Promise.all(['Dark.', 'Light.'].map((markdown) => writing.save(ann, chapterId, undefined, { text: { markdown } })));
    expect(stored()).toMatchObject({ headRevision: 3 });
  });
});

describe('An author who moves a chapter', () => {
  it('puts it in front or behind another one', async () => {
    const { writing, workId, chapterId, order } = await setUp();
    const two = await writing.create(ann, workId, 'Two', TEXT);
    await writing.move(ann, two, 1, null);
    expect(order()).toEqual(['Two', 'One']);
    await writing.move(ann, two, 2, chapterId);
    expect(order()).toEqual(['One', 'Two']);
  });

  it('is refused a place behind a chapter of another work, behind none, and behind itself', async () => {
    const { writing, works, chapterId } = await setUp();
    const other = await works.create(ann, { title: 'The Well', language: 'en' });
    const elsewhere = await writing.create(ann, other, 'One', TEXT);
    for (const after of [elsewhere, NOWHERE, chapterId])
      await expect(writing.move(ann, chapterId, undefined, after)).rejects.toMatchObject({ code: 'chapter-not-in-work' });
  });
});

describe('An author who publishes a chapter', () => {
  it('is told the revision that readers see and the version that the chapter has now', async () => {
    const { writing, chapterId, chapters, recorded } = await setUp({ isPublic: false });
    expect(await writing.publish(ann, chapterId, 1)).toEqual({ revision: 1, version: 2 });
    await writing.save(ann, chapterId, 2, { text: { markdown: 'Dark.' } });
    expect(await writing.publish(ann, chapterId, 3, 2)).toEqual({ revision: 2, version: 4 });
    expect(await chapters.publications(chapterId)).toEqual([1, 2]);
    expect(recorded()).toEqual(['ChapterPublished', 'ChapterSaved', 'ChapterPublished']);
  });

  it('is refused the revision that is published, one that is not there, and one without text', async () => {
    const { writing, chapterId, recorded } = await setUp();
    const refused = (revision?: number) => expect(writing.publish(ann, chapterId, undefined, revision)).rejects;
    await refused().toMatchObject({ code: 'already-published', details: { revision: 1 } });
    for (const revision of [0, -1, 2]) await refused(revision).toMatchObject({ code: 'revision-not-found' });
    await writing.save(ann, chapterId, undefined, { text: { markdown: '***' } });
    await refused().toMatchObject({ code: 'nothing-to-publish' });
    expect(recorded()).toEqual(['ChapterSaved']);
  });
});

describe('An author who unpublishes a chapter', () => {
  it('hides every revision that was published, until one is published again', async () => {
    const { writing, chapterId, chapters } = await setUp();
    await writing.unpublish(ann, chapterId, 2);
    expect([await chapters.readableRevisions(chapterId), (await chapters.summary(chapterId))?.revision]).toEqual([[], null]);
    await writing.publish(ann, chapterId, 3);
    expect([await chapters.readableRevisions(chapterId), await chapters.publications(chapterId)]).toEqual([[1], [1, 1]]);
  });

  it('is refused one that is not published', async () => {
    const { writing, chapterId } = await setUp({ isPublic: false });
    await expect(writing.unpublish(ann, chapterId, undefined)).rejects.toMatchObject({ code: 'not-published' });
  });
});
