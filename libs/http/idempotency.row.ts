import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A request with an Idempotency-Key and its answer, kept for 24 hours (idempotency-records.ts). */
@Entity({ schema: 'http', name: 'idempotency_record' })
@Check('idempotency_record_attempt_check', 'attempt >= 1')
@Check('idempotency_record_status_check', 'status BETWEEN 100 AND 599')
export class IdempotencyRecordRow {
  /** HMAC over caller, method, path and key. */
  @PrimaryColumn('bytea') key!: Buffer;
  /** HMAC over the body without its secrets: the same key with another body is refused. */
  @Column('bytea') fingerprint!: Buffer;
  /** Whose request it is; null for a visitor's. */
  @Index('idempotency_record_account') @Column('uuid', { nullable: true }) accountId!: string | null;
  /** Raised each time the key is taken. An attempt stores its answer only while it is the newest. */
  @Column('integer') attempt!: number;
  /** While the request runs: when it counts as dead. */
  @Column('timestamptz', { nullable: true }) leaseUntil!: Date | null;
  /** Null while the request runs. */
  @Column('integer', { nullable: true }) status!: number | null;
  @Column('jsonb', { nullable: true }) headers!: Record<string, string> | null;
  @Column('jsonb', { nullable: true }) body!: unknown;
  /** Ids of what the request and its answer are about: when one is erased, `body` is. */
  @Column('uuid', { array: true, default: () => "'{}'" }) about!: string[];
  @Index('idempotency_record_at') @Column('timestamptz', { default: () => 'now()' }) at!: Date;
}
