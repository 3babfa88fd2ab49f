import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  isUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';
import { CheckedItems } from '#libs/http/checked-items';
import { OptionalNotNull } from '#libs/http/input';
import { MaxItems } from '#libs/http/max-items';
import { PageQuery } from '#libs/http/page.contract';
import { TakenDownResponse } from '#libs/http/take-down.contract';
import type { BlockChange } from '../domain/alignment.js';
import { BLOCK_KINDS, type BlockKind, MAX_BLOCKS, MAX_CHARS } from '../domain/blocks.js';
import type { ChapterState } from '../domain/chapter.js';
import { LANGUAGE_TAG, MAX_SUMMARY, MAX_TITLE } from '../domain/work.js';

export class CreateWorkBody {
  /** @example "The Lamplighter of Quay Street" */
  @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title!: string;
  /** @example "A town keeps its lamps lit for a ship that is forty years late." */
  @OptionalNotNull() @IsString() @MaxLength(MAX_SUMMARY) summary?: string;
  /**
   * BCP 47: decides how text is compared, captioned and spoken.
   * @example en
   */
  @Matches(LANGUAGE_TAG, { message: 'language must be a BCP 47 tag like en, zh or pt-BR' }) @MaxLength(35) language!: string;
}

export class UpdateWorkBody {
  /** @example "The Lamplighter of Quay Street" */
  @OptionalNotNull() @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title?: string;
  /** @example "A town keeps its lamps lit for a ship that is forty years late." */
  @OptionalNotNull() @IsString() @MaxLength(MAX_SUMMARY) summary?: string;
  /** @example en */
  @OptionalNotNull()
  @Matches(LANGUAGE_TAG, { message: 'language must be a BCP 47 tag like en, zh or pt-BR' })
  @MaxLength(35)
  language?: string;
}

export class AuthorSummary {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001 */
  id!: string;
  /** @example "Mira Lindqvist" */
  name!: string;
}

export class WorkResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  id!: string;
  /** Its owner; null when that account was erased. */
  author!: AuthorSummary | null;
  /** @example "The Lamplighter of Quay Street" */
  title!: string;
  /** @example "A town keeps its lamps lit for a ship that is forty years late." */
  summary!: string;
  /** @example en */
  language!: string;
  /** Whether `/v1/works/{id}/cover` answers a picture. */
  hasCover!: boolean;
  /**
   * How many of its chapters are published.
   * @example 12
   */
  chapters!: number;
  createdAt!: Date;
  /** @example 3 */
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
  /**
   * Give it as `after` for the next page; null on the last.
   * @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ
   */
  next!: string | null;
}

export class BlockBody {
  /**
   * The id of the block when you read it. Used when it belongs to this chapter and is sent once; otherwise the text decides.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  @OptionalNotNull() @IsUUID() id?: string;
  /** @example paragraph */
  @IsIn(BLOCK_KINDS) kind!: BlockKind;
  /** @example "The lamp had been lit since before the harbour froze." */
  @IsString() @MaxLength(MAX_CHARS) text!: string;
}

/** Give `markdown`, or `blocks` from an editor that keeps their ids. */
export class SaveDraftBody {
  /** @example "I. The Third Window" */
  @OptionalNotNull() @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title?: string;
  /**
   * The whole text in Markdown.
   * @example "The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom, or for whom."
   */
  @ValidateIf(
    ({ markdown, blocks, title }: SaveDraftBody) => markdown !== undefined || (blocks === undefined && title === undefined),
  )
  @IsString({ message: 'give markdown, blocks or title' })
  @MaxLength(MAX_CHARS * 2)
  markdown?: string;
  @OptionalNotNull()
  @IsArray()
  @MaxItems(MAX_BLOCKS)
  @CheckedItems(({ id, kind, text }: Record<keyof BlockBody, unknown>) => {
    if (id !== undefined && !isUUID(id)) return 'id must be a UUID';
    return kind === null || text === null ? 'kind and text must not be null' : undefined;
  })
  blocks?: BlockBody[];
}

export class CreateChapterBody {
  /** @example "I. The Third Window" */
  @IsString() @MinLength(1) @MaxLength(MAX_TITLE) title!: string;
  /**
   * @example "The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom."
   */
  @OptionalNotNull() @IsString() @MaxLength(MAX_CHARS * 2) markdown?: string;
}

