import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import type { Actor } from '#libs/kernel/actor';
import { Accounts } from '../../auth/index.js';
import { authorize, type WorkRole } from '../domain/policy.js';
import { AccessFacts } from './access-facts.js';
import type { InvitationItem, MemberResponse, MyInvitationItem } from './members.contract.js';

const OPEN = `i.status = 'open' AND i.expires_at > now()`;
const ITEM = `i.id, i.work_id AS "workId", i.role, i.created_at AS "createdAt", i.expires_at AS "expiresAt"`;

/** Who works on a work, and who is invited to. */
@Injectable()
export class MemberViews {
  constructor(
    private readonly transaction: Transaction,
    private readonly access: AccessFacts,
    private readonly accounts: Accounts,
  ) {}

  async members(workId: string, actor: Actor): Promise<MemberResponse[]> {
    authorize(actor, 'work:read-members', await this.access.work(workId, actor));
    const rows = await this.transaction.query<{ id: string; role: WorkRole }>(
      `SELECT w.owner_id AS id, 'owner' AS role FROM chapters.work w WHERE w.id = $1
       UNION ALL (SELECT m.account_id, m.role FROM chapters.membership m WHERE m.work_id = $1 ORDER BY m.joined_at, m.account_id)`,
      [workId],
    );
    const accounts = await this.accounts.summaries(rows.map(({ id }) => id));
    return rows.flatMap(({ id, role }) => {
      const account = accounts.get(id);
      return account ? [{ id, name: account.name, role }] : []; // one that was erased is none any more
    });
  }

  /** Open invitations of a work, newest first. */
  async ofWork(workId: string, actor: Actor): Promise<InvitationItem[]> {
    authorize(actor, 'work:manage-members', await this.access.work(workId, actor));
    return this.transaction.query<InvitationItem>(
      `SELECT ${ITEM} FROM chapters.invitation i WHERE i.work_id = $1 AND ${OPEN} ORDER BY i.id DESC`,
      [workId],
    );
  }

  /** Open invitations of an account, newest first. */
  async toAccount(actor: Actor): Promise<MyInvitationItem[]> {
    const rows = await this.transaction.query<InvitationItem & { workTitle: string; by: string }>(
      `SELECT ${ITEM}, w.title AS "workTitle", i.invited_by AS by
         FROM chapters.invitation i JOIN chapters.work w ON w.id = i.work_id
        WHERE i.invitee_id = $1 AND ${OPEN} AND w.deleted_at IS NULL AND w.taken_down_at IS NULL ORDER BY i.id DESC LIMIT 100`,
      [actor.id],
    );
    const accounts = await this.accounts.summaries(rows.map(({ by }) => by));
    return rows.map(({ by, ...item }) => ({ ...item, invitedBy: accounts.get(by)?.name ?? null }));
  }
}
