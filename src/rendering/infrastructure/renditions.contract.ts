import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { MaxItems } from '#libs/http/max-items';
import { MAX_ENTRIES } from '../domain/lexicon.js';
import type { RenditionState } from '../domain/rendition.js';
import { LexiconEntryBody, ScriptEntryBody } from './script.contract.js';

export class RequestRenditionBody {
  /**
   * See `GET /v1/voices`; without it the work's setting, else the language's default.
   * @example flite:rms
   */
  @OptionalNotNull() @IsString() @MaxLength(120) voice?: string;
  /**
   * Speaks the scenes in which the voice fails for good; such a film says `degraded`, and the next request tries the voice again.
   * Without it the work's setting; without that a film fails with its voice.
   * @example flite:slt
   */
  @OptionalNotNull() @IsString() @MaxLength(120) fallbackVoice?: string;
  /** @example ink */
  @OptionalNotNull() @IsString() @MaxLength(60) theme?: string;
}

export class SettingsBody {
  /** Film each chapter of the work when it is published. */
  @OptionalNotNull() @IsBoolean() onPublish?: boolean;
  /** Null for the language's default. */
  @ValidateIf((body: SettingsBody) => body.voice !== undefined && body.voice !== null) @IsString() @MaxLength(120) voice?:
    string | null;
  /** Speaks where the voice fails; null to let a film fail then. */
  @ValidateIf((body: SettingsBody) => body.fallbackVoice !== undefined && body.fallbackVoice !== null)
  @IsString()
  @MaxLength(120)
  fallbackVoice?: string | null;
  @OptionalNotNull() @IsString() @MaxLength(60) theme?: string;
}

export class SettingsResponse {
  workId!: string;
  onPublish!: boolean;
  voice!: string | null;
  fallbackVoice!: string | null;
  theme!: string;
  version!: number;
}

export class VoiceResponse {
  /** @example flite:rms */
  id!: string;
  languages!: string[];
  /** Good for drafts: understandable, not pleasant. */
  draft!: boolean;
  /** Languages that get it when nobody chooses. */
  isDefaultFor!: string[];
}

export class VoicesResponse {
  items!: VoiceResponse[];
}

export class ProgressResponse {
  /** Frames that have left the encoder, reused scenes included; never falls. */
  framesDone!: number;
  /** All frames of the film; null until every scene is narrated. */
  framesPlanned!: number | null;
  scenesDone!: number;
  scenes!: number;
}

export class FilesResponse {
  /** @example /v1/renditions/0197f0f6-0000-7000-8000-000000000000/film.mp4 */
  film!: string;
  poster!: string;
  webvtt!: string;
  srt!: string;
  /** JSON: cue ↔ block ↔ time. */
  cues!: string;
}

export class FilmResponse {
  sha256!: string;
  bytes!: number;
  frames!: number;
  seconds!: number;
  files!: FilesResponse;
}

export class LinkResponse {
  /**
   * Absolute on S3, else to be resolved against the address of this answer.
   * @example /v1/objects/artefacts/3f/3f0c…?expires=1790000000&signature=…
   */
  url!: string;
  expiresAt!: Date;
}

export class RenditionResponse {
  id!: string;
  chapterId!: string;
  revision!: number;
  title!: string;
  language!: string;
  voice!: string;
  fallbackVoice!: string | null;
  theme!: string;
  /** @example rendering */
  state!: RenditionState['state'];
  progress!: ProgressResponse;
  film!: FilmResponse | null;
  /** Something is not as wished, see the warnings. Ask again for another film, in which it is tried anew. */
  degraded!: boolean;
  /** What could not be done as wished. */
  warnings!: string[];
  /** Why it failed, and what to do. */
  failure!: string | null;
  createdAt!: Date;
  finishedAt!: Date | null;
}

export class RenditionPage {
  items!: RenditionResponse[];
  next!: string | null;
}

export class ChangeResponse {
  /** @example text */
  field!: string;
  // anything: what the field was and is
  @ApiProperty({ type: Object, required: false }) was?: unknown;
  @ApiProperty({ type: Object, required: false }) now?: unknown;
}

