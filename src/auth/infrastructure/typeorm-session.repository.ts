import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { SessionRepository } from '../domain/ports.js';
import { Session, type SessionEnd } from '../domain/session.js';
import { SessionRow } from './auth.rows.js';
import { RevocationLog } from './revocation-log.js';

@Injectable()
export class TypeormSessionRepository extends SessionRepository {
  constructor(
    private readonly transaction: Transaction,
    private readonly revocations: RevocationLog,
  ) {
    super();
  }

  async find(id: string): Promise<Session | undefined> {
    const row = await this.transaction.manager.findOneBy(SessionRow, { id });
    return row ? Session.restore(row) : undefined;
  }

  async get(id: string): Promise<Session | undefined> {
    const row = await this.transaction.writing.findOne(SessionRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    return row ? Session.restore(row) : undefined;
  }

  async rotate(session: Session): Promise<boolean> {
    const { id, generation, rotatedAt } = session.snapshot();
    const { affected } = await this.transaction.writing
      .createQueryBuilder()
      .update(SessionRow)
      .set({ generation, rotatedAt })
      .where('id = :id AND generation = :before AND ended_at IS NULL', { id, before: generation - 1 })
      .execute();
    return affected === 1;
  }

  async save(session: Session): Promise<void> {
    const { id, ...state } = session.snapshot();
    await this.transaction.writing.upsert(SessionRow, { id, ...state }, ['id']);
    if (state.endedAt) await this.revocations.record({ kind: 'session', subject: id });
  }

  async endAll(accountId: string, because: SessionEnd, now: Date): Promise<void> {
    const open = { accountId, endedAt: IsNull() };
    await this.transaction.writing.update(SessionRow, open, { endedAt: now, endedBecause: because });
  }
}
