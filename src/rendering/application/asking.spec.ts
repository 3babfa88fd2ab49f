/** Every refusal of what people ask of rendering: a film, its settings, its script, its lexicon, and what it would take. */
import { accountActor, type Actor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryRendering } from '../index.in-memory.js';
import type { Supposed } from './wishes.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const eve = accountActor({ id: 'eve', role: 'author' });
const root = accountActor({ id: 'root', role: 'admin' });
const NOWHERE = '00000000-0000-7000-8000-000000000000';
const TOOLS = { picture: 'p', fitting: 'f', sound: 's', studio: 'a' };

/** Ann's work of one published chapter, and a draft of hers beside it. */
async function setUp({ language = 'en', markdown = 'The lamp burned.\n\nNobody came.' } = {}) {
  const unitOfWork = new InMemoryUnitOfWork();
  const world = inMemoryRendering(unitOfWork);
  const { works, writing, chapters } = world;
  const workId = await works.create(ann, { title: 'The Lamp', language });
  const chapterId = await writing.create(ann, workId, 'One', { markdown });
  await writing.publish(ann, chapterId, undefined);
  const other = await works.create(ann, { title: 'The Well', language });
  const draftId = await writing.create(ann, other, 'One', { markdown });
  const [block] = await chapters.blocks(chapterId, 1);
  unitOfWork.events.length = 0;
  return { ...world, unitOfWork, workId, chapterId, draftId, draftWorkId: other, block: block.id };
}
type World = Awaited<ReturnType<typeof setUp>>;

const OF_A_CHAPTER: [string, (world: World, by: Actor, chapterId: string) => Promise<unknown>][] = [
  ['ask for a film', ({ requesting }, by, id) => requesting.request(by, id, {})],
  ['ask what a film would take', ({ foreseeing }, by, id) => foreseeing.foresee(by, id, {})],
  ['set the script of a block', ({ scripting, block }, by, id) => scripting.put(by, id, block, undefined, { skip: true })],
  ['change the script of a block', ({ scripting, block }, by, id) => scripting.change(by, id, block, undefined, { skip: true })],
  ['take a block out of the script', ({ scripting, block }, by, id) => scripting.remove(by, id, block, undefined)],
];
describe.each(OF_A_CHAPTER)('To %s', (_, ask) => {
  it('takes somebody who works on the chapter: others learn no more than they may read', async () => {
    const world = await setUp();
    for (const by of [eve, root])
      await expect(ask(world, by, world.chapterId)).rejects.toMatchObject({ code: 'not-your-chapter' });
    await expect(ask(world, eve, world.draftId)).rejects.toMatchObject({ code: 'chapter-not-found' });
    await expect(ask(world, ann, NOWHERE)).rejects.toMatchObject({ code: 'chapter-not-found' });
    expect([world.renditions.rows.all(), world.scripts.rows.all(), world.unitOfWork.jobs]).toEqual([[], [], []]);
  });
});

const OF_A_WORK: [string, (world: World, by: Actor, workId: string) => Promise<unknown>][] = [
  ['set how its chapters are filmed', ({ requesting }, by, id) => requesting.set(by, id, undefined, { onPublish: true })],
  ['set its lexicon', ({ scripting }, by, id) => scripting.pronounce(by, id, undefined, [{ written: 'Aoife', spoken: 'Eefa' }])],
  ['upload a picture', ({ scripting }, by, id) => scripting.addPicture(by, id, Buffer.from('x'))],
  ['remove a picture', ({ scripting }, by, id) => scripting.removePicture(by, id, 'f'.repeat(64))],
];
describe.each(OF_A_WORK)('To %s', (_, ask) => {
  it('takes somebody who works on the work: others learn no more than they may read', async () => {
    const world = await setUp();
    for (const by of [eve, root]) await expect(ask(world, by, world.workId)).rejects.toMatchObject({ code: 'not-your-work' });
    await expect(ask(world, eve, world.draftWorkId)).rejects.toMatchObject({ code: 'work-not-found' });
    await expect(ask(world, ann, NOWHERE)).rejects.toMatchObject({ code: 'work-not-found' });
    expect([world.settings.rows.all(), world.storage.held.all()]).toEqual([[], []]);
  });
});

const VOICES: [string, string, string][] = [
  ['a voice that is not there', 'nobody:rms', 'unknown-voice'],
  ['a voice of a speech server that is not set up', 'api:af_heart', 'voice-not-installed'],
  ['a voice of another language', 'flite:rms', 'voice-speaks-other-languages'],
];

