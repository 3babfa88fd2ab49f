import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { OptionalNotNull } from './input.js';
import { FromDigits } from './whole-number.js';

/** The query of every list: see pagination.ts. */
export class PageQuery {
  /**
   * The greatest number of items.
   * @example 20
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  /**
   * The `next` of the page before.
   * @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ
   */
  @OptionalNotNull()
  @IsString()
  @MaxLength(500)
  after?: string;
}
