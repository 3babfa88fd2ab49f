import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** One for each chore that any worker knew. */
@Entity({ schema: 'scheduling', name: 'chore' })
@Check('chore_run_check', 'run >= 0')
export class ChoreRow {
  @PrimaryColumn('text') name!: string;
  /** An interval as PostgreSQL reads it, for admins. */
  @Column('text') every!: string;
  @Column('timestamptz', { default: () => 'now()' }) nextAt!: Date;
  @Column('timestamptz', { nullable: true }) leaseUntil!: Date | null;
  /** Number of the newest run: whoever finishes a run with another number has lost the lease. */
  @Column('integer', { default: 0 }) run!: number;
}

@Entity({ schema: 'scheduling', name: 'chore_run' })
@Check('chore_run_number_check', 'number >= 1')
@Check('chore_run_handled_check', 'handled >= 0')
export class ChoreRunRow {
  @ForeignKey(() => ChoreRow, { onDelete: 'CASCADE' }) @PrimaryColumn('text') chore!: string;
  @PrimaryColumn('integer') number!: number;
  @Index('chore_run_started_at') @Column('timestamptz', { default: () => 'now()' }) startedAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  /** How many things it handled. */
  @Column('integer', { nullable: true }) handled!: number | null;
  @Column('text', { nullable: true }) error!: string | null;
}
