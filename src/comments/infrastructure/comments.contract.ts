import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsString, IsUUID, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';
import type { TakenDownResponse } from '#libs/http/take-down.contract';
import { type CommentState, MAX_BODY } from '../domain/comment.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';

export class QuoteBody {
  /**
   * The exact words of the chapter.
   * @example "lit since before the harbour froze"
   */
  @IsString() @MinLength(1) @MaxLength(2_000) exact!: string;
  /**
   * Where they start in the block (UTF-16 units), in case they occur more than once.
   * @example 18
   */
  @OptionalNotNull() @IsInt() @Min(0) @Max(1_000_000) start?: number;
}

export class PostCommentBody {
  /** @example "I did not see that coming. Who lit it?" */
  @IsString() @MinLength(1) @MaxLength(MAX_BODY) body!: string;
  /**
   * The block of the chapter it is about; without one it is about the chapter.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  @ValidateIf((body: PostCommentBody) => body.quote !== undefined || body.block !== undefined)
  @IsUUID(undefined, { message: 'block must be the id of a block of the chapter' })
  block?: string;
  /** Words in that block. */
  @OptionalNotNull() @ValidateNested() @Type(() => QuoteBody) quote?: QuoteBody;
  /**
   * The revision on the reader's screen. If another was published meanwhile, the anchor is transferred to it.
   * @example 1
   */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
}

export class ReplyBody {
  /** @example "The daughter of the lamplighter, I think." */
  @IsString() @MinLength(1) @MaxLength(MAX_BODY) body!: string;
}

export class CommentAuthor {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001 */
  id!: string;
  /** @example "Mira Lindqvist" */
  name!: string;
}

export class SpanResponse {
  /** @example 18 */
  start!: number;
  /** @example 52 */
  end!: number;
}

export class AnchorOriginResponse {
  /** @example 1 */
  revision!: number;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004 */
  block!: string;
  /**
   * The text of the block in that revision; null once that revision was retracted.
   * @example "The lamp had been lit since before the harbour froze."
   */
  text!: string | null;
}

export class AnchorResponse {
  /**
   * The block; for a detached anchor, its last block.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  block!: string;
  /**
   * `anchored`: unchanged. `edited`: the text was changed. `moved`: the text is elsewhere. `detached`: the text is gone.
   * @example anchored
   */
  status!: CommentAnchor['status'];
  /**
   * The quoted words; null without a quotation, and once that revision was retracted.
   * @example "lit since before the harbour froze"
   */
  quote!: string | null;
  /** Where the quoted words are now (UTF-16 units in the block). */
  span!: SpanResponse | null;
  origin!: AnchorOriginResponse;
}

/** As `TakenDownResponse`, with the time as text: the same object goes into live events. */
export class CommentTakenDownResponse implements Omit<TakenDownResponse, 'at'> {
  /** @example 2026-11-30T09:05:00.000Z */
  @ApiProperty({ format: 'date-time' })
  at!: string;
  /** @example "The text is a copy of a novel by another author." */
  reason!: string;
}

export class CommentResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f005 */
  id!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  chapterId!: string;
  /**
   * Null for the first comment of a thread.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f00d
   */
  parentId!: string | null;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f005 */
  rootId!: string;
  /** @example 0 */
  depth!: number;
  /** Null once withdrawn or hidden, as is `body`; and null beside words whose author's account was erased. */
  author!: CommentAuthor | null;
  /** @example "I did not see that coming. Who lit it?" */
  body!: string | null;
  /**
   * `withdrawn`: deleted by its author. `hidden`: deleted by a moderator, or taken down by an admin. `taken-down`: what its author and
   * admins get for the latter.
   * @example shown
   */
  status!: CommentState['status'];
  /** For its author and admins, while it is taken down. */
  takenDown!: CommentTakenDownResponse | null;
  /** @example 2026-11-30T09:05:00.000Z */
  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
  anchor!: AnchorResponse | null;
}

export class ThreadResponse extends CommentResponse {
  /**
   * All comments below this one that are shown, at any depth.
   * @example 2
   */
  replyCount!: number;
}

export class ThreadPage {
  items!: ThreadResponse[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}

export class ThreadsQuery extends PageQuery {
  /**
   * Only threads anchored to this block.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  @OptionalNotNull() @IsUUID() block?: string;
}

export class BlockCount {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004 */
  block!: string;
  /**
   * Comments of the threads at this block that are shown, replies included.
   * @example 3
   */
  comments!: number;
}

export class CountsResponse {
  /** @example 5 */
  total!: number;
  /**
   * Of threads about the chapter as a whole.
   * @example 1
   */
  chapter!: number;
  /**
   * Of threads whose paragraph is gone.
   * @example 1
   */
  detached!: number;
  blocks!: BlockCount[];
}
