import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { MaxItems } from '#libs/http/max-items';
import { PageQuery } from '#libs/http/page.contract';
import { TakenDownResponse } from '#libs/http/take-down.contract';
import type { BlockChange } from '../domain/alignment.js';
import { BLOCK_KINDS, type BlockKind, MAX_BLOCKS, MAX_CHARS } from '../domain/blocks.js';
import type { ChapterState } from '../domain/chapter.js';
import { LANGUAGE_TAG, MAX_SUMMARY, MAX_TITLE } from '../domain/work.js';

export class CreateWorkBody {
  /** @example The Lamplighter of Quay Street */
  @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title!: string;
  /** @example A town keeps its lamps lit for a ship that is forty years late. */
  @OptionalNotNull() @IsString() @MaxLength(MAX_SUMMARY) summary?: string;
  /**
   * BCP 47: decides how text is compared, captioned and spoken.
   * @example en
   */
  @Matches(LANGUAGE_TAG, { message: 'language must be a BCP 47 tag like en, zh or pt-BR' }) @MaxLength(35) language!: string;
}

export class UpdateWorkBody {
  @OptionalNotNull() @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title?: string;
  @OptionalNotNull() @IsString() @MaxLength(MAX_SUMMARY) summary?: string;
  @OptionalNotNull()
  @Matches(LANGUAGE_TAG, { message: 'language must be a BCP 47 tag like en, zh or pt-BR' })
  @MaxLength(35)
  language?: string;
}

export class AuthorSummary {
  id!: string;
  /** @example Mira Lindqvist */
  name!: string;
}

export class WorkResponse {
  id!: string;
  author!: AuthorSummary;
  title!: string;
  summary!: string;
  language!: string;
  /** Whether `/v1/works/{id}/cover` answers a picture. */
  hasCover!: boolean;
  /** How many of its chapters are published. */
  chapters!: number;
  createdAt!: Date;
  version!: number;
  /** Set when an admin hid it from readers; they do not see it then. */
  takenDown!: TakenDownResponse | null;
}

export class WorksQuery extends PageQuery {
  /** Only works of the account that asks, drafts included. */
  @OptionalNotNull()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  mine?: boolean = false;
}

export class WorkPage {
  items!: WorkResponse[];
  /** Give it as `after` for the next page; null on the last. */
  next!: string | null;
}

export class BlockBody {
  /** The id of the block when you read it. Used when it belongs to this chapter and is sent once; otherwise the text decides. */
  @OptionalNotNull() @IsUUID() id?: string;
  /** @example paragraph */
  @IsIn(BLOCK_KINDS) kind!: BlockKind;
  /** @example The lamp in the third window had been lit since *before* the harbour froze. */
  @IsString() @MaxLength(MAX_CHARS) text!: string;
}

/** Give `markdown`, or `blocks` from an editor that keeps their ids. */
export class SaveDraftBody {
  @OptionalNotNull() @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title?: string;
  /** The whole text in Markdown. */
  @ValidateIf(
    ({ markdown, blocks, title }: SaveDraftBody) => markdown !== undefined || (blocks === undefined && title === undefined),
  )
  @IsString({ message: 'give markdown, blocks or title' })
  @MaxLength(MAX_CHARS * 2)
  markdown?: string;
  @OptionalNotNull()
  @IsArray()
  @MaxItems(MAX_BLOCKS)
  @ValidateNested({ each: true })
  @Type(() => BlockBody)
  blocks?: BlockBody[];
}

export class CreateChapterBody {
  /** @example I. The Third Window */
  @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title!: string;
  /**
   * @example "The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom."
   */
  @OptionalNotNull() @IsString() @MaxLength(MAX_CHARS * 2) markdown?: string;
}

export class MoveBody {
  /** The chapter it should follow; null puts it first. */
  @ValidateIf((body: MoveBody) => body.after !== null) @IsUUID() after!: string | null;
}

export class PublishBody {
  /** The revision to publish; without it the newest. */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
}

export class BlockResponse {
  /** Stays the same through edits, moves, splits and re-imports: comments and scenes refer to it. */
  id!: string;
  kind!: BlockKind;
  text!: string;
}

export class LineageResponse {
  /** @example kept */
  change!: BlockChange;
  block!: string;
  // declared here because the plugin takes a readonly array for a class of its own
  @ApiProperty({ type: [String] }) from!: readonly string[];
  similarity!: number;
}

export class DraftResponse {
  id!: string;
  workId!: string;
  title!: string;
  status!: ChapterState['status'];
  /** Number of the newest revision, whose blocks these are. */
  revision!: number;
  publishedRevision!: number | null;
  /**
   * Characters of its blocks, as of published chapters: scene breaks are not counted.
   * @example 4210
   */
  characters!: number;
  updatedAt!: Date;
  version!: number;
  /** Set when an admin hid it from readers; they do not see it then. */
  takenDown!: TakenDownResponse | null;
  blocks!: BlockResponse[];
}

export class SavedResponse {
  id!: string;
  /** The newest revision; the same as before when nothing changed. */
  revision!: number;
  /** Also the ETag: send it as If-Match with the next change. */
  version!: number;
  /** What happened to each block that changed. */
  changes!: LineageResponse[];
}

export class PublishedResponse {
  id!: string;
  /** The revision that readers see. */
  revision!: number;
  /** Also the ETag: send it back as If-Match. */
  version!: number;
}

/** The published revision, for readers. */
export class ChapterResponse {
  id!: string;
  workId!: string;
  authorId!: string;
  title!: string;
  language!: string;
  revision!: number;
  publishedAt!: Date;
  blocks!: BlockResponse[];
}

export class ChapterItem {
  id!: string;
  title!: string;
  status!: ChapterState['status'];
  /** The revision readers see. */
  revision!: number | null;
  publishedAt!: Date | null;
  /** Of the revision that has this title: for those who may read drafts the newest, for others the published one. */
  characters!: number;
  /** Set when an admin hid it from readers; they do not see it then. */
  takenDown!: TakenDownResponse | null;
}

export class ChapterPage {
  items!: ChapterItem[];
  next!: string | null;
}

export class RevisionItem {
  number!: number;
  parent!: number | null;
  title!: string;
  characters!: number;
  blocks!: number;
  /** The number of blocks that changed since the revision before. */
  changes!: number;
  createdAt!: Date;
}

export class RevisionPage {
  items!: RevisionItem[];
  next!: string | null;
}

export class RevisionResponse {
  number!: number;
  parent!: number | null;
  title!: string;
  createdAt!: Date;
  lineage!: LineageResponse[];
  blocks!: BlockResponse[];
}

export class ImportResponse {
  /** The title in the manuscript, if it has one. */
  title?: string;
  author?: string;
  language!: string;
  chapters!: ImportedChapter[];
}

export class ImportedChapter {
  id!: string;
  title!: string;
  blocks!: number;
}
