/** The sweep while films reuse what it is about to delete: real Postgres, real objects, no grace time. */
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { DataSource } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { SystemClock } from '#libs/kernel/clock';
import { FileStore } from '#libs/storage/file-store';
import { SignedUrls, linkSecret } from '#libs/storage/signed-urls';
import { databaseOptions } from '../../src/database.js';
import type { PartState } from '../../src/rendering/domain/ports.js';
import { Rendition } from '../../src/rendering/domain/rendition.js';
import { ArtefactRegister } from '../../src/rendering/infrastructure/artefact-register.js';
import { objectKey } from '../../src/rendering/infrastructure/object-key.js';
import { ObjectGivenUp, ObjectPins } from '../../src/rendering/infrastructure/object-pins.js';
import { type Patience, Sweep } from '../../src/rendering/infrastructure/sweep.js';
import { TypeormRenditions } from '../../src/rendering/infrastructure/typeorm-renditions.js';
import { freshDatabase, tempFolder } from '../support/database.js';
import { generator } from '../support/random.js';

const SEEDS = 50;
const AT_ONCE: Patience = { retentionSeconds: 0, graceSeconds: 0, strangerSeconds: 0, batch: 3 };

let close: (() => Promise<unknown>)[];
let source: DataSource;
let transaction: Transaction;
let objects: FileStore;
let pins: ObjectPins;
let artefacts: ArtefactRegister;
let renditions: TypeormRenditions;
let sweep: Sweep;

beforeAll(async () => {
  const [database, folder] = [await freshDatabase(), await tempFolder()];
  source = await new DataSource(databaseOptions(database.url, 12)).initialize();
  close = [() => source.destroy(), database.drop, folder.drop];
  transaction = new Transaction(source, new SystemClock());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  objects = await FileStore.open(join(folder.path, 'objects'), new SignedUrls(linkSecret(privateKey)));
  pins = new ObjectPins(transaction);
  artefacts = new ArtefactRegister(transaction, pins);
  renditions = new TypeormRenditions(transaction);
  sweep = new Sweep(transaction, objects);
});
afterAll(async () => {
  for (const one of close) await one();
});
beforeEach(() => {
  pins.seconds = 0;
});

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const chapters = Array.from({ length: 2 }, () => randomUUID());

/** Stores and registers an artefact, as the studio does. */
async function stored(text: string): Promise<{ sha256: string; bytes: number }> {
  const sha256 = hashOf(text);
  await pins.pin(sha256);
  if (!(await objects.head(objectKey(sha256))))
    await objects.put(objectKey(sha256), Buffer.from(text), { contentType: 'text/plain', sha256 });
  return { sha256, bytes: text.length };
}

/** A film of these artefacts, planned: @returns its id and what is missing. */
function planned(chapterId: string, keys: string[]): Promise<{ id: string; missing: string[] }> {
  return transaction.run(async () => {
    const wish = { chapterId, workId: chapterId, authorId: chapterId, revision: 1, title: randomUUID(), language: 'en' };
    const rendition = Rendition.request(
      { ...wish, voice: 'v', theme: 'ink', cover: null, script: {}, lexicon: 0, fallbackVoice: null, expectedSeconds: 1 },
      null,
      new Date(),
    );
    rendition.beginRendering(
      { picture: 'engine', studio: 'studio' },
      { picture: { sha256: hashOf('picture'), width: 1, height: 1 }, pictures: {} },
    );
    await renditions.save(rendition);
    const wanted = keys.map((key) => ({ key, fields: { key } }));
    const ready = await artefacts.want('sound', wanted);
    const parts = keys.map((key, idx): PartState => ({
      rendition: rendition.id,
      idx,
      scene: { spans: [], seconds: 1 },
      blocks: [],
      soundKey: key,
      soundReused: ready.has(key),
      segmentKey: null,
      segmentReused: null,
      frames: null,
      card: false,
      voice: null,
    }));
    await renditions.addParts(parts);
    return { id: rendition.id, missing: keys.filter((key) => !ready.has(key)) };
  });
}

/** A job: done again when what it stored was swept before it was registered. */
async function made(key: string, text: () => string): Promise<void> {
  for (;;) {
    if ((await artefacts.ready([key])).size) return;
    const claim = await artefacts.claim(key);
    if (!claim) {
      await pause(5);
      continue;
    }
    try {
      const output = { ...(await stored(text())), frames: 1, facts: {} };
      if (await transaction.run(() => artefacts.finish(claim, output))) return;
    } catch (error) {
      if (!(error instanceof ObjectGivenUp)) throw error;
    }
    await artefacts.release(claim, { outcome: 'failed' });
  }
}

