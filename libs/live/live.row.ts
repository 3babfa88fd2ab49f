import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The head of a stream. Appending transactions hold its row lock until they end, which orders the stream. */
@Entity({ schema: 'live', name: 'stream' })
@Check('stream_head_check', 'head >= 0')
@Check('stream_resets_check', 'resets >= 0')
export class StreamRow {
  /** `<kind>:<id>` */
  @PrimaryColumn('text') key!: string;
  @Column('bigint') head!: number;
  /** How often the head went back, counted by a trigger: part of the stream's epoch. */
  @Column('integer', { default: 0 }) resets!: number;
}

@Entity({ schema: 'live', name: 'event' })
@Check('event_seq_check', 'seq >= 1')
export class StreamEventRow {
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('bigint') seq!: number;
  @Column('text') type!: string;
  /** Ids only, never content: whoever reads the event fills it from the tables (event-presenters.ts). */
  @Column('json') body!: object;
  /** When it took its number, by Postgres's clock: never falls within a stream. */
  @Index('live_event_at') @Column('timestamptz') at!: Date;
}
