import { accountActor } from '#libs/kernel/actor';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { AlreadyPublished, Chapter, NothingToPublish, NotPublished, RevisionNotFound } from './chapter.js';
import { ReadingOrder } from './reading-order.js';
import { LanguageUnknown, SummaryTooLong, TitleMissing, TitleTooLong, Work } from './work.js';

const noon = new Date('2026-01-01T12:00:00Z');
const ann = accountActor({ id: 'ann', role: 'author' });
const begun = (): Chapter => Chapter.create(ann, { workId: 'w', title: 'One', rank: 'a' }, noon).chapter;

describe('A work', () => {
  it('is changed against the version that was read', () => {
    const { work, created } = Work.create(ann, { title: ' The  Lamp ', language: 'en' }, noon);
    expect(created).toMatchObject({ type: 'WorkCreated', subject: { kind: 'work', id: work.id }, data: { ownerId: 'ann' } });
    expect(work.snapshot()).toMatchObject({ title: 'The Lamp', ownerId: 'ann', version: 1 });
    expect(work.update(ann, 1, { title: 'The Lantern' })).toMatchObject({ type: 'WorkUpdated', data: { changed: ['title'] } });
    expect(work.snapshot()).toMatchObject({ title: 'The Lantern', version: 2 });
    expect(() => work.update(ann, 1, { title: 'Late' })).toThrow(ChangedMeanwhile);
  });

  it('keeps within its limits', () => {
    const begin = (change: object) => () => Work.create(ann, { title: 'x', language: 'en', ...change }, noon);
    expect(begin({ title: ' \n ' })).toThrow(TitleMissing);
    expect(begin({ title: 'x'.repeat(201) })).toThrow(TitleTooLong);
    expect(begin({ summary: 'x'.repeat(4_001) })).toThrow(SummaryTooLong);
    expect(begin({ language: 'English' })).toThrow(LanguageUnknown);
  });
});

describe('A chapter', () => {
  it('shows the published revision while its author goes on writing', () => {
    const chapter = begun();
    expect(chapter.publish(ann, 1, undefined, true, noon)).toMatchObject({ type: 'ChapterPublished', data: { revision: 1 } });
    expect(chapter.save(ann, 2, 1, 'One', noon)).toMatchObject({ type: 'ChapterSaved', data: { revision: 2 } });
    expect(chapter.snapshot()).toMatchObject({ status: 'published', publishedRevision: 1, headRevision: 2 });
  });

  it('returns an event for each change', () => {
    const { chapter, created } = Chapter.create(ann, { workId: 'w', title: 'One', rank: 'a' }, noon);
    expect(created).toMatchObject({ type: 'ChapterCreated', about: [chapter.id, 'w'], data: { authorId: 'ann' } });
    const order = new ReadingOrder([{ id: chapter.id, rank: 'a' }]);
    expect(chapter.move(ann, 1, order, null, noon)).toMatchObject({ type: 'ChapterMoved', data: { by: 'ann' } });
  });

  it('can publish each revision once, and only one that exists and has text', () => {
    const chapter = begun();
    expect(() => chapter.publish(ann, undefined, 2, true, noon)).toThrow(RevisionNotFound);
    expect(() => chapter.publish(ann, undefined, 1, false, noon)).toThrow(NothingToPublish);
    chapter.publish(ann, undefined, 1, true, noon);
    expect(() => chapter.publish(ann, undefined, 1, true, noon)).toThrow(AlreadyPublished);
    chapter.unpublish(ann, undefined, noon);
    expect(() => chapter.unpublish(ann, undefined, noon)).toThrow(NotPublished);
    expect(chapter.publish(ann, undefined, 1, true, noon)).toMatchObject({ data: { revision: 1 } });
  });

  it('is changed against the version that was read', () => {
    const chapter = begun();
    chapter.save(ann, 1, 1, 'One', noon);
    expect(() => chapter.save(ann, 1, 2, 'One', noon)).toThrow(ChangedMeanwhile);
    expect(() => chapter.save(ann, undefined, 1, 'One', noon)).toThrow(ChangedMeanwhile); // aligned with an older head
  });
});
