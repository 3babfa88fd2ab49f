import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Role } from '#libs/kernel/actor';
import type { AccountState } from '../domain/account.js';
import type { SessionState } from '../domain/session.js';

@Entity({ schema: 'auth', name: 'account' })
@Index('account_role', ['role', 'id'])
@Index('account_suspended', ['id'], { where: 'suspended_at IS NOT NULL' })
@Index('account_search', { synchronize: false })
@Check('account_role_check', `role IN ('reader', 'author', 'moderator', 'admin')`)
@Check('account_epoch_check', 'epoch >= 1')
@Check('account_suspension_check', '(suspended_at IS NULL) = (suspended_because IS NULL)')
export class AccountRow implements AccountState {
  @PrimaryColumn('uuid') id!: string;
  @Index('account_email', { unique: true }) @Column('text') email!: string;
  @Column('text') name!: string;
  @Column('text') passwordHash!: string;
  @Column('text') role!: Role;
  @Column('timestamptz') createdAt!: Date;
  @Column('integer') epoch!: number;
  @Column('timestamptz', { nullable: true }) suspendedAt!: Date | null;
  @Column('text', { nullable: true }) suspendedBecause!: string | null;
}

@Entity({ schema: 'auth', name: 'session' })
@Index('session_account', ['accountId', 'id'])
@Index('session_open', ['accountId', 'id'], { where: 'ended_at IS NULL' })
@Index('session_over', { synchronize: false })
@Check('session_generation_check', 'generation >= 1')
export class SessionRow implements SessionState {
  @PrimaryColumn('uuid') id!: string;
  @ForeignKey(() => AccountRow, { onDelete: 'CASCADE' }) @Column('uuid') accountId!: string;
  @Column('text') device!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') expiresAt!: Date;
  @Column('integer') generation!: number;
  @Column('timestamptz') rotatedAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  @Column('text', { nullable: true }) endedBecause!: SessionState['endedBecause'];
}

/** Access tokens that are refused before they expire: of a session, or of an account before an epoch (revocation-log.ts). */
@Entity({ schema: 'auth', name: 'revocation' })
@Check('revocation_kind_check', `kind IN ('account', 'session')`)
@Check('revocation_epoch_check', `(kind = 'account') = (epoch IS NOT NULL)`)
export class RevocationRow {
  /** The transaction that revoked them, as a 64-bit number. */
  @PrimaryColumn('bigint') xid!: number;
  @PrimaryColumn('uuid') subject!: string;
  @Column('text') kind!: 'account' | 'session';
  /** Of accounts: tokens of an earlier epoch are refused. */
  @Column('integer', { nullable: true }) epoch!: number | null;
  @Column('timestamptz') at!: Date;
}
