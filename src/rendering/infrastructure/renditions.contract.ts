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
import { TakenDownResponse } from '#libs/http/take-down.contract';
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
  /**
   * Null for the language's default.
   * @example flite:rms
   */
  @ValidateIf((body: SettingsBody) => body.voice !== undefined && body.voice !== null) @IsString() @MaxLength(120) voice?:
    string | null;
  /**
   * Speaks where the voice fails; null to let a film fail then.
   * @example flite:slt
   */
  @ValidateIf((body: SettingsBody) => body.fallbackVoice !== undefined && body.fallbackVoice !== null)
  @IsString()
  @MaxLength(120)
  fallbackVoice?: string | null;
  /** @example ink */
  @OptionalNotNull() @IsString() @MaxLength(60) theme?: string;
}

export class SettingsResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  onPublish!: boolean;
  /** @example flite:rms */
  voice!: string | null;
  /** @example flite:slt */
  fallbackVoice!: string | null;
  /** @example ink */
  theme!: string;
  /** @example 1 */
  version!: number;
}

export class VoiceResponse {
  /** @example flite:rms */
  id!: string;
  /** @example ["en"] */
  languages!: string[];
  /** Good for drafts: understandable, not pleasant. */
  draft!: boolean;
  /**
   * Languages that get it when nobody chooses.
   * @example ["en"]
   */
  isDefaultFor!: string[];
}

export class VoicesResponse {
  items!: VoiceResponse[];
}

export class ProgressResponse {
  /**
   * Frames that have left the encoder, reused scenes included; never falls.
   * @example 206
   */
  framesDone!: number;
  /**
   * All frames of the film; null until every scene is narrated.
   * @example 412
   */
  framesPlanned!: number | null;
  /** @example 3 */
  scenesDone!: number;
  /** @example 6 */
  scenes!: number;
}

export class FilesResponse {
  /** @example /v1/renditions/0197f0f6-3a51-7b3e-8b62-0a4be0d3f006/film.mp4 */
  film!: string;
  /** @example /v1/renditions/0197f0f6-3a51-7b3e-8b62-0a4be0d3f006/poster.jpg */
  poster!: string;
  /** @example /v1/renditions/0197f0f6-3a51-7b3e-8b62-0a4be0d3f006/captions.vtt */
  webvtt!: string;
  /** @example /v1/renditions/0197f0f6-3a51-7b3e-8b62-0a4be0d3f006/captions.srt */
  srt!: string;
  /**
   * JSON: cue ↔ block ↔ time.
   * @example /v1/renditions/0197f0f6-3a51-7b3e-8b62-0a4be0d3f006/cues.json
   */
  cues!: string;
}

export class FilmResponse {
  /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
  sha256!: string;
  /** @example 1840219 */
  @ApiProperty({ format: 'int64' })
  bytes!: number;
  /** @example 412 */
  frames!: number;
  /** @example 13.733 */
  @ApiProperty({ format: 'double' })
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
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f006 */
  id!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  chapterId!: string;
  /** @example 1 */
  revision!: number;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example en */
  language!: string;
  /** @example flite:rms */
  voice!: string;
  /** @example flite:slt */
  fallbackVoice!: string | null;
  /** @example ink */
  theme!: string;
  /** @example rendering */
  state!: RenditionState['state'];
  progress!: ProgressResponse;
  film!: FilmResponse | null;
  /**
   * Something is not as wished, see the warnings. Ask again for another film, in which it is tried anew.
   * @example false
   */
  degraded!: boolean;
  /**
   * What could not be done as wished.
   * @example ["The cover could not be read: a plain background stands in its place."]
   */
  warnings!: string[];
  /**
   * Why it failed, and what to do.
   * @example "The voice flite:rms failed: ask for another voice."
   */
  failure!: string | null;
  /** While an admin has taken it down: for those who work on the chapter, and admins. */
  takenDown!: TakenDownResponse | null;
  createdAt!: Date;
  finishedAt!: Date | null;
}

export class CueWord {
  /** @example lamp */
  text!: string;
  /** @example 0.412 */
  @ApiProperty({ format: 'double' }) start!: number;
  /** @example 0.76 */
  @ApiProperty({ format: 'double' }) end!: number;
}

export class Cue {
  /**
   * 1, 2, 3 … as in the captions.
   * @example 1
   */
  cue!: number;
  /**
   * Seconds from the start of the film, to the millisecond.
   * @example 0.033
   */
  @ApiProperty({ format: 'double' }) start!: number;
  /** @example 2.4 */
  @ApiProperty({ format: 'double' }) end!: number;
  /** @example ["The lamp had been lit"] */
  lines!: string[];
  /**
   * The block of the chapter whose words these are.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  block!: string;
  words!: CueWord[];
}

export class BlockTime {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004 */
  block!: string;
  /** @example 0.033 */
  @ApiProperty({ format: 'double' }) start!: number;
  /** @example 4.8 */
  @ApiProperty({ format: 'double' }) end!: number;
  /** @example [1, 2] */
  cues!: number[];
}

