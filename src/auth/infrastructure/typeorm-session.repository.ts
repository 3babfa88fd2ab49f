import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { SessionRepository } from '../domain/ports.js';
import { Session } from '../domain/session.js';
import { RefreshTokenRow, SessionRow } from './auth.rows.js';

@Injectable()
export class TypeormSessionRepository extends SessionRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async findByToken(tokenHash: string): Promise<Session | undefined> {
    const token = await this.transaction.writing.findOneBy(RefreshTokenRow, { hash: tokenHash });
    if (!token) return undefined;
    const row = await this.transaction.writing.findOne(SessionRow, {
      where: { id: token.sessionId },
      lock: { mode: 'pessimistic_write' },
    });
    if (!row) return undefined;
    // read again under the lock: another tab may have used the token while we waited
    return Session.restore({ ...row, tokens: await this.transaction.writing.findBy(RefreshTokenRow, { sessionId: row.id }) });
  }

  async ofAccount(accountId: string): Promise<Session[]> {
    const rows = await this.transaction.writing.find(SessionRow, { where: { accountId }, lock: { mode: 'pessimistic_write' } });
    return rows.map((row) => Session.restore({ ...row, tokens: [] }));
  }

  async save(session: Session): Promise<void> {
    const { tokens, ...row } = session.snapshot();
    await this.transaction.writing.upsert(SessionRow, row, ['id']);
    if (tokens.length) await this.transaction.writing.upsert(RefreshTokenRow, tokens, ['hash']);
  }
}
