import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsUUID } from 'class-validator';
import { MayBeMissing } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';

export class EventsQuery extends PageQuery {
  /** Everything about this chapter, work or rendition, whichever module tells it. */
  @MayBeMissing() @IsUUID() about?: string;
  /** Everything caused by this event, directly. */
  @MayBeMissing() @IsUUID() cause?: string;
  @MayBeMissing() @IsIn(['fact', 'errand']) kind?: 'fact' | 'errand';
  /** Only what is not handled everywhere yet. */
  @MayBeMissing()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  open?: boolean;
}

export class DeliveryError {
  at!: Date;
  message!: string;
}

export class DeliveryAnswer {
  /** The module (for a fact) or queue (for an errand) that must take notice. */
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

export class EventAnswer {
  id!: string;
  kind!: 'fact' | 'errand';
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
  deliveries!: DeliveryAnswer[];
  /** Events that handling this one caused. */
  effects!: string[];
}

export class EventPage {
  items!: EventAnswer[];
  next!: string | null;
}