describe('An author who asks for a film', () => {
  it('has it recorded and planned by a worker, and gets the same one for the same wish', async () => {
    const { requesting, chapterId, unitOfWork, renditions } = await setUp();
    const [first, second] = await Promise.all([requesting.request(ann, chapterId, {}), requesting.request(ann, chapterId, {})]);
    expect([first.isNew, second]).toEqual([true, { id: first.id, isNew: false }]);
    expect(renditions.rows.get(first.id)).toMatchObject({ revision: 1, requestedBy: 'ann', state: 'planning' });
    expect(unitOfWork.jobs).toMatchObject([{ type: 'PlanRendition', subject: { id: first.id } }]);
  });

  it('is refused one of a chapter that is not published', async () => {
    const { requesting, draftId } = await setUp();
    await expect(requesting.request(ann, draftId, {})).rejects.toMatchObject({ code: 'nothing-to-film' });
  });

  it('is refused a theme that there is not', async () => {
    const { requesting, chapterId } = await setUp();
    await expect(requesting.request(ann, chapterId, { theme: 'neon' })).rejects.toMatchObject({ code: 'unknown-theme' });
  });

  it.each(VOICES)('is refused %s, also as the voice that stands in', async (_, voice, code) => {
    const { requesting, chapterId } = await setUp({ language: 'ga' });
    await expect(requesting.request(ann, chapterId, { voice })).rejects.toMatchObject({ code });
    await expect(requesting.request(ann, chapterId, { fallbackVoice: voice })).rejects.toMatchObject({ code });
  });

  it('is refused one in a language that no voice here speaks', async () => {
    const { requesting, chapterId } = await setUp({ language: 'tlh' });
    await expect(requesting.request(ann, chapterId, {})).rejects.toMatchObject({ code: 'no-voice-for-language' });
  });

  it('is refused more films at once, more minutes in a day, and one film of more than a day has', async () => {
    const { requesting, chapterId, quotas, unitOfWork } = await setUp();
    quotas.ofAnAuthor = { underWay: 1, secondsADay: 3 };
    const refused = (theme: string) => expect(requesting.request(ann, chapterId, { theme })).rejects;
    const { id } = await requesting.request(ann, chapterId, { theme: 'ink' });
    await refused('slate').toMatchObject({ code: 'too-many-under-way' });
    await requesting.cancel(ann, id);
    await refused('slate').toMatchObject({ code: 'too-much-in-a-day' });
    quotas.ofAnAuthor = { underWay: 1, secondsADay: 1 };
    await refused('slate').toMatchObject({ code: 'longer-than-a-days-quota' });
    expect(unitOfWork.jobs).toHaveLength(1);
  });
});

describe('A film under way', () => {
  it('is cancelled once, by somebody who works on it', async () => {
    const { requesting, chapterId, renditions, unitOfWork } = await setUp();
    const { id } = await requesting.request(ann, chapterId, {});
    await expect(requesting.cancel(eve, id)).rejects.toMatchObject({ code: 'rendition-not-found' });
    await expect(requesting.cancel(root, id)).rejects.toMatchObject({ code: 'only-authors-film' });
    await expect(requesting.cancel(ann, NOWHERE)).rejects.toMatchObject({ code: 'rendition-not-found' });
    await requesting.cancel(ann, id);
    await expect(requesting.cancel(ann, id)).rejects.toMatchObject({ code: 'rendition-over' });
    expect(renditions.rows.get(id)).toMatchObject({ state: 'cancelled' });
    expect(unitOfWork.events.map(({ type }) => type)).toEqual(['RenditionChanged', 'RenditionChanged']);
  });

  it('is stopped when its chapter is unpublished', async () => {
    const { requesting, writing, chapterId, renditions } = await setUp();
    const { id } = await requesting.request(ann, chapterId, {});
    await requesting.withdraw(chapterId);
    expect(renditions.rows.get(id)).toMatchObject({ state: 'planning' });
    await writing.unpublish(ann, chapterId, undefined);
    await requesting.withdraw(chapterId);
    expect(renditions.rows.get(id)).toMatchObject({ state: 'cancelled' });
  });
});

