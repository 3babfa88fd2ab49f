import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { RedisClients } from '#libs/redis/redis-clients';

/** Access tokens to refuse: all of a session, or those of an account from before an epoch. */
export type Revocation = { kind: 'session'; subject: string } | { kind: 'account'; subject: string; epoch: number };

/** The channel on which web processes are woken to read the log; a lost wake costs at most one poll interval. */
export const REVOCATION_WAKE = 'revocations';

/** Where repositories record that tokens were revoked. Web processes read it by polling (revocation-watch.ts). */
@Injectable()
export class RevocationLog {
  private readonly listeners: ((revocation: Revocation) => void)[] = [];

  constructor(
    private readonly transaction: Transaction,
    private readonly redis: RedisClients,
  ) {}

  /** In the running unit of work. This process knows of it when that has committed, the others are woken. */
  async record(revocation: Revocation): Promise<void> {
    await this.transaction.writing.query(
      `INSERT INTO auth.revocation (xid, subject, kind, epoch, at) VALUES (pg_current_xact_id()::text::bigint, $1, $2, $3, now())
       ON CONFLICT (xid, subject) DO UPDATE SET epoch = EXCLUDED.epoch`,
      [revocation.subject, revocation.kind, revocation.kind === 'account' ? revocation.epoch : null],
    );
    this.transaction.afterCommit(() => {
      for (const hear of this.listeners) hear(revocation);
      this.redis.publish(REVOCATION_WAKE, '');
    });
  }

  onCommitted(hear: (revocation: Revocation) => void): void {
    this.listeners.push(hear);
  }
}