export class MoveBody {
  /**
   * The chapter it should follow; null puts it first.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f00c
   */
  @ValidateIf((body: MoveBody) => body.after !== null) @IsUUID() after!: string | null;
}

export class PublishBody {
  /**
   * The revision to publish; without it the newest.
   * @example 1
   */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
}

export class BlockResponse {
  /**
   * Stays the same through edits, moves, splits and re-imports: comments and scenes refer to it.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  id!: string;
  /** @example paragraph */
  kind!: BlockKind;
  /** @example "The lamp had been lit since before the harbour froze." */
  text!: string;
}

export class LineageResponse {
  /** @example edited */
  change!: BlockChange;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004 */
  block!: string;
  // declared here because the plugin takes a readonly array for a class of its own
  @ApiProperty({ type: [String], example: ['0197f0f6-3a51-7b3e-8b62-0a4be0d3f004'] }) from!: readonly string[];
  /** @example 0.92 */
  @ApiProperty({ format: 'double' })
  similarity!: number;
}

export class DraftResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example published */
  status!: ChapterState['status'];
  /**
   * Number of the newest revision, whose blocks these are.
   * @example 1
   */
  revision!: number;
  /** @example 1 */
  publishedRevision!: number | null;
  /**
   * Characters of its blocks, as of published chapters: scene breaks are not counted.
   * @example 4210
   */
  characters!: number;
  updatedAt!: Date;
  /** @example 3 */
  version!: number;
  /** Set when an admin hid it from readers; they do not see it then. */
  takenDown!: TakenDownResponse | null;
  blocks!: BlockResponse[];
}

export class SavedResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /**
   * The newest revision; the same as before when nothing changed.
   * @example 2
   */
  revision!: number;
  /**
   * Also the ETag: send it as If-Match with the next change.
   * @example 3
   */
  version!: number;
  /** What happened to each block that changed. */
  changes!: LineageResponse[];
}

export class PublishedResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /**
   * The revision that readers see.
   * @example 1
   */
  revision!: number;
  /**
   * Also the ETag: send it back as If-Match.
   * @example 3
   */
  version!: number;
}

/** The published revision, for readers. */
export class ChapterResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  /**
   * Stays when the account was erased, and names nobody then.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001
   */
  authorId!: string;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example en */
  language!: string;
  /** @example 1 */
  revision!: number;
  publishedAt!: Date;
  blocks!: BlockResponse[];
}

export class ChapterItem {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example published */
  status!: ChapterState['status'];
  /**
   * The revision readers see.
   * @example 1
   */
  revision!: number | null;
  publishedAt!: Date | null;
  /**
   * Of the revision that has this title: for those who may read drafts the newest, for others the published one.
   * @example 80
   */
  characters!: number;
  /** Set when an admin hid it from readers; they do not see it then. */
  takenDown!: TakenDownResponse | null;
}

export class ChapterPage {
  items!: ChapterItem[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}

export class RevisionItem {
  /** @example 2 */
  number!: number;
  /** @example 1 */
  parent!: number | null;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example 80 */
  characters!: number;
  /** @example 2 */
  blocks!: number;
  /**
   * The number of blocks that changed since the revision before.
   * @example 1
   */
  changes!: number;
  createdAt!: Date;
}

export class RevisionPage {
  items!: RevisionItem[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}

export class RevisionResponse {
  /** @example 2 */
  number!: number;
  /** @example 1 */
  parent!: number | null;
  /** @example "I. The Third Window" */
  title!: string;
  createdAt!: Date;
  lineage!: LineageResponse[];
  blocks!: BlockResponse[];
}

export class ImportResponse {
  /**
   * The title in the manuscript, if it has one.
   * @example "The Lamplighter of Quay Street"
   */
  title?: string;
  /** @example "Mira Lindqvist" */
  author?: string;
  /** @example en */
  language!: string;
  chapters!: ImportedChapter[];
}

export class ImportedChapter {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /** @example "I. The Third Window" */
  title!: string;
  /** @example 2 */
  blocks!: number;
}
