import { Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { ChaptersModule } from '../chapters/index.js';
import { Making } from './application/making.js';
import { Mending } from './application/mending.js';
import { Moving } from './application/moving.js';
import { Producing } from './application/producing.js';
import { Recovering } from './application/recovering.js';
import { Requesting } from './application/requesting.js';
import { Artefacts, RenditionRepository, SettingsRepository, Studio, Voices } from './domain/ports.js';
import { ArtefactRegister } from './infrastructure/artefact-register.js';
import { FilmFiles } from './infrastructure/film-files.js';
import { InstalledVoices } from './infrastructure/installed-voices.js';
import { Attempts1764200002000 } from './infrastructure/migrations/1764200002000-attempts.js';
import { Rendering1764000004000 } from './infrastructure/migrations/1764000004000-rendering.js';
import { FallbackVoice1764200003000 } from './infrastructure/migrations/1764200003000-fallback-voice.js';
import { RenditionStream } from './infrastructure/rendition-stream.js';
import { RenditionViews } from './infrastructure/rendition-views.js';
import { RenderingErrands, RenderingFacts } from './infrastructure/rendering.processor.js';
import { ArtefactRow, AttemptRow, PartRow, RenditionRow, SettingsRow, StudioRow } from './infrastructure/rendering.rows.js';
import { RenditionsController } from './infrastructure/renditions.controller.js';
import { PaidSpeech } from './infrastructure/sound/paid-speech.js';
import { LocalStudio } from './infrastructure/studio.js';
import { TypeormRenditions, TypeormSettings } from './infrastructure/typeorm-renditions.js';

export const renderingSchema: Schema = {
  rows: [RenditionRow, PartRow, ArtefactRow, AttemptRow, StudioRow, SettingsRow],
  migrations: [Rendering1764000004000, Attempts1764200002000, FallbackVoice1764200003000],
};

/** What is asked of rendering. Knows which voices there are, and loads none. */
@Module({
  imports: [ChaptersModule],
  providers: [
    Requesting,
    InstalledVoices,
    RenditionViews,
    { provide: Voices, useExisting: InstalledVoices },
    { provide: RenditionRepository, useClass: TypeormRenditions },
    { provide: SettingsRepository, useClass: TypeormSettings },
  ],
  exports: [Requesting, RenditionRepository, InstalledVoices, RenditionViews],
})
export class RenderingModule {}

@Module({
  imports: [RenderingModule, ChaptersModule],
  controllers: [RenditionsController],
  providers: [FilmFiles, RenditionStream],
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
    RenderingFacts,
    RenderingErrands,
    { provide: Artefacts, useClass: ArtefactRegister },
    { provide: Studio, useClass: LocalStudio },
  ],
})
export class RenderingWorkerModule {}
