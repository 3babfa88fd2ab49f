/** The promises of the ports of chapters, on PostgreSQL and as the specs of use cases have them. */
import { setTimeout as wait } from 'node:timers/promises';
import { accountActor } from '#libs/kernel/actor';
import { newId } from '#libs/kernel/id';
import { WorkerPool } from '#libs/worker-pool/worker-pool';
import { InMemoryChapters } from '../../src/chapters/application/chapters.in-memory.js';
import type { Chapters } from '../../src/chapters/application/chapters.js';
import type { Anchor } from '../../src/chapters/domain/anchoring.js';
import type { Block } from '../../src/chapters/domain/blocks.js';
import { Chapter } from '../../src/chapters/domain/chapter.js';
import { Invitation } from '../../src/chapters/domain/invitation.js';
import {
  ChapterTables,
  DirectRevisionTexts,
  InMemoryChapterRepository,
  InMemoryErasure,
  InMemoryInvitationRepository,
  InMemoryRevisions,
  InMemoryWorkRepository,
} from '../../src/chapters/domain/ports.in-memory.js';
import type {
  ChapterRepository,
  Erasure,
  InvitationRepository,
  Revisions,
  RevisionTexts,
  WorkRepository,
} from '../../src/chapters/domain/ports.js';
import { Work } from '../../src/chapters/domain/work.js';
import { TypeormErasure } from '../../src/chapters/infrastructure/typeorm-erasure.js';
import { AccessFacts } from '../../src/chapters/infrastructure/access-facts.js';
import { ChapterViews } from '../../src/chapters/infrastructure/chapter-views.js';
import { PooledRevisionTexts } from '../../src/chapters/infrastructure/pooled-revision-texts.js';
import { TypeormChapterRepository, TypeormWorkRepository } from '../../src/chapters/infrastructure/typeorm-chapter.repository.js';
import { TypeormInvitationRepository } from '../../src/chapters/infrastructure/typeorm-invitation.repository.js';
import { TypeormRevisions } from '../../src/chapters/infrastructure/typeorm-revisions.js';
import { type Running, UNITS_OF_WORK } from '../support/units-of-work.js';

const noon = new Date('2026-01-01T12:00:00Z');
const [ann, ed, eve] = (['author', 'reader', 'reader'] as const).map((role) => accountActor({ id: newId(), role }));

interface Repositories {
  works: WorkRepository;
  invitations: InvitationRepository;
  chapters: ChapterRepository;
  revisions: Revisions;
  texts: RevisionTexts;
  reading: Chapters;
  erasure: Erasure;
}

