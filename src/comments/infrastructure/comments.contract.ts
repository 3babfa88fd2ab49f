import { Type } from 'class-transformer';
import { IsInt, IsString, IsUUID, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';
import { type CommentState, MAX_BODY } from '../domain/comment.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';

export class QuoteBody {
  /**
   * The exact words of the chapter.
   * @example lit since before the harbour froze
   */
  @IsString() @MinLength(1) @MaxLength(2_000) exact!: string;
  /** Where they start in the block (UTF-16 units), in case they occur more than once. */
  @OptionalNotNull() @IsInt() @Min(0) @Max(1_000_000) start?: number;
}

export class PostCommentBody {
  /** @example I did not see that coming. Who lit it? */
  @IsString() @MinLength(1) @MaxLength(MAX_BODY) body!: string;
  /** The block of the chapter it is about; without one it is about the chapter. */
  @ValidateIf((body: PostCommentBody) => body.quote !== undefined || body.block !== undefined)
  @IsUUID(undefined, { message: 'block must be the id of a block of the chapter' })
  block?: string;
  /** Words in that block. */
  @OptionalNotNull() @ValidateNested() @Type(() => QuoteBody) quote?: QuoteBody;
  /** The revision on the reader's screen. If another was published meanwhile, the anchor is transferred to it. */
  @OptionalNotNull() @IsInt() @Min(1) @Max(2_000_000_000) revision?: number;
}

export class ReplyBody {
  /** @example The lamplighter's daughter, I think. */
  @IsString() @MinLength(1) @MaxLength(MAX_BODY) body!: string;
}

export class CommentAuthor {
  id!: string;
  name!: string;
}

export class SpanResponse {
  start!: number;
  end!: number;
}

export class AnchorOriginResponse {
  revision!: number;
  block!: string;
  /** The text of the block in that revision; null once that revision was retracted. */
  text!: string | null;
}

export class AnchorResponse {
  /** The block; for a detached anchor, its last block. */
  block!: string;
  /**
   * `anchored`: unchanged. `edited`: the text was changed. `moved`: the text is elsewhere. `detached`: the text is gone.
   * @example anchored
   */
  status!: CommentAnchor['status'];
  /** The quoted words; null without a quotation, and once that revision was retracted. */
  quote!: string | null;
  /** Where the quoted words are now (UTF-16 units in the block). */
  span!: SpanResponse | null;
  origin!: AnchorOriginResponse;
}

export class CommentResponse {
  id!: string;
  chapterId!: string;
  parentId!: string | null;
  rootId!: string;
  depth!: number;
  /** Null once withdrawn or hidden, as is `body`. */
  author!: CommentAuthor | null;
  body!: string | null;
  status!: CommentState['status'];
  createdAt!: string;
  anchor!: AnchorResponse | null;
}

export class ThreadResponse extends CommentResponse {
  /** All comments below this one that are shown, at any depth. */
  replyCount!: number;
}

export class ThreadPage {
  items!: ThreadResponse[];
  next!: string | null;
}

export class ThreadsQuery extends PageQuery {
  /** Only threads anchored to this block. */
  @OptionalNotNull() @IsUUID() block?: string;
}

export class BlockCount {
  block!: string;
  /** Comments of the threads at this block that are shown, replies included. */
  comments!: number;
}

export class CountsResponse {
  total!: number;
  /** Of threads about the chapter as a whole. */
  chapter!: number;
  /** Of threads whose paragraph is gone. */
  detached!: number;
  blocks!: BlockCount[];
}