export class CuesResponse {
  cues!: Cue[];
  /** In the order of the film. */
  blocks!: BlockTime[];
}

export class RenditionPage {
  items!: RenditionResponse[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}

/** What a field of a scene can hold. */
const ANYTHING = [
  { type: 'string' },
  { type: 'number', format: 'double' },
  { type: 'boolean' },
  { type: 'array', items: {} },
  { type: 'object' },
  { type: 'null' },
];

export class ChangeResponse {
  /** @example text */
  field!: string;
  @ApiProperty({ required: false, anyOf: ANYTHING, example: 'The lamp was lit.' }) was?: unknown;
  @ApiProperty({ required: false, anyOf: ANYTHING, example: 'The lamp had been lit.' }) now?: unknown;
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
  /** @example 0.4 */
  // null: not made yet, or this system does not tell CPU time
  @ApiProperty({ type: Number, nullable: true, format: 'double' }) sound!: number | null;
  /** @example 2.7 */
  @ApiProperty({ type: Number, nullable: true, format: 'double' }) picture!: number | null;
}

export class SceneResponse {
  /** @example 0 */
  index!: number;
  /**
   * What is said in it.
   * @example "The lamp had been lit since before the harbour froze."
   */
  text!: string;
  /** @example ["0197f0f6-3a51-7b3e-8b62-0a4be0d3f004"] */
  blocks!: string[];
  /**
   * Speaks this scene, because the film's voice failed in it.
   * @example flite:slt
   */
  fallbackVoice!: string | null;
  /** @example 412 */
  frames!: number | null;
  /** It could not be drawn: a plain card stands in its place. */
  degraded!: boolean;
  /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
  soundKey!: string;
  /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
  segmentKey!: string | null;
  sound!: ReasonResponse;
  picture!: ReasonResponse;
  /** CPU seconds that making it took; 0 for what was reused. */
  cpuSeconds!: SpentResponse;
}

export class AttemptResponse {
  /**
   * Scenes of this film that are made of it.
   * @example [0]
   */
  scenes!: number[];
  /** @example segment */
  kind!: 'sound' | 'segment';
  /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
  key!: string;
  /**
   * Raised by each attempt: who has an older one can no longer finish.
   * @example 1
   */
  epoch!: number;
  /**
   * Machine and process.
   * @example worker-1/4711
   */
  worker!: string;
  /**
   * That left the encoder.
   * @example 412
   */
  frames!: number;
  /**
   * Null while it is under way. `lost`: its worker died or froze. `crashed`: a program it needs did. `given back`: its worker was stopped.
   * @example made
   */
  outcome!: 'made' | 'lost' | 'given back' | 'unwanted' | 'failed' | 'crashed' | null;
  /**
   * What it said when it failed.
   * @example "The encoder ended with exit code 1."
   */
  why!: string | null;
  beganAt!: Date;
  endedAt!: Date | null;
}

export class AttemptsResponse {
  items!: AttemptResponse[];
}

export class ScenesResponse {
  /**
   * The film it is compared with: the chapter's last one before.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f006
   */
  comparedWith!: string | null;
  items!: SceneResponse[];
}

export class SupposedEntryBody extends ScriptEntryBody {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004 */
  @IsUUID() block!: string;
}

/** As a request, and what might be otherwise by then. */
export class DryRunBody extends RequestRenditionBody {
  /**
   * A revision, published or not; without it the published one.
   * @example 1
   */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
  /**
   * sha256 of a picture of the work as its cover; null for none.
   * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
   */
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
  /** @example 0 */
  index!: number;
  /** @example "The lamp had been lit since before the harbour froze." */
  text!: string;
  /** @example ["0197f0f6-3a51-7b3e-8b62-0a4be0d3f004"] */
  blocks!: string[];
  /**
   * Exact when its sound is there, else estimated.
   * @example 412
   */
  frames!: number;
  sound!: ReasonResponse;
  /** A scene that is to be narrated is to be drawn, too: what it depends on is not known before. */
  picture!: ReasonResponse;
}

export class EstimateResponse {
  /** @example 2.1 */
  @ApiProperty({ format: 'double' })
  sound!: number;
  /** @example 10.3 */
  @ApiProperty({ format: 'double' })
  picture!: number;
  /** @example 12.4 */
  @ApiProperty({ format: 'double' })
  total!: number;
}

export class DryRunResponse {
  /** @example 1 */
  revision!: number;
  /**
   * The chapter's last finished film.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f006
   */
  comparedWith!: string | null;
  /** CPU seconds that narrating and drawing would take, by what this work's newest scenes took. */
  cpuSeconds!: EstimateResponse;
  items!: DryRunScene[];
}
