import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { PageQuery } from '#libs/http/page.contract';
import { type Role, ROLES } from '#libs/kernel/actor';
import { MAX_REASON } from '../domain/account.js';
import { AccountResponse, ErasureChoicesBody } from './auth.contract.js';

export class AccountsQuery extends PageQuery {
  /**
   * Only accounts whose e-mail or name contains this, in either case; one or two characters have to be its beginning.
   * @example mira
   */
  @OptionalNotNull() @IsString() @MinLength(1) @MaxLength(100) q?: string;
  /**
   * Only accounts of this role.
   * @example author
   */
  @OptionalNotNull() @IsIn(ROLES) role?: Role;
  /**
   * Only accounts that are suspended, or only those that are not.
   * @example false
   */
  @OptionalNotNull()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  suspended?: boolean;
}

export class SuspensionBody {
  /**
   * Recorded, and told to the account's owner when signing in.
   * @example "Forty advertisements under the chapters of others."
   */
  @IsString() @MinLength(1) @MaxLength(MAX_REASON) reason!: string;
}

export class EraseAccountBody extends ErasureChoicesBody {
  /**
   * Recorded. Name nobody in it: it is kept as long as the event.
   * @example "Its owner asked by letter."
   */
  @IsString() @MinLength(1) @MaxLength(MAX_REASON) reason!: string;
}

export class AdminAccountResponse extends AccountResponse {
  /** @example null */
  suspendedAt!: Date | null;
  /** @example "Forty advertisements under the chapters of others." */
  suspendedBecause!: string | null;
  /**
   * When a session of it last began or was refreshed.
   * @example 2026-11-30T09:05:00.000Z
   */
  lastSeenAt!: Date | null;
}

export class AccountPage {
  items!: AdminAccountResponse[];
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}
