import { IsEmail, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { type Role, ROLES } from '#libs/kernel/actor';
import { MAX_NAME, PASSWORD_LENGTH } from '../domain/account.js';

export class SignUpBody {
  /** @example mira@example.org */
  @IsEmail() @MaxLength(254) email!: string;
  /**
   * Shown beside your works and comments.
   * @example "Mira Lindqvist"
   */
  @IsString() @MinLength(1) @MaxLength(MAX_NAME) name!: string;
  /** @example "a lantern left burning" */
  @IsString() @MinLength(PASSWORD_LENGTH.min) @MaxLength(PASSWORD_LENGTH.max) password!: string;
  /**
   * The role to start with; an admin can make a reader an author later.
   * @example author
   */
  @OptionalNotNull() @IsIn(['reader', 'author']) role?: 'reader' | 'author' = 'reader';
}

export class SignInBody {
  /** @example mira@example.org */
  @IsString() @MaxLength(254) email!: string;
  /** @example "a lantern left burning" */
  @IsString() @MaxLength(PASSWORD_LENGTH.max) password!: string;
}

/** What becomes of what the account made. */
export class ErasureChoicesBody {
  /**
   * What becomes of the works that the account owns. `erase`: they are removed with their chapters, comments and films. `keep`:
   * they stay as they are, without an author, and what is published stays readable. Needed only if the account owns a work; one that
   * somebody else shall go on with has to be transferred first (`PUT /v1/works/{id}/owner`).
   * @example keep
   */
  @OptionalNotNull() @IsIn(['erase', 'keep']) works?: 'erase' | 'keep';
  /**
   * What becomes of the comments. `keep`: the words stay, without an author. `erase`: each is deleted, and the replies to it stay.
   * @example keep
   */
  @OptionalNotNull() @IsIn(['erase', 'keep']) comments?: 'erase' | 'keep' = 'keep';
}

export class EraseOwnAccountBody extends ErasureChoicesBody {
  /**
   * The password of the account, again.
   * @example "a lantern left burning"
   */
  @IsString() @MaxLength(PASSWORD_LENGTH.max) password!: string;
}

export class RefreshBody {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f008.2.Xq0N3mJc2mXv0l1vQ8tC0rJ6n1bP4yS5dT7uV9wA2bE */
  @IsString() @MaxLength(100) refreshToken!: string;
}

export class RoleBody {
  /** @example moderator */
  @IsIn(ROLES) role!: Role;
}

export class AccountResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f001 */
  id!: string;
  /** @example mira@example.org */
  email!: string;
  /** @example "Mira Lindqvist" */
  name!: string;
  /** @example author */
  role!: Role;
  createdAt!: Date;
}

export class TokensResponse {
  /**
   * Send it as `Authorization: Bearer …`.
   * @example eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIwMTk3ZjBmNiJ9.c2lnbmF0dXJl
   */
  accessToken!: string;
  /** @example Bearer */
  tokenType!: string;
  /**
   * Seconds until the access token expires.
   * @example 600
   */
  expiresIn!: number;
  /**
   * Each refresh returns the next one. The one before it gets the same answer for another 30 seconds; any older one ends the
   * session.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f008.2.Xq0N3mJc2mXv0l1vQ8tC0rJ6n1bP4yS5dT7uV9wA2bE
   */
  refreshToken!: string;
}

export class SessionResponse extends TokensResponse {
  account!: AccountResponse;
}
