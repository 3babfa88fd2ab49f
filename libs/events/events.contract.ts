import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsUUID, Matches } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';
import { EventContext } from './event-subjects.contract.js';

/** For a property of a query class: `true` and `false` become booleans, anything else stays text and is refused. */
const FromBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

export class EventsQuery extends PageQuery {
  /** Only events about this chapter, work or rendition. */
  @OptionalNotNull() @IsUUID() about?: string;
  /** Only events that this event caused directly. */
  @OptionalNotNull() @IsUUID() cause?: string;
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
  /** Only events with a delivery that is not handled yet. */
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
  message!: string;
}

export class DeliveryResponse {
  /** The module (for an event) or the queue (for a job) that handles it. */
  consumer!: string;
  queue!: string;
  /** Raised by each replay. */
  epoch!: number;
  relayedAt!: Date | null;
  handledAt!: Date | null;
  /** Given up after the last attempt: replay it. */
  failedAt!: Date | null;
  attempts!: number;
  errors!: DeliveryError[];
}

export class EventSubject {
  kind!: string;
  id!: string;
  version!: number | null;
}

export class EventResponse {
  id!: string;
  kind!: 'event' | 'job';
  /** @example ChapterPublished */
  type!: string;
  v!: number;
  subject!: EventSubject;
  about!: string[];
  /** The event whose handling caused this one. */
  cause!: string | null;
  /** The HTTP request that caused it. */
  request!: string | null;
  actor!: string | null;
  /** The W3C `traceparent` of the request or job that recorded it. */
  trace!: string | null;
  at!: Date;
  data!: Record<string, unknown>;
  /** Whose work and chapter it is about, by name. */
  context!: EventContext | null;
  deliveries!: DeliveryResponse[];
  /** Ids of the events that handling this one caused. */
  effects!: string[];
}

export class EventPage {
  items!: EventResponse[];
  next!: string | null;
}
