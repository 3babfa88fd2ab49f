import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsUUID } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';

export class EventsQuery extends PageQuery {
  /** Only events about this chapter, work or rendition. */
  @OptionalNotNull() @IsUUID() about?: string;
  /** Only events that this event caused directly. */
  @OptionalNotNull() @IsUUID() cause?: string;
  @OptionalNotNull() @IsIn(['event', 'job']) kind?: 'event' | 'job';
  /** Only events with a delivery that is not handled yet. */
  @OptionalNotNull()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  open?: boolean;
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
  at!: Date;
  data!: Record<string, unknown>;
  deliveries!: DeliveryResponse[];
  /** Ids of the events that handling this one caused. */
  effects!: string[];
}

export class EventPage {
  items!: EventResponse[];
  next!: string | null;
}
