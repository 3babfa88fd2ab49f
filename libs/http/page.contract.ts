import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { OptionalNotNull } from './input.js';
import { FromDigits } from './whole-number.js';

/** How every list is asked for: see pagination.ts. */
export class PageQuery {
  /**
   * How many to answer at most.
   * @example 20
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  /** The `next` of the page before. */
  @OptionalNotNull()
  @IsString()
  @MaxLength(500)
  after?: string;
}
