/** The promises of the ports of what people ask of rendering, on PostgreSQL and as the specs of use cases have them. */
import { newId } from '#libs/kernel/id';
import {
  InMemoryLexiconRepository,
  InMemoryPictures,
  InMemoryRenditionRepository,
  InMemoryScriptRepository,
  InMemorySettingsRepository,
} from '../../src/rendering/domain/ports.in-memory.js';
import type {
  LexiconRepository,
  Pictures,
  RenditionRepository,
  ScriptRepository,
  SettingsRepository,
} from '../../src/rendering/domain/ports.js';
import { Rendition, type Wish } from '../../src/rendering/domain/rendition.js';
import { TypeormRenditions, TypeormSettings } from '../../src/rendering/infrastructure/typeorm-renditions.js';
import { StoredPictures, TypeormLexicons, TypeormScripts } from '../../src/rendering/infrastructure/typeorm-scripts.js';
import { type Running, UNITS_OF_WORK } from '../support/units-of-work.js';

interface Repositories {
  renditions: RenditionRepository;
  settings: SettingsRepository;
  scripts: ScriptRepository;
  lexicons: LexiconRepository;
  pictures: Pictures;
}

describe.each(UNITS_OF_WORK)('What is asked of rendering $on', ({ start }) => {
  let running: Running<Repositories>;
  let now: Date;
  beforeAll(async () => {
    running = await start<Repositories>({
      inMemory: (unitOfWork) => {
        unitOfWork.now = new Date(); // films are counted back from the present time
        const scripts = new InMemoryScriptRepository(unitOfWork);
        return {
          renditions: new InMemoryRenditionRepository(unitOfWork),
          settings: new InMemorySettingsRepository(unitOfWork),
          scripts,
          lexicons: new InMemoryLexiconRepository(unitOfWork),
          pictures: new InMemoryPictures(unitOfWork, scripts),
        };
      },
      postgres: (transaction) => ({
        renditions: new TypeormRenditions(transaction),
        settings: new TypeormSettings(transaction),
        scripts: new TypeormScripts(transaction),
        lexicons: new TypeormLexicons(transaction),
        pictures: new StoredPictures(transaction),
      }),
    });
    now = new Date();
  });
  afterAll(() => running.stop());

  /** Each call is a unit of work of its own. */
  const run = <T>(work: (repositories: Repositories) => Promise<T>): Promise<T> =>
    running.unitOfWork.run(() => work(running.repositories));
  const aWish = (more: Partial<Wish> = {}): Wish => ({
    chapterId: newId(),
    workId: newId(),
    authorId: newId(),
    revision: 1,
    title: 'One',
    language: 'en',
    voice: 'flite:rms',
    fallbackVoice: null,
    theme: 'ink',
    cover: null,
    script: {},
    lexicon: 0,
    expectedSeconds: 30,
    ...more,
  });
  const requested = async (wish: Wish, at = now): Promise<Rendition> => {
    const rendition = Rendition.request(wish, null, at);
    await run(({ renditions }) => renditions.save(rendition));
    return rendition;
  };

  it('is a film, given back as it was saved last, and found by its wish and its chapter while it is under way', async () => {
    const wish = aWish();
    expect(await run(({ renditions }) => renditions.ofWish(wish))).toBeUndefined();
    const film = await requested(wish);
    expect((await run(({ renditions }) => renditions.get(film.id))).snapshot()).toMatchObject(film.snapshot());
    expect((await run(({ renditions }) => renditions.ofWish(wish)))?.id).toBe(film.id);
    expect(await run(({ renditions }) => renditions.underWay(wish.chapterId))).toEqual([film.id]);
    film.cancel(now);
    await run(({ renditions }) => renditions.save(film));
    expect(await run(({ renditions }) => renditions.ofWish(wish))).toBeUndefined();
    expect(await run(({ renditions }) => renditions.underWay(wish.chapterId))).toEqual([]);
    await expect(run(({ renditions }) => renditions.get(newId()))).rejects.toMatchObject({ code: 'rendition-not-found' });
  });

  it('is recorded once when it is asked for twice at the same moment', async () => {
    const wish = aWish();
    const ask = (): Promise<string> =>
      run(async ({ renditions }) => {
        const same = await renditions.ofWish(wish);
        if (same) return same.id;
        const film = Rendition.request(wish, null, now);
        await renditions.save(film);
        return film.id;
      });
    expect(new Set(await Promise.all([ask(), ask(), ask()])).size).toBe(1);
  });

  it('is counted for its author: films under way, and seconds of those of the last 24 hours that did not fail', async () => {
    const authorId = newId();
    const film = (more: Partial<Wish>) => aWish({ authorId, ...more });
    await requested(film({ expectedSeconds: 10 }));
    const cancelled = await requested(film({ expectedSeconds: 20 }));
    const failed = await requested(film({ expectedSeconds: 40 }));
    await requested(film({ expectedSeconds: 80 }), new Date(now.getTime() - 25 * 3_600_000));
    await requested(aWish());
    cancelled.cancel(now);
    failed.fail('The disk is full.', now);
    for (const one of [cancelled, failed]) await run(({ renditions }) => renditions.save(one));
    const use = await run(({ renditions }) => renditions.useBy(authorId));
    expect(use.underWay).toBe(2);
    expect(use.today.map(({ seconds }) => seconds).sort()).toEqual([10, 20]);
  });

  it('is known to be taken down by the revision that it shows', async () => {
    const wish = aWish();
    const film = await requested(wish);
    const because = (revision: number) => run(({ renditions }) => renditions.takenDownBecause(wish.chapterId, revision));
    expect(await because(1)).toBeUndefined();
    film.takeDown('Stolen.', now);
    await run(({ renditions }) => renditions.save(film));
    expect([await because(1), await because(2)]).toEqual(['Stolen.', undefined]);
  });

  it('is set for a work: as usual at first, then as it was saved last', async () => {
    const workId = newId();
    const unset = await run(({ settings }) => settings.get(workId));
    expect(unset).toEqual({ workId, onPublish: false, voice: null, fallbackVoice: null, theme: 'ink', version: 0 });
    const set = { ...unset, onPublish: true, theme: 'slate', version: 1 };
    await run(({ settings }) => settings.save(set));
    expect(await run(({ settings }) => settings.get(workId))).toMatchObject(set);
  });

  it('is scripted for a chapter: empty at first, then as it was saved last', async () => {
    const [chapterId, workId, block] = [newId(), newId(), newId()];
    const script = await run(({ scripts }) => scripts.get(chapterId, workId));
    expect(script.snapshot()).toMatchObject({ chapterId, workId, version: 0, blocks: {} });
    script.put(0, block, { say: 'A lamp.', pause: 1.5 });
    await run(({ scripts }) => scripts.save(script));
    const stored = await run(({ scripts }) => scripts.get(chapterId, workId));
    expect(stored.snapshot()).toMatchObject({ version: 1, blocks: { [block]: { say: 'A lamp.', pause: 1.5 } } });
  });

  it('is pronounced as the versions of a lexicon say, all of which stay', async () => {
    const workId = newId();
    expect(await run(({ lexicons }) => lexicons.newest(workId))).toMatchObject({ workId, version: 0, entries: [] });
    const entries = [{ written: 'Aoife', spoken: 'Eefa' }];
    await run(({ lexicons }) => lexicons.add({ workId, version: 1, entries }, now));
    await run(({ lexicons }) => lexicons.add({ workId, version: 2, entries: [] }, now));
    expect(await run(({ lexicons }) => lexicons.newest(workId))).toMatchObject({ version: 2, entries: [] });
    expect(await run(({ lexicons }) => lexicons.version(workId, 1))).toMatchObject({ version: 1, entries });
    expect(await run(({ lexicons }) => lexicons.version(workId, 3))).toBeUndefined();
  });

  it('shows pictures of its work, which are removed once', async () => {
    const [workId, chapterId, block] = [newId(), newId(), newId()];
    const [picture, other] = ['a'.repeat(64), 'b'.repeat(64)];
    await run(({ pictures }) => pictures.add(workId, { sha256: picture, objectKey: 'covers/aa', at: now }));
    expect(await run(({ pictures }) => pictures.keys(workId, [picture, other]))).toEqual(new Map([[picture, 'covers/aa']]));
    expect(await run(({ pictures }) => pictures.keys(newId(), [picture]))).toEqual(new Map());
    expect(await run(({ pictures }) => pictures.keys(workId, []))).toEqual(new Map());
    const script = await run(({ scripts }) => scripts.get(chapterId, workId));
    script.put(0, block, { picture });
    await run(({ scripts }) => scripts.save(script));
    expect(await run(({ pictures }) => pictures.chaptersWith(workId, picture))).toEqual([chapterId]);
    expect(await run(({ pictures }) => pictures.chaptersWith(workId, other))).toEqual([]);
    const remove = (): Promise<boolean> => run(({ pictures }) => pictures.remove(workId, picture));
    expect([await remove(), await remove()]).toEqual([true, false]);
  });
});
