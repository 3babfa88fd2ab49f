import { Injectable } from '@nestjs/common';
import { accountActor } from '#libs/kernel/actor';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { AccountDeleted } from '../../auth/index.js';
import { InvitationRepository, WorkRepository } from '../domain/ports.js';
import { WorksUndecided } from '../domain/work.js';
import { Erasing } from './erasing.js';

/** Works that the refusal names. */
const MAX_NAMED = 20;

/** What becomes of works, memberships and invitations when an account is erased. */
@Injectable()
export class LeavingWorks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly works: WorkRepository,
    private readonly invitations: InvitationRepository,
    private readonly erasing: Erasing,
  ) {}

  /** Before the account is erased, in the same unit of work. @throws WorksUndecided */
  async mustBeDecided(accountId: string, choice: 'erase' | 'keep' | null): Promise<void> {
    if (choice !== null) return;
    const owned = (await this.works.ownedBy(accountId)).filter(({ isDeleted }) => !isDeleted);
    const named = owned.slice(0, MAX_NAMED).map(({ id, title, members }) => ({ id, title, members }));
    if (named.length) throw new WorksUndecided(named);
  }

  /** After it was erased. Each step is a unit of work of its own and can be repeated. */
  async leave(accountId: string, { works: choice }: AccountDeleted['data']): Promise<void> {
    for (const id of await this.works.withMember(accountId)) await this.leaveWork(accountId, id);
    for (const id of await this.invitations.openOf(accountId)) await this.revoke(accountId, id);
    if (choice === 'erase') return this.erasing.eraseWorksOf(accountId);
    // with nobody to read it, a work would stay for ever unseen
    const unseen = (await this.works.ownedBy(accountId)).filter(({ isShared }) => !isShared);
    await this.erasing.eraseWorksOf(
      accountId,
      unseen.map(({ id }) => id),
    );
  }

  private leaveWork(accountId: string, workId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const work = await this.works.get(workId);
      const removed = work.removeMember(himself(accountId), accountId);
      await this.works.save(work);
      await record(removed);
    });
  }

  private revoke(accountId: string, invitationId: string): Promise<void> {
    return this.unitOfWork.run(async ({ record }) => {
      const invitation = await this.invitations.get(invitationId);
      const revoked = invitation.revoke(himself(accountId));
      await this.invitations.save(invitation);
      await record(revoked);
    });
  }
}

const himself = (accountId: string) => accountActor({ id: accountId, role: 'reader' });