describe('The settings of a work', () => {
  it('make a film of each chapter that is published, when they say so', async () => {
    const { requesting, workId, chapterId, renditions } = await setUp();
    await requesting.react(chapterId);
    expect(renditions.rows.all()).toEqual([]);
    expect(await requesting.set(ann, workId, 0, { onPublish: true })).toMatchObject({ onPublish: true, version: 1 });
    await requesting.react(chapterId);
    expect(renditions.rows.all()).toMatchObject([{ requestedBy: null, state: 'planning' }]);
  });

  it('show the refusal as a failed film, because nobody waits for the answer', async () => {
    const { requesting, workId, chapterId, renditions, quotas } = await setUp();
    quotas.ofAnAuthor = { underWay: 0, secondsADay: 60 };
    await requesting.set(ann, workId, undefined, { onPublish: true });
    await requesting.react(chapterId);
    expect(renditions.rows.all()).toMatchObject([{ state: 'failed', failure: expect.stringContaining('under way') }]);
  });

  it('are refused with a theme that there is not, and when they changed meanwhile', async () => {
    const { requesting, workId } = await setUp();
    await expect(requesting.set(ann, workId, 0, { theme: 'neon' })).rejects.toMatchObject({ code: 'unknown-theme' });
    await requesting.set(ann, workId, 0, { onPublish: true });
    await expect(requesting.set(ann, workId, 0, { onPublish: false })).rejects.toMatchObject({ code: 'changed-meanwhile' });
  });
});

describe('The script of a chapter', () => {
  it('is set, changed and taken back block by block', async () => {
    const { scripting, scripts, chapterId, block } = await setUp();
    await scripting.put(ann, chapterId, block, 0, { say: 'A lamp.', pause: 2 });
    await scripting.change(ann, chapterId, block, 1, { pause: null });
    expect(scripts.rows.get(chapterId)).toMatchObject({ version: 2, blocks: { [block]: { say: 'A lamp.' } } });
    await scripting.remove(ann, chapterId, block, 2);
    expect(scripts.rows.get(chapterId)).toMatchObject({ version: 3, blocks: {} });
  });

  const WRONG: [string, object, string][] = [
    ['words without a letter', { say: '…' }, 'nothing-to-say'],
    ['a picture that the work has not', { picture: 'f'.repeat(64) }, 'picture-not-there'],
    ...VOICES.map(([name, voice, code]): [string, object, string] => [name, { voice }, code]),
  ];
  it.each(WRONG)('is refused %s', async (_, entry, code) => {
    const { scripting, scripts, chapterId, block } = await setUp({ language: 'ga' });
    await expect(scripting.put(ann, chapterId, block, 0, entry)).rejects.toMatchObject({ code });
    await expect(scripting.change(ann, chapterId, block, 0, entry)).rejects.toMatchObject({ code });
    expect(scripts.rows.all()).toEqual([]);
  });

  it('is refused when it changed meanwhile', async () => {
    const { scripting, chapterId, block } = await setUp();
    await scripting.put(ann, chapterId, block, 0, { skip: true });
    const refused = { code: 'changed-meanwhile' };
    await expect(scripting.put(ann, chapterId, block, 0, {})).rejects.toMatchObject(refused);
    await expect(scripting.change(ann, chapterId, block, 0, {})).rejects.toMatchObject(refused);
    await expect(scripting.remove(ann, chapterId, block, 0)).rejects.toMatchObject(refused);
  });

  it('is refused a block that the newest revision has not, and takes back only what it has', async () => {
    const { scripting, chapterId, block } = await setUp();
    const refused = { code: 'block-not-there' };
    await expect(scripting.put(ann, chapterId, NOWHERE, 0, { skip: true })).rejects.toMatchObject(refused);
    await expect(scripting.change(ann, chapterId, NOWHERE, 0, { skip: true })).rejects.toMatchObject(refused);
    await expect(scripting.remove(ann, chapterId, NOWHERE, 0)).rejects.toMatchObject(refused);
    await expect(scripting.remove(ann, chapterId, block, 0)).rejects.toMatchObject({ code: 'not-in-script' });
  });

  it('is refused more entries than it holds', async () => {
    const { scripting, scripts, unitOfWork, chapterId, workId, block } = await setUp();
    const blocks = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`block ${i}`, { skip: true }]));
    await unitOfWork.run(() => scripts.rows.put(chapterId, { chapterId, workId, version: 1, blocks }));
    await expect(scripting.put(ann, chapterId, block, 1, { skip: true })).rejects.toMatchObject({ code: 'script-too-long' });
  });

  it('names pictures that were uploaded for the work', async () => {
    const { scripting, storage, workId, chapterId, block } = await setUp();
    const picture = await scripting.addPicture(ann, workId, Buffer.from('a lamp'));
    await scripting.put(ann, chapterId, block, 0, { picture });
    expect(storage.held.all()).toMatchObject([{ sha256: picture }]);
  });

  it('keeps a picture that it shows; any other is removed, once', async () => {
    const { scripting, storage, workId, chapterId, block } = await setUp();
    const picture = await scripting.addPicture(ann, workId, Buffer.from('a lamp'));
    await scripting.put(ann, chapterId, block, 0, { picture });
    const refused = () => expect(scripting.removePicture(ann, workId, picture)).rejects;
    await refused().toMatchObject({ code: 'picture-in-use' });
    await scripting.remove(ann, chapterId, block, 1);
    await scripting.removePicture(ann, workId, picture);
    expect(storage.held.all()).toEqual([]);
    await refused().toMatchObject({ code: 'picture-not-found' });
  });
});

