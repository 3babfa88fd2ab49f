/**
 * What people ask of rendering, for specs: the real use cases over in-memory repositories, with the voices of this machine.
 *
 *     const { requesting, chapters } = inMemoryRendering(new InMemoryUnitOfWork());
 */
import type { Config } from '#libs/config/config';
import type { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../chapters/index.in-memory.js';
import { Foreseeing } from './application/foreseeing.js';
import { Planner } from './application/planner.js';
import { Requesting } from './application/requesting.js';
import { Scripting } from './application/scripting.js';
import { TakingDownFilms } from './application/taking-down-films.js';
import { Wishes } from './application/wishes.js';
import { plannedFilm, ScenePlanner } from './domain/planned-film.js';
import {
  InMemoryLexiconRepository,
  InMemoryPictures,
  InMemoryRenditionRepository,
  InMemoryScriptRepository,
  InMemorySettingsRepository,
} from './domain/ports.in-memory.js';
import type { Artefacts, Experience, Tools } from './domain/ports.js';
import { USUAL_RATES } from './domain/foresight.js';
import { InstalledVoices } from './infrastructure/installed-voices.js';

/** In the calling thread. */
class DirectScenePlanner extends ScenePlanner {
  async plan(request: Parameters<ScenePlanner['plan']>[0]): ReturnType<ScenePlanner['plan']> {
    return plannedFilm(request);
  }
}

export function inMemoryRendering(unitOfWork: InMemoryUnitOfWork) {
  const world = inMemoryChapters(unitOfWork);
  const { chapters, storage } = world;
  const renditions = new InMemoryRenditionRepository(unitOfWork);
  const settings = new InMemorySettingsRepository(unitOfWork);
  const scripts = new InMemoryScriptRepository(unitOfWork);
  const lexicons = new InMemoryLexiconRepository(unitOfWork);
  const pictures = new InMemoryPictures(unitOfWork, scripts);
  const voices = new InstalledVoices({ voiceApi: undefined } as Config);
  const quotas = { ofAnAuthor: { underWay: 3, secondsADay: 1_800 } };
  /** Of the worker that was there last; none at first. */
  const worker: { tools?: Tools } = {};
  const nothingMade = { ready: async () => new Map() } as unknown as Artefacts;
  const experience = {
    tools: async () => worker.tools,
    rates: async () => USUAL_RATES,
    fitted: async () => new Map(),
  } as unknown as Experience;
  const wishes = new Wishes(settings, scripts, lexicons, pictures, chapters, voices);
  const planner = new Planner(chapters, lexicons, pictures, voices, new DirectScenePlanner());
  const { outbox, clock } = unitOfWork;
  return {
    ...world,
    renditions,
    settings,
    scripts,
    lexicons,
    quotas,
    worker,
    requesting: new Requesting(unitOfWork, renditions, settings, chapters, wishes, quotas, outbox, clock),
    takingDownFilms: new TakingDownFilms(unitOfWork, renditions),
    scripting: new Scripting(unitOfWork, scripts, lexicons, pictures, chapters, storage, voices, clock),
    foreseeing: new Foreseeing(unitOfWork, wishes, planner, nothingMade, experience, chapters),
  };
}