describe.each(UNITS_OF_WORK)('Works and chapters $on', ({ start }) => {
  let running: Running<Repositories>;
  beforeAll(async () => {
    running = await start<Repositories>({
      inMemory: (unitOfWork) => {
        const tables = new ChapterTables(unitOfWork);
        return {
          works: new InMemoryWorkRepository(tables),
          invitations: new InMemoryInvitationRepository(tables),
          chapters: new InMemoryChapterRepository(tables),
          revisions: new InMemoryRevisions(tables),
          texts: new DirectRevisionTexts(),
          reading: new InMemoryChapters(tables),
          erasure: new InMemoryErasure(tables),
        };
      },
      postgres: (transaction) => {
        const [access, pool] = [new AccessFacts(transaction), new WorkerPool()];
        return {
          works: new TypeormWorkRepository(transaction, access),
          invitations: new TypeormInvitationRepository(transaction),
          chapters: new TypeormChapterRepository(transaction, access),
          revisions: new TypeormRevisions(transaction),
          texts: new PooledRevisionTexts(pool),
          reading: new ChapterViews(transaction, access, pool),
          erasure: new TypeormErasure(transaction),
        };
      },
    });
  });
  afterAll(() => running.stop());

  /** Each call is a unit of work of its own. */
  const run = <T>(work: (repositories: Repositories) => Promise<T>): Promise<T> =>
    running.unitOfWork.run(() => work(running.repositories));
  const newWork = async (): Promise<Work> => {
    const { work } = Work.create(ann, { title: 'The Lamp', language: 'en' }, noon);
    await run(({ works }) => works.save(work));
    return work;
  };
  const newChapter = async (workId: string, markdown = 'The lamp burned.\n\nNobody came.'): Promise<Chapter> => {
    const first = await running.repositories.texts.first({ markdown });
    return run(async ({ works, chapters, revisions }) => {
      const [rank] = (await works.order(workId)).append(1);
      const { chapter } = Chapter.create(ann, { workId, title: 'One', rank }, noon);
      await chapters.save(chapter);
      const revision = { chapterId: chapter.id, number: 1, parent: null, title: 'One', authorId: ann.id, createdAt: noon };
      await revisions.add({ ...revision, text: first });
      return chapter;
    });
  };
  const revised = async (chapter: Chapter, markdown: string, title = 'One'): Promise<void> => {
    const head = (await running.repositories.revisions.head(chapter.id))!;
    const text = await running.repositories.texts.revise(head, { markdown });
    await run(async ({ chapters, revisions }) => {
      const { revision: number } = chapter.save(ann, undefined, head.revision, title, noon).data;
      const parent = head.revision;
      await revisions.add({ chapterId: chapter.id, number, parent, title, authorId: ann.id, createdAt: noon, text });
      await chapters.save(chapter);
    });
  };
  const published = (chapter: Chapter, revision?: number): Promise<void> =>
    run(async ({ chapters }) => {
      const { data } = chapter.publish(ann, undefined, revision, true, noon);
      await chapters.save(chapter);
      await chapters.recordPublication(chapter.id, data.revision, noon);
    });
  const unpublished = (chapter: Chapter): Promise<void> =>
    run(async ({ chapters }) => {
      chapter.unpublish(ann, undefined, noon);
      await chapters.save(chapter);
      await chapters.recordRetraction(chapter.id, noon);
    });

  it('give back a work with its members as it was saved last', async () => {
    const work = await newWork();
    work.admit(ed.id, 'editor', noon);
    work.admit(eve.id, 'moderator', noon);
    await run(({ works }) => works.save(work));
    work.removeMember(ann, eve.id);
    work.changeMemberRole(ann, ed.id, 'beta-reader');
    work.update(ann, 1, { summary: 'A light.' });
    await run(({ works }) => works.save(work));
    const { members, ...stored } = (await run(({ works }) => works.get(work.id))).snapshot();
    const { members: _, ...saved } = work.snapshot();
    expect(stored).toMatchObject(saved);
    expect(members).toMatchObject([{ accountId: ed.id, role: 'beta-reader', joinedAt: noon }]);
  });

  it('refuse what is not there', async () => {
    await expect(run(({ works }) => works.get(newId()))).rejects.toMatchObject({ code: 'work-not-found' });
    await expect(run(({ works }) => works.order(newId()))).rejects.toMatchObject({ code: 'work-not-found' });
    await expect(run(({ chapters }) => chapters.get(newId()))).rejects.toMatchObject({ code: 'chapter-not-found' });
    await expect(run(({ chapters }) => chapters.workOf(newId()))).rejects.toMatchObject({ code: 'chapter-not-found' });
    await expect(run(({ invitations }) => invitations.get(newId()))).rejects.toMatchObject({ code: 'invitation-not-found' });
    expect(await run(({ revisions }) => revisions.head(newId()))).toBeUndefined();
    expect(await run(({ revisions }) => revisions.length(newId(), 1))).toBeUndefined();
  });

  it('tell the policy the role of an actor, and whether everybody may read', async () => {
    const work = await newWork();
    const chapter = await newChapter(work.id);
    work.admit(ed.id, 'editor', noon);
    await run(({ works }) => works.save(work));
    const facts = () =>
      Promise.all(
        [ann, ed, eve, undefined].map((actor) =>
          run(async ({ works, chapters }) => [await works.facts(work.id, actor), await chapters.facts(chapter.id, actor)]),
        ),
      );
    const roles = ['owner', 'editor', null, null];
    expect(await facts()).toMatchObject(roles.map((role) => [0, 1].map(() => ({ role, isPublic: false }))));
    await published(chapter);
    expect(await facts()).toMatchObject(roles.map((role) => [0, 1].map(() => ({ role, isPublic: true }))));
    expect(await run(({ works }) => works.facts(newId(), ann))).toBeUndefined();
    expect(await run(({ chapters }) => chapters.facts(newId(), ann))).toBeUndefined();
  });

  it('have their chapters in order, whatever order they were saved in', async () => {
    const { id: workId } = await newWork();
    const [one, two, three] = [await newChapter(workId), await newChapter(workId), await newChapter(workId)];
    await run(async ({ works, chapters }) => {
      const order = await works.order(workId);
      three.move(ann, undefined, order, null, noon);
      await chapters.save(three);
      await chapters.saveRanks(order.changes());
    });
    const order = await run(({ works }) => works.order(workId));
    // moving the last one behind itself moves nothing, so the order shows in the ranks
    const ranks = [three, one, two].map((chapter) => chapter.snapshot().rank);
    expect([...ranks].sort()).toEqual(ranks);
    expect(order.append(1)[0] > ranks[2]).toBe(true);
    await run(({ chapters }) => chapters.saveRanks([{ id: one.id, rank: 'zz' }]));
    expect((await run(({ chapters }) => chapters.get(one.id))).snapshot().rank).toBe('zz');
  });

  it('give each chapter its turn: who appends waits for who appends', async () => {
    const { id: workId } = await newWork();
    const ranks = await Promise.all(
      [1, 2, 3].map(() =>
        run(async ({ works, chapters }) => {
          const [rank] = (await works.order(workId)).append(1);
          await wait(10);
          await chapters.save(Chapter.create(ann, { workId, title: 'One', rank }, noon).chapter);
          return rank;
        }),
      ),
    );
    expect(new Set(ranks).size).toBe(3);
  });

  it('store each text once, and know the newest revision and every text of the past', async () => {
    const { id: workId } = await newWork();
    const chapter = await newChapter(workId);
    await revised(chapter, 'The lamp burned low.\n\nNobody came.', 'Once more');
    const head = (await run(({ revisions }) => revisions.head(chapter.id)))!;
    const blocks = JSON.parse(head.blocks) as Block[];
    expect(head).toMatchObject({ chapterId: chapter.id, title: 'Once more', version: 2, revision: 2, language: 'en' });
    expect(blocks.map(({ text }) => text)).toEqual(['The lamp burned low.', 'Nobody came.']);
    const history = JSON.parse(head.history) as { id: string }[];
    expect(history.map(({ id }) => id)).toEqual([blocks[0].id, blocks[0].id, blocks[1].id].sort());
    expect(await run(({ revisions }) => revisions.length(chapter.id, 1))).toBe(28);
    expect(await run(({ revisions }) => revisions.length(chapter.id, 3))).toBeUndefined();
  });

  it('tell other modules of a chapter what is published, and what can be read', async () => {
    const { id: workId } = await newWork();
    const chapter = await newChapter(workId);
    const { reading } = running.repositories;
    const state = async () => ({
      summary: await reading.summary(chapter.id),
      publications: await reading.publications(chapter.id),
      readable: (await reading.readableRevisions(chapter.id)).sort(),
    });
    const about = { id: chapter.id, workId, authorId: ann.id, language: 'en' };
    expect(await state()).toEqual({
      summary: { ...about, head: 1, revision: null, publication: 0 },
      publications: [],
      readable: [],
    });
    await published(chapter);
    await revised(chapter, 'Dark.', 'Two');
    await published(chapter);
    await published(chapter, 1);
    expect(await state()).toEqual({
      summary: { ...about, head: 2, revision: 1, publication: 3 },
      publications: [1, 2, 1],
      readable: [1, 2],
    });
    await unpublished(chapter);
    expect(await state()).toMatchObject({ summary: { revision: null, publication: 3 }, readable: [] });
    await published(chapter, 2);
    expect(await state()).toMatchObject({ summary: { revision: 2 }, publications: [1, 2, 1, 2], readable: [2] });
    expect([await reading.title(chapter.id, 1), await reading.title(chapter.id, 2)]).toEqual(['One', 'Two']);
    await expect(reading.title(chapter.id, 3)).rejects.toMatchObject({ code: 'revision-not-found' });
    expect([await reading.summary(newId()), await reading.blocks(newId(), 1), await reading.cover(newId())]).toEqual([
      undefined,
      [],
      null,
    ]);
  });

  it('decide for other modules by the same policy', async () => {
    const { id: workId } = await newWork();
    const { id } = await newChapter(workId);
    const { reading } = running.repositories;
    expect(await reading.can(ann, 'work:write', workId)).toBe(true);
    expect(await reading.can(eve, 'chapter:write', id)).toBe(false);
    expect(await reading.can(ann, 'chapter:write', newId())).toBe(false);
    await reading.authorize(ann, 'chapter:write', id);
    await expect(reading.authorize(eve, 'chapter:write', id)).rejects.toMatchObject({ code: 'chapter-not-found' });
    await expect(reading.authorize(ann, 'work:write', newId())).rejects.toMatchObject({ code: 'work-not-found' });
  });

  it('quote a block of what readers see or saw, and nothing else', async () => {
    const chapter = await newChapter((await newWork()).id);
    const { reading } = running.repositories;
    const [lamp, nobody] = await reading.blocks(chapter.id, 1);
    const quote = (at: { block?: string; quote?: { exact: string; start?: number }; revision?: number }) =>
      reading.quote(chapter.id, { block: lamp.id.toUpperCase(), ...at });
    expect(await quote({})).toBeUndefined();
    await published(chapter);
    await revised(chapter, 'The lamp burned low.');
    await published(chapter);
    expect(await quote({ quote: { exact: 'lamp' } })).toMatchObject({
      chapter: { revision: 2, publication: 2 },
      revision: 2,
      text: 'The lamp burned low.',
      anchor: { block: lamp.id, status: 'anchored', span: { start: 4, end: 8 } },
    });
    expect(await quote({ revision: 1, block: nobody.id })).toMatchObject({ revision: 1, text: 'Nobody came.' });
    await expect(quote({ block: nobody.id })).rejects.toMatchObject({ code: 'block-not-in-revision' });
    await expect(quote({ revision: 7 })).rejects.toMatchObject({ code: 'revision-not-published' });
    await expect(quote({ quote: { exact: 'candle' } })).rejects.toMatchObject({ code: 'quote-not-in-block' });
    await unpublished(chapter);
    expect(await quote({})).toBeUndefined();
  });

  it('transfer anchors from one revision to another, forth and back', async () => {
    const chapter = await newChapter((await newWork()).id);
    await revised(chapter, 'The old lamp burned.');
    const { reading } = running.repositories;
    const [lamp, nobody] = await reading.blocks(chapter.id, 1);
    const anchors: Anchor[] = [
      {
        block: lamp.id,
        status: 'anchored',
        quote: { exact: 'lamp', prefix: 'The ', suffix: ' burned.' },
        span: { start: 4, end: 8 },
      },
      { block: nobody.id, status: 'anchored' },
    ];
    const later = await reading.transferAnchors(chapter.id, 1, 2, anchors);
    expect(later).toMatchObject([{ span: { start: 8, end: 12 } }, { status: 'detached' }]);
    expect(await reading.transferAnchors(chapter.id, 2, 1, later)).toMatchObject([
      { span: { start: 4, end: 8 } },
      { block: nobody.id, status: 'edited' },
    ]);
    expect(await reading.transferAnchors(chapter.id, 1, 2, [])).toEqual([]);
  });

  it('give back an invitation as it was saved last, and count those that can still be accepted', async () => {
    const { id: workId } = await newWork();
    const invited = () => Invitation.create(ann, { workId, role: 'editor', inviteeId: ed.id }, 0, noon).invitation;
    const [open, over] = [invited(), invited()];
    over.decline(ed, undefined, noon);
    for (const one of [open, over]) await run(({ invitations }) => invitations.save(one));
    expect((await run(({ invitations }) => invitations.get(over.id))).snapshot()).toMatchObject(over.snapshot());
    const inDays = (days: number): Date => new Date(noon.getTime() + days * 86_400_000);
    const count = (now: Date): Promise<number> => run(({ invitations }) => invitations.countOpen(workId, now));
    expect([await count(noon), await count(inDays(13)), await count(inDays(14))]).toEqual([1, 1, 0]);
  });

  it('know what an account owns, is a member of, and has invitations to', async () => {
    const [owner, member] = [accountActor({ id: newId(), role: 'author' }), newId()];
    const owned = async (title: string): Promise<Work> => {
      const { work } = Work.create(owner, { title, language: 'en' }, noon);
      await run(({ works }) => works.save(work));
      return work;
    };
    const [alone, shared, binned] = [await owned('Alone'), await owned('Shared'), await owned('Binned')];
    shared.admit(member, 'editor', noon);
    binned.delete(owner, undefined, [], noon);
    for (const work of [shared, binned]) await run(({ works }) => works.save(work));
    await newChapter(alone.id);
    const state = (title: string, more: object) => ({ title, isDeleted: false, isShared: false, members: 0, ...more });
    expect(await run(({ works }) => works.ownedBy(owner.id))).toMatchObject([
      state('Binned', { isDeleted: true }),
      state('Shared', { isShared: true, members: 1 }),
      state('Alone', {}),
    ]);
    expect(await run(({ works }) => works.withMember(member))).toEqual([shared.id]);
    const details = { workId: shared.id, role: 'editor' as const, inviteeId: member };
    const { invitation } = Invitation.create(owner, details, 0, noon);
    await run(({ invitations }) => invitations.save(invitation));
    for (const id of [owner.id, member]) expect(await run(({ invitations }) => invitations.openOf(id))).toEqual([invitation.id]);
    invitation.revoke(owner);
    await run(({ invitations }) => invitations.save(invitation));
    expect(await run(({ invitations }) => invitations.openOf(member))).toEqual([]);
  });

  it('are shown, due and gone as their time in the bin passes', async () => {
    const at = (day: number): Date => new Date(Date.UTC(2001, 0, day)); // long before every other test
    const work = await newWork();
    const [first, second] = [await newChapter(work.id), await newChapter(work.id)];
    for (const chapter of [first, second]) await published(chapter);
    expect((await run(({ chapters }) => chapters.publishedOf(work.id))).sort()).toEqual([first.id, second.id].sort());
    second.delete(ann, undefined, at(1));
    first.delete(ann, undefined, at(2));
    for (const chapter of [first, second]) await run(({ chapters }) => chapters.save(chapter));
    expect(await run(({ chapters }) => chapters.publishedOf(work.id))).toEqual([]);
    const due = (day: number, limit = 10) => run(({ erasure }) => erasure.dueChapters(at(day), limit));
    expect([await due(30), await due(31), await due(32), await due(32, 1)]).toEqual([
      [],
      [second.id],
      [second.id, first.id],
      [second.id],
    ]);
    await run(({ erasure }) => erasure.removeChapter(second.id));
    expect(await run(({ erasure }) => erasure.chaptersOf(work.id, 10))).toEqual([first.id]);
    await expect(run(({ chapters }) => chapters.get(second.id))).rejects.toMatchObject({ code: 'chapter-not-found' });
    expect(await running.repositories.reading.publications(second.id)).toEqual([]);
    await run(({ erasure }) => erasure.removeChapter(first.id));
    await run(({ erasure }) => erasure.removeWork(work.id));
    await expect(run(({ works }) => works.get(work.id))).rejects.toMatchObject({ code: 'work-not-found' });
    expect(await run(({ erasure }) => erasure.worksOf(ann.id))).not.toContain(work.id);
  });
});
