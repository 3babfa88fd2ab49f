import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'events', name: 'event' })
@Index('event_actor', ['actor', 'id'], { where: 'actor IS NOT NULL' })
@Index('event_type', ['type', 'id'])
@Index('event_at', ['at'])
@Check('event_kind_check', `kind IN ('event', 'job')`)
@Check('event_v_check', 'v >= 1')
export class EventRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') kind!: 'event' | 'job';
  @Column('text') type!: string;
  @Column('integer') v!: number;
  @Column('text') subjectKind!: string;
  @Column('text') subjectId!: string;
  @Column('integer', { nullable: true }) subjectVersion!: number | null;
  /** Ids of the chapter, work or account on whose timeline this event is. */
  @Index('event_about', { synchronize: false }) @Column('text', { array: true, default: () => "'{}'" }) about!: string[];
  /** The event whose handling caused this one. */
  @Index('event_cause', { where: 'cause IS NOT NULL' }) @Column('uuid', { nullable: true }) cause!: string | null;
  /** The HTTP request that caused it. */
  @Column('text', { nullable: true }) request!: string | null;
  @Column('uuid', { nullable: true }) actor!: string | null;
  /** The `traceparent` of the work that recorded it (traceparent.ts). */
  @Column('text', { nullable: true }) trace!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('jsonb') data!: object;
}

/** The name of a worker group's queue in Bull. */
export const workerGroupQueue = (queue: string, workerGroup: string): string => `${queue}@${workerGroup}`;

/** Open jobs that are queued fairly. */
const OPEN = 'fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL';

@Entity({ schema: 'events', name: 'delivery' })
@Index('delivery_to_relay', ['event'], { where: 'relayed_at IS NULL' })
@Index('delivery_virtual_start', ['consumer', 'priority'], { where: OPEN })
@Index('delivery_fairness_key', ['consumer', 'fairnessKey', 'priority'], { where: OPEN })
@Index('delivery_failed', ['event'], { where: 'failed_at IS NOT NULL' })
@Index('delivery_to_check', ['checkedAt'], { where: 'relayed_at IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL' })
@Index('delivery_open', ['event'], { where: 'handled_at IS NULL' })
@Check('delivery_epoch_check', 'epoch >= 1')
@Check('delivery_attempts_check', 'attempts >= 0')
export class DeliveryRow {
  @ForeignKey(() => EventRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') event!: string;
  /** A module for an event, the queue itself for a job. */
  @PrimaryColumn('text') consumer!: string;
  @Column('text') queue!: string;
  /** Lower is served first. Of a job with a fairness key, this is its virtual start time (fair-queueing.ts). */
  @Column('integer', { default: 5 }) priority!: number;
  @Column('text', { nullable: true }) fairnessKey!: string | null;
  /** Raised by a replay. Each epoch is another job in Bull, so a worker that still runs an old one can no longer finish it. */
  @Column('integer', { default: 1 }) epoch!: number;
  @Column('timestamptz', { nullable: true }) claimedUntil!: Date | null;
  @Column('timestamptz', { nullable: true }) relayedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) checkedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) handledAt!: Date | null;
  /** Given up after the last attempt; an admin may replay it. */
  @Column('timestamptz', { nullable: true }) failedAt!: Date | null;
  @Column('integer', { default: 0 }) attempts!: number;
  @Column('jsonb', { default: [] }) errors!: { at: string; message: string }[];
}
