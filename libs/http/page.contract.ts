import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** How every list is asked for: see pagination.ts. */
export class PageQuery {
  /**
   * How many to answer at most.
   * @example 20
   */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  /** The `next` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  after?: string;
}
