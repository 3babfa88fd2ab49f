import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsUUID, Matches } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';
import { EventContext } from './event-subjects.contract.js';

/** For a property of a query class: `true` and `false` become booleans, anything else stays text and is refused. */
const FromBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

export class EventsQuery extends PageQuery {
  /**
   * Only events about this chapter, work or rendition.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003
   */
  @OptionalNotNull() @IsUUID() about?: string;
  /**
   * Only events that this event caused directly.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f009
   */
  @OptionalNotNull() @IsUUID() cause?: string;
  /**
   * Only events, or only jobs.
   * @example event
   */
  @OptionalNotNull() @IsIn(['event', 'job']) kind?: 'event' | 'job';
  /**
   * Only what this account did.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001
   */
  @OptionalNotNull() @IsUUID() actor?: string;
  /**
   * Only events and jobs of this type.
   * @example AccountSuspended
   */
  @OptionalNotNull() @Matches(/^[A-Za-z]{1,80}$/) type?: string;
  /**
   * Only events with a delivery that is not handled yet.
   * @example true
   */
  @OptionalNotNull()
  @FromBoolean()
  @IsBoolean()
  open?: boolean;
  /**
   * Only events with a delivery that was given up after its last attempt.
   * @example true
   */
  @OptionalNotNull()
  @FromBoolean()
  @IsBoolean()
  failed?: boolean;
}

export class DeliveryError {
  at!: Date;
  /** @example "The database did not answer in time." */
  message!: string;
}

export class DeliveryResponse {
  /**
   * The module (for an event) or the queue (for a job) that handles it.
   * @example comments
   */
  consumer!: string;
  /** @example facts.comments */
  queue!: string;
  /**
   * Raised by each replay.
   * @example 1
   */
  epoch!: number;
  relayedAt!: Date | null;
  handledAt!: Date | null;
  /** Given up after the last attempt: replay it. */
  failedAt!: Date | null;
  /** @example 1 */
  attempts!: number;
  errors!: DeliveryError[];
}

export class EventSubject {
  /** @example chapter */
  kind!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /** @example 3 */
  version!: number | null;
}

export class EventResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f009 */
  id!: string;
  /** @example event */
  kind!: 'event' | 'job';
  /** @example ChapterPublished */
  type!: string;
  /** @example 1 */
  v!: number;
  subject!: EventSubject;
  /** @example ["0197f0f6-3a51-7b3e-8b62-0a4be0d3f003","0197f0f6-3a51-7b3e-8b62-0a4be0d3f002"] */
  about!: string[];
  /**
   * The event whose handling caused this one.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f00a
   */
  cause!: string | null;
  /**
   * The HTTP request that caused it.
   * @example 6f1c2f7e-0d54-4c0a-9a5e-3f0d8f6f2b11
   */
  request!: string | null;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001 */
  actor!: string | null;
  /**
   * The W3C `traceparent` of the request or job that recorded it.
   * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
   */
  trace!: string | null;
  at!: Date;
  @ApiProperty({ example: { title: 'I. The Third Window', revision: 1 } }) data!: Record<string, unknown>;
  /** Whose work and chapter it is about, by name. */
  context!: EventContext | null;
  deliveries!: DeliveryResponse[];
  /**
   * Ids of the events that handling this one caused.
   * @example ["0197f0f6-3a51-7b3e-8b62-0a4be0d3f00b"]
   */
  effects!: string[];
}

export class EventPage {
  items!: EventResponse[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}
