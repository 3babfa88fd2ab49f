import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { Accounts } from '../../auth/index.js';
import { Invitation, InvitationNotFound, type InvitationState } from '../domain/invitation.js';
import { authorize, can } from '../domain/policy.js';
import { InvitationRepository, WorkRepository } from '../domain/ports.js';
import type { MemberRole } from '../domain/work.js';

/** Use cases around the members of a work: invite, answer, change a role, remove, leave, transfer. */
@Injectable()
export class ManagingMembers {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly invitations: InvitationRepository,
    private readonly accounts: Accounts,
  ) {}

  /** @param email of the account to invite. The answer does not tell whether there is one; the token works either way. */
  invite(
    by: Actor,
    workId: string,
    { role, email }: { role: MemberRole; email?: string },
  ): Promise<{ invitation: Readonly<InvitationState>; token: string }> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:manage-members', await this.works.facts(workId, by));
      await this.works.get(workId); // its lock: invitations sent at the same time are counted one after the other
      const inviteeId = (email === undefined ? undefined : await this.accounts.idOf(email)) ?? null;
      const open = await this.invitations.countOpen(workId, now);
      const { invitation, token, invited } = Invitation.create(by, { workId, role, inviteeId }, open, now);
      await this.invitations.save(invitation);
      await record(invited);
      return { invitation: invitation.snapshot(), token };
    });
  }

  /** @param token needed by those who were not invited by their e-mail. @returns the work that one is a member of now. */
  accept(by: Actor, invitationId: string, token?: string): Promise<{ workId: string; role: MemberRole }> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const invitation = await this.invitations.get(invitationId);
      const accepted = invitation.accept(by, token, now);
      const { workId, role } = invitation.snapshot();
      const work = await this.works.get(workId);
      if (work.isDeleted) throw new InvitationNotFound();
      const joined = work.admit(by.id, role, now);
      await this.works.save(work);
      await this.invitations.save(invitation);
      await record(accepted, joined);
      return { workId, role };
    });
  }

  decline(by: Actor, invitationId: string, token?: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      const invitation = await this.invitations.get(invitationId);
      const declined = invitation.decline(by, token, now);
      await this.invitations.save(invitation);
      await record(declined);
    });
  }

  revoke(by: Actor, invitationId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const invitation = await this.invitations.get(invitationId);
      const facts = await this.works.facts(invitation.snapshot().workId, by);
      if (!facts || !can(by, 'work:manage-members', facts)) throw new InvitationNotFound();
      const revoked = invitation.revoke(by);
      await this.invitations.save(invitation);
      await record(revoked);
    });
  }

  changeRole(by: Actor, workId: string, accountId: string, role: MemberRole): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      authorize(by, 'work:manage-members', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const changed = work.changeMemberRole(by, accountId, role);
      await this.works.save(work);
      await record(changed);
    });
  }

  /** The owner removes a member, or a member leaves. */
  remove(by: Actor, workId: string, accountId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const action = accountId === by.id ? 'work:leave' : 'work:manage-members';
      authorize(by, action, await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const removed = work.removeMember(by, accountId);
      await this.works.save(work);
      await record(removed);
    });
  }

  /** A member becomes the owner; who was it before becomes an editor. */
  transfer(by: Actor, workId: string, accountId: string): Promise<void> {
    return this.unitOfWork.run(async ({ now, record }) => {
      authorize(by, 'work:manage-members', await this.works.facts(workId, by));
      const work = await this.works.get(workId);
      const transferred = work.transfer(accountId, now);
      await this.works.save(work);
      await record(transferred);
    });
  }
}
