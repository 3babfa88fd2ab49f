import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Role } from '#libs/kernel/actor';
import type { AccountState } from '../domain/account.js';
import type { RefreshTokenState, SessionState } from '../domain/session.js';

@Entity({ schema: 'auth', name: 'account' })
export class AccountRow implements AccountState {
  @PrimaryColumn('uuid') id!: string;
  @Index('account_email', { unique: true }) @Column('text') email!: string;
  @Column('text') name!: string;
  @Column('text') passwordHash!: string;
  @Column('text') role!: Role;
  @Column('timestamptz') createdAt!: Date;
}

@Entity({ schema: 'auth', name: 'session' })
export class SessionRow implements Omit<SessionState, 'tokens'> {
  @PrimaryColumn('uuid') id!: string;
  @Index('session_account') @Column('uuid') accountId!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') expiresAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  @Column('text', { nullable: true }) endedBecause!: SessionState['endedBecause'];
}

@Entity({ schema: 'auth', name: 'refresh_token' })
export class RefreshTokenRow implements RefreshTokenState {
  @PrimaryColumn('text') hash!: string;
  @Index('refresh_token_session') @Column('uuid') sessionId!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) usedAt!: Date | null;
}
