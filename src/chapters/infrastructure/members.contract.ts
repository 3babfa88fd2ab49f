import { IsEmail, IsIn, IsString, IsUUID, MaxLength } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import type { WorkRole } from '../domain/policy.js';
import { MEMBER_ROLES, type MemberRole } from '../domain/work.js';

export class InviteBody {
  /** @example editor */
  @IsIn(MEMBER_ROLES) role!: MemberRole;
  /**
   * If an account has this e-mail, it finds the invitation at `GET /v1/me/invitations`. The answer does not tell.
   * @example mira@example.org
   */
  @OptionalNotNull() @IsEmail() @MaxLength(254) email?: string;
}

export class AnswerInvitationBody {
  /**
   * Needed by an account that was not invited by its e-mail.
   * @example k3V0bWxJd2pQZ0xhYzR5Q0ZzN2hUcXhRbU5lOWRSb1Y
   */
  @OptionalNotNull() @IsString() @MaxLength(100) token?: string;
}

export class MemberRoleBody {
  /** @example beta-reader */
  @IsIn(MEMBER_ROLES) role!: MemberRole;
}

export class OwnerBody {
  /**
   * A member of the work.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001
   */
  @IsUUID() accountId!: string;
}

export class MemberResponse {
  /**
   * Of the account.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001
   */
  id!: string;
  /** @example "Mira Lindqvist" */
  name!: string;
  /** @example owner */
  role!: WorkRole;
}

export class MembersResponse {
  /** The owner first, unless that account was erased. */
  items!: MemberResponse[];
}

export class InvitationItem {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f007 */
  id!: string;
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  /** @example editor */
  role!: MemberRole;
  createdAt!: Date;
  expiresAt!: Date;
}

export class InvitationCreatedResponse extends InvitationItem {
  /**
   * Shown this once. Whoever holds it can accept: send it to the person you mean.
   * @example k3V0bWxJd2pQZ0xhYzR5Q0ZzN2hUcXhRbU5lOWRSb1Y
   */
  token!: string;
}

export class InvitationsResponse {
  items!: InvitationItem[];
}

export class MyInvitationItem extends InvitationItem {
  /** @example "The Lamplighter of Quay Street" */
  workTitle!: string;
  /**
   * Name of who invited; null when that account was erased.
   * @example "Mira Lindqvist"
   */
  invitedBy!: string | null;
}

export class MyInvitationsResponse {
  items!: MyInvitationItem[];
}

export class MembershipResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  /** @example editor */
  role!: MemberRole;
}
