import { Module } from '@nestjs/common';
import { Config } from '#libs/config/config';
import type { Schema } from '#libs/database/database.module';
import { Jobs } from '#libs/events/jobs';
import { ChaptersModule } from '../chapters/index.js';
import { ErasingFilms } from './application/erasing-films.js';
import { Foreseeing } from './application/foreseeing.js';
import { Making } from './application/making.js';
import { Mending } from './application/mending.js';
import { Moving } from './application/moving.js';
import { Planner } from './application/planner.js';
import { Producing } from './application/producing.js';
import { Recovering } from './application/recovering.js';
import { Requesting } from './application/requesting.js';
import { Scripting } from './application/scripting.js';
import { TakingDownFilms } from './application/taking-down-films.js';
import { Wishes } from './application/wishes.js';
import {
  Artefacts,
  Experience,
  JobControl,
  LexiconRepository,
  Pictures,
  Quotas,
  RenditionRepository,
  ScriptRepository,
  SettingsRepository,
  Studio,
  Voices,
} from './domain/ports.js';
import { FilmErasure } from './domain/erasure.js';
import { ScenePlanner } from './domain/planned-film.js';
import { ArtefactRegister } from './infrastructure/artefact-register.js';
import { FilmFiles } from './infrastructure/film-files.js';
import { Housekeeping } from './infrastructure/housekeeping.js';
import { InstalledVoices } from './infrastructure/installed-voices.js';
import { RenderingBaseline1795996804000 } from './infrastructure/migrations/1795996804000-rendering-baseline.js';
import { ObjectPins, Pins } from './infrastructure/object-pins.js';
import { PooledScenePlanner } from './infrastructure/pooled-scene-planner.js';
import { RenditionStream } from './infrastructure/rendition-stream.js';
import { RenditionViews } from './infrastructure/rendition-views.js';
import { RenderingProjector } from './infrastructure/rendering.projector.js';
import { RenderingErrands, RenderingFacts } from './infrastructure/rendering.processor.js';
import {
  ArtefactRow,
  AttemptRow,
  FittedRow,
  LexiconRow,
  ObjectRow,
  PartRow,
  PictureRow,
  RenditionRow,
  ScriptRow,
  SettingsRow,
  StudioRow,
  ToolsRow,
} from './infrastructure/rendering.rows.js';
import { RenditionsAdminController } from './infrastructure/renditions-admin.controller.js';
import { RenditionsController } from './infrastructure/renditions.controller.js';
import { ScriptController } from './infrastructure/script.controller.js';
import { ScriptViews } from './infrastructure/script-views.js';
import { PaidSpeech } from './infrastructure/sound/paid-speech.js';
import { LocalStudio } from './infrastructure/studio.js';
import { Sweep } from './infrastructure/sweep.js';
import { TypeormFilmErasure } from './infrastructure/typeorm-film-erasure.js';
import { WorkerExperience } from './infrastructure/worker-experience.js';
import { TypeormRenditions, TypeormSettings } from './infrastructure/typeorm-renditions.js';
import { StoredPictures, TypeormLexicons, TypeormScripts } from './infrastructure/typeorm-scripts.js';

export const renderingSchema: Schema = {
  rows: [
    RenditionRow,
    PartRow,
    ArtefactRow,
    AttemptRow,
    StudioRow,
    ObjectRow,
    SettingsRow,
    ScriptRow,
    LexiconRow,
    PictureRow,
    ToolsRow,
    FittedRow,
  ],
  migrations: [RenderingBaseline1795996804000],
  retention: {
    'rendering.rendition': 'As long as its chapter; one that failed or was cancelled, 90 days.',
    'rendering.part': 'As long as its film.',
    'rendering.artefact':
      'As long as a film has it, or until the last such film is erased; its file as the sweep says (ARTEFACT_DAYS). One that no film has, 90 days.',
    'rendering.attempt': '90 days after it ended.',
    'rendering.object': 'As long as the object is stored: the sweep deletes both.',
    'rendering.settings': 'As long as its work.',
    'rendering.script': 'As long as its chapter.',
    'rendering.lexicon': 'As long as its work.',
    'rendering.picture': 'As long as its work.',
    'rendering.studio': '30 days after a worker with these tools was last there; the newest for ever.',
    'rendering.tools': '30 days after a worker with these tools was last there; the newest for ever.',
    'rendering.fitted': '365 days after the picture was last fitted.',
  },
};

/** What is asked of rendering. Knows which voices there are, and loads none. */
@Module({
  imports: [ChaptersModule],
  providers: [
    Requesting,
    TakingDownFilms,
    Scripting,
    Wishes,
    Planner,
    Foreseeing,
    InstalledVoices,
    RenditionViews,
    RenderingProjector,
    { provide: Voices, useExisting: InstalledVoices },
    { provide: ScenePlanner, useClass: PooledScenePlanner },
    {
      provide: Quotas,
      useFactory: ({ filmQuota }: Config): Quotas => ({
        ofAnAuthor: { underWay: filmQuota.underWay, secondsADay: filmQuota.minutesPerDay * 60 },
      }),
      inject: [Config],
    },
    { provide: RenditionRepository, useClass: TypeormRenditions },
    { provide: SettingsRepository, useClass: TypeormSettings },
    { provide: ScriptRepository, useClass: TypeormScripts },
    { provide: LexiconRepository, useClass: TypeormLexicons },
    { provide: Pictures, useClass: StoredPictures },
    ObjectPins,
    { provide: Pins, useExisting: ObjectPins },
    { provide: Artefacts, useClass: ArtefactRegister },
    { provide: Experience, useClass: WorkerExperience },
    { provide: JobControl, useExisting: Jobs satisfies new (...arguments_: never[]) => JobControl },
  ],
  exports: [
    Requesting,
    TakingDownFilms,
    Scripting,
    Planner,
    Foreseeing,
    Pictures,
    Artefacts,
    ObjectPins,
    Pins,
    Experience,
    JobControl,
    RenditionRepository,
    InstalledVoices,
    RenditionViews,
  ],
})
export class RenderingModule {}

@Module({
  imports: [RenderingModule, ChaptersModule],
  controllers: [RenditionsController, RenditionsAdminController, ScriptController],
  providers: [FilmFiles, RenditionStream, ScriptViews],
})
export class RenderingWebModule {}

/** What makes films: the errands, and the studio they are done in. */
@Module({
  imports: [RenderingModule, ChaptersModule],
  providers: [
    Making,
    Moving,
    Mending,
    Producing,
    Recovering,
    PaidSpeech,
    ErasingFilms,
    { provide: FilmErasure, useClass: TypeormFilmErasure },
    RenderingFacts,
    RenderingErrands,
    Sweep,
    Housekeeping,
    { provide: Studio, useClass: LocalStudio },
  ],
})
export class RenderingWorkerModule {}
