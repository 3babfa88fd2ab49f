import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The answer to a request with an Idempotency-Key, kept for 24 hours and written in the transaction of its effect. */
@Entity({ schema: 'http', name: 'idempotency_record' })
export class IdempotencyRecordRow {
  /** sha256 over caller, route and key. */
  @PrimaryColumn('bytea') key!: Buffer;
  /** sha256 over the body: the same key with another body is refused. */
  @Column('bytea') request!: Buffer;
  @Column('integer', { nullable: true }) status!: number | null;
  @Column('jsonb', { nullable: true }) headers!: Record<string, string> | null;
  @Column('jsonb', { nullable: true }) body!: unknown;
  @Index('idempotency_record_at') @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
