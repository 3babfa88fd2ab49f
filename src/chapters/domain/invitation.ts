import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import type { MemberRole } from './work.js';

export interface InvitationState {
  id: string;
  workId: string;
  role: MemberRole;
  /** The account that was invited by its e-mail; null when there is none, and for an invitation by token alone. */
  inviteeId: string | null;
  /** sha256 of the token: a stolen database accepts nothing. */
  tokenHash: string;
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
  status: 'open' | 'accepted' | 'declined' | 'revoked';
}

const DAYS = 14;
/** Open invitations of one work. */
export const MAX_INVITATIONS = 50;

/**
 * An offer of a role on a work. The invited account accepts or declines it, and so may anyone who holds its token: whether an
 * e-mail belongs to an account therefore stays unknown to the inviter. It ends by an answer, by the owner, or after 14 days.
 */
export class Invitation {
  private constructor(private readonly state: InvitationState) {}

  /** @param open how many invitations of the work are open already. */
  static create(
    by: Actor,
    details: { workId: string; role: MemberRole; inviteeId: string | null },
    open: number,
    now: Date,
  ): { invitation: Invitation; token: string; invited: MemberInvited } {
    if (open >= MAX_INVITATIONS) throw new TooManyInvitations();
    const token = randomBytes(32).toString('base64url');
    const invitation = new Invitation({
      ...details,
      id: newId(now.getTime()),
      tokenHash: hashOf(token),
      invitedBy: by.id,
      createdAt: now,
      expiresAt: new Date(now.getTime() + DAYS * 86_400_000),
      status: 'open',
    });
    return { invitation, token, invited: invitation.event('MemberInvited', { by: by.id, role: details.role }) };
  }

  static restore(state: InvitationState): Invitation {
    return new Invitation({ ...state });
  }

  accept(by: Actor, token: string | undefined, now: Date): InvitationAccepted {
    this.mustBeOpenTo(by, token, now);
    this.state.status = 'accepted';
    return this.event('InvitationAccepted', { by: by.id });
  }

  decline(by: Actor, token: string | undefined, now: Date): InvitationDeclined {
    this.mustBeOpenTo(by, token, now);
    this.state.status = 'declined';
    return this.event('InvitationDeclined', { by: by.id });
  }

  revoke(by: Actor): InvitationRevoked {
    if (this.state.status !== 'open') throw new InvitationOver();
    this.state.status = 'revoked';
    return this.event('InvitationRevoked', { by: by.id });
  }

  /** Others learn nothing: not even that there is such an invitation. */
  private mustBeOpenTo(by: Actor, token: string | undefined, now: Date): void {
    const holdsToken = token !== undefined && timingSafeEqual(Buffer.from(hashOf(token)), Buffer.from(this.state.tokenHash));
    if (by.id !== this.state.inviteeId && !holdsToken) throw new InvitationNotFound();
    if (this.state.status !== 'open' || this.state.expiresAt <= now) throw new InvitationOver();
  }

  get id(): string {
    return this.state.id;
  }

  snapshot(): Readonly<InvitationState> {
    return { ...this.state };
  }

  private event<Type extends string, Data extends object>(type: Type, data: Data): InvitationEvent<Type, Data> {
    const { id, workId } = this.state;
    return { type, v: 1, subject: { kind: 'invitation', id }, about: [workId], data: { workId, ...data } };
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

interface InvitationEvent<Type extends string, Data extends object> {
  type: Type;
  v: 1;
  subject: { kind: 'invitation'; id: string };
  about: string[];
  data: Data & { workId: string };
}
export type MemberInvited = InvitationEvent<'MemberInvited', { by: string; role: MemberRole }>;
export type InvitationAccepted = InvitationEvent<'InvitationAccepted', { by: string }>;
export type InvitationDeclined = InvitationEvent<'InvitationDeclined', { by: string }>;
export type InvitationRevoked = InvitationEvent<'InvitationRevoked', { by: string }>;

export class InvitationNotFound extends DomainError {
  readonly code = 'invitation-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such invitation for you. Ask who invited you for the whole token.');
  }
}
export class InvitationOver extends DomainError {
  readonly code = 'invitation-over';
  readonly kind = 'gone';
  constructor() {
    super('This invitation was answered, revoked, or is older than 14 days. Ask for a new one.');
  }
}
export class TooManyInvitations extends DomainError {
  readonly code = 'too-many-invitations';
  readonly kind = 'conflict';
  constructor() {
    super(`A work has at most ${MAX_INVITATIONS} open invitations: revoke some, or wait until they are answered.`);
  }
}