export class ReasonResponse {
  /**
   * `reused`: made before, not made again. `new`: nothing like it in the film before. `changed`: see `changes`.
   * @example reused
   */
  kind!: 'reused' | 'new' | 'changed';
  /** Which fields are not as in the film before, from what to what; also of what was reused from another film. */
  changes!: ChangeResponse[];
  /**
   * The same in a sentence.
   * @example "Made anew: other words are said."
   */
  why!: string;
}

export class SpentResponse {
  // null: not made yet, or this system does not tell CPU time
  @ApiProperty({ type: Number, nullable: true }) sound!: number | null;
  @ApiProperty({ type: Number, nullable: true }) picture!: number | null;
}

export class SceneResponse {
  index!: number;
  /** What is said in it. */
  text!: string;
  blocks!: string[];
  /** Speaks this scene, because the film's voice failed in it. */
  fallbackVoice!: string | null;
  frames!: number | null;
  /** It could not be drawn: a plain card stands in its place. */
  degraded!: boolean;
  soundKey!: string;
  segmentKey!: string | null;
  sound!: ReasonResponse;
  picture!: ReasonResponse;
  /** CPU seconds that making it took; 0 for what was reused. */
  cpuSeconds!: SpentResponse;
}

export class AttemptResponse {
  /** Scenes of this film that are made of it. */
  scenes!: number[];
  /** @example segment */
  kind!: 'sound' | 'segment';
  key!: string;
  /** Raised by each attempt: who has an older one can no longer finish. */
  epoch!: number;
  /**
   * Machine and process.
   * @example worker-1/4711
   */
  worker!: string;
  /** That left the encoder. */
  frames!: number;
  /**
   * Null while it is under way. `lost`: its worker died or froze. `crashed`: a program it needs did. `given back`: its worker was stopped.
   * @example made
   */
  outcome!: 'made' | 'lost' | 'given back' | 'unwanted' | 'failed' | 'crashed' | null;
  /** What it said when it failed. */
  why!: string | null;
  beganAt!: Date;
  endedAt!: Date | null;
}

export class AttemptsResponse {
  items!: AttemptResponse[];
}

export class ScenesResponse {
  /** The film it is compared with: the chapter's last one before. */
  comparedWith!: string | null;
  items!: SceneResponse[];
}

export class SupposedEntryBody extends ScriptEntryBody {
  @IsUUID() block!: string;
}

/** As a request, and what might be otherwise by then. */
export class DryRunBody extends RequestRenditionBody {
  /** A revision, published or not; without it the published one. */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
  /** sha256 of a picture of the work as its cover; null for none. */
  @IsOptional() @Matches(/^[0-9a-f]{64}$/, { message: 'picture must be the sha256 that its upload answered' }) picture?:
    string | null;
  /** Changes of the chapter's script, as they would be sent with PATCH. */
  @OptionalNotNull()
  @IsArray()
  @MaxItems(5_000)
  @ValidateNested({ each: true })
  @Type(() => SupposedEntryBody)
  script?: SupposedEntryBody[];
  /** A lexicon instead of the work's. */
  @OptionalNotNull()
  @IsArray()
  @MaxItems(MAX_ENTRIES)
  @ValidateNested({ each: true })
  @Type(() => LexiconEntryBody)
  lexicon?: LexiconEntryBody[];
}

export class DryRunScene {
  index!: number;
  text!: string;
  blocks!: string[];
  /** Exact when its sound is there, else estimated. */
  frames!: number;
  sound!: ReasonResponse;
  /** A scene that is to be narrated is to be drawn, too: what it depends on is not known before. */
  picture!: ReasonResponse;
}

export class EstimateResponse {
  sound!: number;
  picture!: number;
  /** @example 12.4 */
  total!: number;
}

export class DryRunResponse {
  revision!: number;
  /** The chapter's last finished film. */
  comparedWith!: string | null;
  /** CPU seconds that narrating and drawing would take, by what this work's newest scenes took. */
  cpuSeconds!: EstimateResponse;
  items!: DryRunScene[];
}
