import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { FromDigits } from '#libs/http/whole-number';

const EPOCH = /^[0-9a-f]{16}$/;

export class EventsQuery {
  /**
   * The last sequence number you have; the answer begins behind it. The Last-Event-ID header, which browsers send when they
   * come back, goes before it. Without either it begins with what happens from now on, and a snapshot where there is one.
   * @example 41
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  since?: number;

  /**
   * The epoch of the stream as you got it with that number. When the stream has another one, a backup was restored: the answer
   * says `reset`.
   * @example 8d3c1f0a5b7e9246
   */
  @OptionalNotNull()
  @Matches(EPOCH)
  epoch?: string;

  /**
   * From POST /v1/live/tickets, for clients that cannot send headers. Not a token: those never stand in a URL.
   * @example b7XbQ0cYQ3l8m5nJr1Vt2kWp9uZs4hGe
   */
  @OptionalNotNull()
  @IsString()
  @Length(32, 32)
  ticket?: string;
}

export class HistoryQuery {
  /**
   * The last sequence number you have.
   * @example 41
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  since: number = 0;

  /**
   * The epoch of the stream as you got it with that number. When the stream has another one, a backup was restored: the answer
   * says `reset`.
   * @example 8d3c1f0a5b7e9246
   */
  @OptionalNotNull()
  @Matches(EPOCH)
  epoch?: string;

  /**
   * How many events to answer at most.
   * @example 100
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 100;
}

export class LiveEventResponse {
  /**
   * Runs 1, 2, 3 … in its stream without a gap.
   * @example 42
   */
  @ApiProperty({ format: 'int64' })
  seq!: number;
  /** @example comment.posted */
  type!: string;
  /** @example 2026-11-30T09:05:00.000Z */
  @ApiProperty({ format: 'date-time' })
  at!: string;
  /** What the type says, filled from what is stored now: a comment that was deleted comes without its words. */
  @ApiProperty({ example: { id: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f005', body: 'I did not see that coming. Who lit it?' } })
  body!: object;
}

export class HistoryResponse {
  /** @example chapter:0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  stream!: string;
  /**
   * Names the history that the numbers belong to: send it with `since`.
   * @example 8d3c1f0a5b7e9246
   */
  epoch!: string;
  /**
   * How far the stream has come. When the last event here has this number, you have all.
   * @example 42
   */
  @ApiProperty({ format: 'int64' })
  head!: number;
  /** Your `since` leads nowhere in this history: forget what you have. The events begin with the oldest there is. */
  @ApiProperty({ enum: [true] }) reset?: true;
  /** The oldest first. */
  events!: LiveEventResponse[];
}

export class TicketResponse {
  /**
   * Opens one stream: GET /v1/live/{stream}/events?ticket=…
   * @example b7XbQ0cYQ3l8m5nJr1Vt2kWp9uZs4hGe
   */
  ticket!: string;
  /** @example 30 */
  expiresInSeconds!: number;
}
