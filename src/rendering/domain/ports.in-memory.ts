/** The ports of what people ask of rendering. Those of the pipeline's steps are tested with the real ones (test/rendering, test/films). */
import type { InMemoryTable, InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import type { LexiconState } from './lexicon.js';
import {
  LexiconRepository,
  type PartState,
  Pictures,
  RenditionRepository,
  ScriptRepository,
  SettingsRepository,
  type SettingsState,
} from './ports.js';
import type { Use } from './quota.js';
import { Rendition, RenditionNotFound, type RenditionState, type Wish, wishKey } from './rendition.js';
import { FRAME_RATE } from './scene.js';
import { Script, type ScriptState } from './script.js';
import { INK } from './themes.js';

const UNDER_WAY = ['planning', 'rendering', 'assembling'];
const DAY = 86_400_000;

export class InMemoryRenditionRepository extends RenditionRepository {
  readonly rows: InMemoryTable<RenditionState>;
  /** What is locked though there may be no row of it: wishes and authors. */
  private readonly locks: InMemoryTable<object>;

  constructor(private readonly unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
    this.locks = unitOfWork.table();
  }

  async get(id: string): Promise<Rendition> {
    await this.rows.lock(id);
    const row = this.rows.get(id);
    if (!row) throw new RenditionNotFound();
    return Rendition.restore(row);
  }

  save(rendition: Rendition): Promise<void> {
    return this.rows.put(rendition.id, rendition.snapshot());
  }

  async ofWish(wish: Wish): Promise<Rendition | undefined> {
    const key = wishKey(wish);
    await this.locks.lock(`wish ${key}`);
    const given = ({ state, degraded }: RenditionState) =>
      state === 'failed' || state === 'cancelled' || (degraded && state === 'ready');
    const row = this.rows.all().find((one) => one.wishKey === key && !given(one));
    return row && this.get(row.id);
  }

  async takenDownBecause(chapterId: string, revision: number): Promise<string | undefined> {
    const own = this.rows.all().filter((row) => row.chapterId === chapterId && row.revision === revision);
    return own.find(({ takenDownAt }) => takenDownAt)?.takenDownBecause ?? undefined;
  }

  async underWay(chapterId: string): Promise<string[]> {
    const own = this.rows.all().filter((row) => row.chapterId === chapterId && UNDER_WAY.includes(row.state));
    return own.map(({ id }) => id).sort();
  }

  async useBy(authorId: string): Promise<Use> {
    await this.locks.lock(`author ${authorId}`);
    const own = this.rows.all().filter((row) => row.authorId === authorId);
    const since = this.unitOfWork.now.getTime() - DAY;
    return {
      underWay: own.filter(({ state }) => UNDER_WAY.includes(state)).length,
      today: own
        .filter(({ state, createdAt }) => state !== 'failed' && createdAt.getTime() > since)
        .map(({ createdAt: at, film, framesPlanned, expectedSeconds }) => ({
          at,
          seconds: film?.seconds ?? (framesPlanned === null ? expectedSeconds : framesPlanned / FRAME_RATE),
        })),
    };
  }

  addParts = notForPeople;
  parts: (rendition: string) => Promise<PartState[]> = notForPeople;
  standing = notForPeople;
  saveParts = notForPeople;
  removeParts = notForPeople;
  orphans = notForPeople;
  using = notForPeople;
  isWanted = notForPeople;
}

function notForPeople(): Promise<never> {
  return Promise.reject(new Error('Only the steps of the pipeline ask this: test them with the real repository.'));
}

export class InMemorySettingsRepository extends SettingsRepository {
  readonly rows: InMemoryTable<SettingsState>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
  }

  async get(workId: string): Promise<SettingsState> {
    await this.rows.lock(workId);
    const unset = { workId, onPublish: false, voice: null, fallbackVoice: null, theme: INK.name, version: 0 };
    return this.rows.get(workId) ?? unset;
  }

  save(settings: SettingsState): Promise<void> {
    return this.rows.put(settings.workId, settings);
  }
}

export class InMemoryScriptRepository extends ScriptRepository {
  readonly rows: InMemoryTable<ScriptState>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
  }

  async get(chapterId: string, workId: string): Promise<Script> {
    await this.rows.lock(chapterId);
    return Script.restore(this.rows.get(chapterId) ?? { chapterId, workId, version: 0, blocks: {} });
  }

  save(script: Script): Promise<void> {
    const state = script.snapshot();
    return this.rows.put(state.chapterId, state);
  }
}

export class InMemoryLexiconRepository extends LexiconRepository {
  private readonly rows: InMemoryTable<LexiconState>;
  private readonly works: InMemoryTable<object>;

  constructor(unitOfWork: InMemoryUnitOfWork) {
    super();
    this.rows = unitOfWork.table();
    this.works = unitOfWork.table();
  }

  async newest(workId: string): Promise<LexiconState> {
    await this.works.lock(workId);
    const versions = this.rows.all().filter((lexicon) => lexicon.workId === workId);
    return versions.at(-1) ?? { workId, version: 0, entries: [] };
  }

  async version(workId: string, version: number): Promise<LexiconState | undefined> {
    return this.rows.get(`${workId} ${version}`);
  }

  add(lexicon: LexiconState): Promise<void> {
    return this.rows.put(`${lexicon.workId} ${lexicon.version}`, lexicon);
  }
}

export class InMemoryPictures extends Pictures {
  private readonly rows: InMemoryTable<{ sha256: string; objectKey: string }>;

  constructor(
    unitOfWork: InMemoryUnitOfWork,
    private readonly scripts: InMemoryScriptRepository,
  ) {
    super();
    this.rows = unitOfWork.table();
  }

  add(workId: string, { sha256, objectKey }: { sha256: string; objectKey: string }): Promise<void> {
    return this.rows.put(`${workId} ${sha256}`, { sha256, objectKey });
  }

  async remove(workId: string, sha256: string): Promise<boolean> {
    const isThere = this.rows.get(`${workId} ${sha256}`) !== undefined;
    await this.rows.delete(`${workId} ${sha256}`);
    return isThere;
  }

  async chaptersWith(workId: string, sha256: string): Promise<string[]> {
    const shows = ({ workId: work, blocks }: ScriptState) =>
      work === workId && Object.values(blocks).some(({ picture }) => picture === sha256);
    return this.scripts.rows.all().flatMap((script) => (shows(script) ? [script.chapterId] : []));
  }

  async keys(workId: string, sha256s: readonly string[]): Promise<Map<string, string>> {
    const known = sha256s.flatMap((sha256) => this.rows.get(`${workId} ${sha256}`) ?? []);
    return new Map(known.map(({ sha256, objectKey }) => [sha256, objectKey]));
  }
}
