import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Transaction } from '#libs/database/transaction';
import { Invitation, InvitationNotFound } from '../domain/invitation.js';
import { InvitationRepository } from '../domain/ports.js';
import { InvitationRow } from './chapters.rows.js';

@Injectable()
export class TypeormInvitationRepository extends InvitationRepository {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async get(id: string): Promise<Invitation> {
    const row = await this.transaction.writing.findOne(InvitationRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new InvitationNotFound();
    return Invitation.restore(row);
  }

  async save(invitation: Invitation): Promise<void> {
    await this.transaction.writing.upsert(InvitationRow, invitation.snapshot(), ['id']);
  }

  countOpen(workId: string, now: Date): Promise<number> {
    return this.transaction.writing.countBy(InvitationRow, { workId, status: 'open', expiresAt: MoreThan(now) });
  }

  async openOf(accountId: string): Promise<string[]> {
    const rows = await this.transaction.query<{ id: string }>(
      `SELECT id FROM chapters.invitation WHERE status = 'open' AND (invitee_id = $1 OR invited_by = $1) ORDER BY id`,
      [accountId],
    );
    return rows.map(({ id }) => id);
  }
}
