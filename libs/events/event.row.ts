import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'events', name: 'event' })
export class EventRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') kind!: 'event' | 'job';
  @Column('text') type!: string;
  @Column('integer') v!: number;
  @Column('text') subjectKind!: string;
  @Column('text') subjectId!: string;
  @Column('integer', { nullable: true }) subjectVersion!: number | null;
  /** Ids of the chapter and work on whose timeline it stands. */
  @Index('event_about', { synchronize: false }) @Column('text', { array: true, default: () => "'{}'" }) about!: string[];
  /** The event whose handling caused this one. */
  @Index('event_cause', { where: 'cause IS NOT NULL' }) @Column('uuid', { nullable: true }) cause!: string | null;
  /** The HTTP request that caused it. */
  @Column('text', { nullable: true }) request!: string | null;
  @Column('uuid', { nullable: true }) actor!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('jsonb') data!: object;
}

/** What a worker group of a queue is called among Bull's queues. */
export const workerGroupQueue = (queue: string, workerGroup: string): string => `${queue}@${workerGroup}`;

/** Jobs that take turns and are not done yet. */
const OPEN = 'fairness_key IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL';

@Entity({ schema: 'events', name: 'delivery' })
@Index('delivery_to_relay', ['event'], { where: 'relayed_at IS NULL' })
@Index('delivery_virtual_start', ['consumer', 'priority'], { where: OPEN })
@Index('delivery_fairness_key', ['consumer', 'fairnessKey', 'priority'], { where: OPEN })
@Index('delivery_to_check', ['checkedAt'], { where: 'relayed_at IS NOT NULL AND handled_at IS NULL AND failed_at IS NULL' })
export class DeliveryRow {
  @ForeignKey(() => EventRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') event!: string;
  /** Who takes notice: a module for a fact, the queue itself for a job. */
  @PrimaryColumn('text') consumer!: string;
  @Column('text') queue!: string;
  /** Lower goes first. Of a job with a share it is its turn (fair-queueing.ts). */
  @Column('integer', { default: 5 }) priority!: number;
  @Column('text', { nullable: true }) fairnessKey!: string | null;
  /** Raised by a replay: a new epoch is a new job, so an old one can no longer finish it. */
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