describe('The lexicon of a work', () => {
  const aoife = { written: 'Aoife', spoken: 'Eefa' };

  it('has a new version for each change, and none for the same list', async () => {
    const { scripting, lexicons, workId } = await setUp();
    await scripting.pronounce(ann, workId, 0, [aoife]);
    await scripting.pronounce(ann, workId, 1, [aoife]);
    expect(await lexicons.version(workId, 1)).toMatchObject({ entries: [aoife] });
    expect(await lexicons.version(workId, 2)).toBeUndefined();
  });

  it.each([
    ['an entry that says nothing', [{ written: 'Aoife', spoken: '…' }], 0, 'useless-entry'],
    ['a word that stands there twice', [aoife, { written: 'aoife', spoken: 'Ee fa' }], 0, 'twice-in-lexicon'],
    ['a list that was made for another version', [aoife], 7, 'changed-meanwhile'],
  ])('is refused %s', async (_, entries, expected, code) => {
    const { scripting, lexicons, workId } = await setUp();
    await expect(scripting.pronounce(ann, workId, expected, entries)).rejects.toMatchObject({ code });
    expect(await lexicons.version(workId, 1)).toBeUndefined();
  });
});

describe('An author who asks what a film would take', () => {
  it('is told its scenes and its cost, and nothing is stored', async () => {
    const { foreseeing, chapterId, worker, unitOfWork } = await setUp();
    worker.tools = TOOLS;
    const { scenes, cost } = await foreseeing.foresee(ann, chapterId, {});
    expect(scenes.length).toBeGreaterThan(0);
    expect(cost.sound).toBeGreaterThan(0);
    expect([unitOfWork.events, unitOfWork.jobs]).toEqual([[], []]);
  });

  it('is refused while no worker has told what it would make films with', async () => {
    const { foreseeing, chapterId } = await setUp();
    await expect(foreseeing.foresee(ann, chapterId, {})).rejects.toMatchObject({ code: 'no-worker-yet' });
  });

  it('is refused a chapter without a word', async () => {
    const { foreseeing, chapterId, worker } = await setUp({ markdown: '…' });
    worker.tools = TOOLS;
    await expect(foreseeing.foresee(ann, chapterId, {})).rejects.toMatchObject({ code: 'nothing-to-narrate' });
  });

  it.each<[string, Supposed, string]>([
    ['a revision that is not there', { revision: 7 }, 'revision-not-there'],
    ['a cover that the work has not', { picture: 'f'.repeat(64) }, 'picture-not-there'],
    ['a theme that there is not', { theme: 'neon' }, 'unknown-theme'],
    ['a block that is not there', { script: [{ block: NOWHERE, skip: true }] }, 'block-not-there'],
    ['a lexicon that says nothing', { lexicon: [{ written: 'Aoife', spoken: '…' }] }, 'useless-entry'],
    ...VOICES.map(([name, voice, code]): [string, Supposed, string] => [name, { voice }, code]),
  ])('is refused %s', async (_, supposed, code) => {
    const { foreseeing, chapterId } = await setUp({ language: 'ga' });
    await expect(foreseeing.foresee(ann, chapterId, supposed)).rejects.toMatchObject({ code });
  });

  it('is refused a draft without naming a revision, and told of a draft by its number', async () => {
    const { foreseeing, draftId, worker } = await setUp();
    worker.tools = TOOLS;
    await expect(foreseeing.foresee(ann, draftId, {})).rejects.toMatchObject({ code: 'nothing-to-film' });
    expect(await foreseeing.foresee(ann, draftId, { revision: 1 })).toMatchObject({ wish: { revision: 1 } });
  });
});