async function finished(id: string, film: string): Promise<void> {
  for (;;) {
    const files = await Promise.all(['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((name) => stored(`${film} ${name}`)));
    const [sha256, poster, webvtt, srt, cues] = files.map((file) => file.sha256);
    try {
      return await transaction.run(async () => {
        const rendition = await renditions.get(id);
        rendition.measured(1);
        rendition.beginAssembling();
        rendition.finish({ sha256, bytes: 1, frames: 1, seconds: 1, poster, webvtt, srt, cues }, 'studio', new Date());
        await artefacts.hold([sha256, poster, webvtt, srt, cues]);
        await renditions.save(rendition);
      });
    } catch (error) {
      if (!(error instanceof ObjectGivenUp)) throw error;
    }
  }
}

async function mustBeThere(sha256s: string[], what: string): Promise<void> {
  for (const sha256 of sha256s) {
    const bytes = await objects.get(objectKey(sha256)).then(
      ({ stream }) => buffer(stream),
      () => undefined,
    );
    if (!bytes || hashOf(bytes.toString()) !== sha256) throw new Error(`${what}: the object ${sha256} is lost`);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe(`The sweep against reuse, ${SEEDS} seeds`, () => {
  it('loses nothing that a film needs', async () => {
    const films = new Map<string, string>();
    let swept = 0;
    let reused = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = generator(seed);
      const pick = (below: number): number => Math.floor(random() * below);
      // few artefacts and fewer objects: seven keys, of which some come out as the same bytes and one as other bytes each time
      const textOf = (key: number): string => (key === 6 ? `take ${seed} ${random()}` : `sound ${seed} ${key % 4}`);
      const author = async (name: number): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const numbers = [...new Set([pick(7), pick(7), pick(7)])];
          const keys = numbers.map((number) => `key ${seed} ${number}`);
          const { id, missing } = await planned(chapters[pick(2)], keys);
          reused += keys.length - missing.length;
          await pause(pick(8));
          if (pick(4) === 0) {
            await transaction.run(async () => {
              const rendition = await renditions.get(id);
              rendition.cancel(new Date());
              await renditions.save(rendition);
            });
            continue;
          }
          for (const key of missing) await made(key, () => textOf(Number(key.split(' ')[2])));
          await pause(pick(8));
          const ready = await artefacts.ready(keys);
          // what was made by another film's job may still be on its way; what was reused may not
          for (const key of keys) if (!ready.has(key)) throw new Error(`seed ${seed}: ${key} of a film under way is not ready`);
          await mustBeThere(
            [...ready.values()].map(({ sha256 }) => sha256),
            `seed ${seed}, under way`,
          );
          await finished(id, `film ${seed} ${name} ${round}`);
          films.set(id, `film ${seed} ${name} ${round}`);
        }
      };
      let over = false;
      const sweeper = async (): Promise<void> => {
        while (!over) {
          const { objects: gone } = await sweep.run(AT_ONCE);
          swept += gone;
          await pause(pick(4));
        }
      };
      const sweepers = Promise.all([sweeper(), sweeper()]);
      await Promise.all([1, 2, 3].map(author)).finally(() => (over = true));
      await sweepers;
    }
    for (const film of films.values())
      await mustBeThere(
        ['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((name) => hashOf(`${film} ${name}`)),
        film,
      );
    const ready = await transaction.query<{ sha256: string }>(`SELECT sha256 FROM rendering.artefact WHERE status = 'ready'`);
    await mustBeThere(
      ready.map(({ sha256 }) => sha256),
      'an artefact said to be ready',
    );
    // or it would have been no race
    expect(films.size).toBeGreaterThan(SEEDS * 5);
    expect(reused).toBeGreaterThan(SEEDS);
    expect(swept).toBeGreaterThan(SEEDS);
  }, 300_000);

  it('keeps in the end what the newest films of the chapters are made of, and nothing else', async () => {
    await sweep.run({ ...AT_ONCE, batch: 100 });
    await sweep.run({ ...AT_ONCE, batch: 100 });
    const newest = await transaction.query<{ key: string }>(
      `SELECT DISTINCT p.sound_key AS key FROM rendering.part p
         JOIN (SELECT DISTINCT ON (chapter_id) id FROM rendering.rendition WHERE state = 'ready' ORDER BY chapter_id, id DESC) r ON r.id = p.rendition`,
    );
    const ready = await artefacts.ready(newest.map(({ key }) => key));
    expect(ready.size).toBe(newest.length);
    const [{ count }] = await transaction.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM rendering.artefact WHERE status <> 'wanted'`,
    );
    expect(count).toBe(newest.length);
    const named = new Set([...ready.values()].map(({ sha256 }) => sha256));
    const films = await transaction.query<{ film: Record<string, string> }>(
      `SELECT film FROM rendering.rendition WHERE film IS NOT NULL`,
    );
    for (const { film } of films) for (const name of ['sha256', 'poster', 'webvtt', 'srt', 'cues']) named.add(film[name]);
    expect(await stock()).toEqual([...named].sort());
  });
});

async function stock(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of objects.list('artefacts/')) found.push(key.split('/').at(-1)!);
  return found.sort();
}

describe('The sweep', () => {
  beforeEach(async () => {
    await transaction.query(`TRUNCATE rendering.rendition, rendering.part, rendering.artefact, rendering.object CASCADE`);
    await sweep.run({ ...AT_ONCE, batch: 1_000 });
    expect(await stock()).toEqual([]);
  });

  it('keeps an artefact that is needed again within the grace time', async () => {
    const { id } = await planned(chapters[0], ['key']);
    await made('key', () => 'as it was');
    await transaction.run(async () => {
      const rendition = await renditions.get(id);
      rendition.cancel(new Date());
      await renditions.save(rendition);
    });
    const patient = { ...AT_ONCE, graceSeconds: 3_600 };
    expect(await sweep.run(patient)).toMatchObject({ marked: 1, givenUp: 0, objects: 0 });
    expect((await artefacts.ready(['key'])).size).toBe(0);
    expect((await planned(chapters[0], ['key'])).missing).toEqual([]);
    expect((await artefacts.ready(['key'])).get('key')).toMatchObject({ sha256: hashOf('as it was') });
    expect(await sweep.run(AT_ONCE)).toEqual({ marked: 0, givenUp: 0, objects: 0 });
  });

  it('keeps artefacts for as long as was configured after their last film ended', async () => {
    const { id } = await planned(chapters[0], ['key']);
    await made('key', () => 'kept');
    await transaction.run(async () => {
      const rendition = await renditions.get(id);
      rendition.cancel(new Date());
      await renditions.save(rendition);
    });
    expect(await sweep.run({ ...AT_ONCE, retentionSeconds: 60 })).toMatchObject({ marked: 0 });
    await transaction.query(`UPDATE rendering.rendition SET finished_at = now() - interval '61 s'`);
    await transaction.query(`UPDATE rendering.artefact SET made_at = now() - interval '61 s'`);
    expect(await sweep.run({ ...AT_ONCE, retentionSeconds: 60 })).toMatchObject({ marked: 1 });
  });

  it('keeps an object that another artefact has, too', async () => {
    const films = [await planned(chapters[0], ['one']), await planned(chapters[1], ['other'])];
    for (const key of ['one', 'other']) await made(key, () => 'the same bytes');
    await transaction.run(async () => {
      const rendition = await renditions.get(films[0].id);
      rendition.cancel(new Date());
      await renditions.save(rendition);
    });
    await sweep.run(AT_ONCE);
    expect(await sweep.run(AT_ONCE)).toMatchObject({ objects: 0 });
    await mustBeThere([hashOf('the same bytes')], 'the other’s');
  });

  it('deletes what a killed worker stored and did not register, and unknown objects, after the grace time', async () => {
    pins.seconds = 3_600;
    const { sha256 } = await stored('a loser’s');
    const unheard = hashOf('unheard of');
    await objects.put(objectKey(unheard), Buffer.from('unheard of'), { contentType: 'text/plain' });
    await sweep.run({ ...AT_ONCE, strangerSeconds: 3_600 });
    expect(await stock()).toEqual([sha256, unheard].sort());
    await transaction.query(`UPDATE rendering.object SET pinned_until = now() - interval '1 s'`);
    expect(await sweep.run(AT_ONCE)).toMatchObject({ objects: 2 });
    expect(await stock()).toEqual([]);
  });

  it('is continued by another process when it was killed between announcing a deletion and doing it', async () => {
    const { sha256 } = await stored('half deleted');
    await transaction.query(`UPDATE rendering.object SET deleting_until = now() + interval '1 s' WHERE sha256 = $1`, [sha256]);
    const waiting = pins.pin(sha256); // whoever wants to store it waits until it may
    expect(await Promise.race([waiting.then(() => 'pinned'), pause(300).then(() => 'waiting')])).toBe('waiting');
    await waiting;
    await transaction.query(
      `UPDATE rendering.object SET deleting_until = now() - interval '1 s', pinned_until = now() - interval '1 s'`,
    );
    expect(await sweep.run(AT_ONCE)).toMatchObject({ objects: 1 });
  });
});
