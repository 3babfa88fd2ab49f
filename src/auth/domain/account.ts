import { DomainError } from '#libs/kernel/domain-error';
import { accountActor, type Actor, type Role } from '#libs/kernel/actor';
import { newId } from '#libs/kernel/id';

/** The state of an account; the row implements it. */
export interface AccountState {
  id: string;
  /** Lower case, NFC: what `normalEmail` makes of it. */
  email: string;
  name: string;
  passwordHash: string;
  role: Role;
  createdAt: Date;
  /** Rises when what the account may do changes: access tokens of an earlier epoch are refused. */
  epoch: number;
  /** While it is suspended nobody can sign in to it. */
  suspendedAt: Date | null;
  suspendedBecause: string | null;
}

/**
 * A person who can sign in. Visitors sign up as reader or author; admins make moderators and admins, and the configuration makes
 * the first admin.
 */
export class Account {
  private constructor(private readonly state: AccountState) {}

  /** A visitor signs up. @throws AuthorsAreInvited when the policy of the site says so. */
  static signUp(details: NewAccount<'reader' | 'author'>, policy: SignUpPolicy, now: Date): SignedUp {
    if (details.role === 'author' && policy === 'invited') throw new AuthorsAreInvited();
    return Account.create(details, now);
  }

  /** An account of any role that the operator makes: the first admin, demo accounts. No request reaches this. */
  static appoint(details: NewAccount<Role>, now: Date): SignedUp {
    return Account.create(details, now);
  }

  private static create({ email, name: given, passwordHash, role }: NewAccount<Role>, now: Date): SignedUp {
    const name = given.normalize('NFC').trim();
    if (!name) throw new AccountNeedsName();
    if (name.length > MAX_NAME) throw new NameTooLong();
    const account = new Account({
      id: newId(now.getTime()),
      email: normalEmail(email),
      name,
      passwordHash,
      role,
      createdAt: now,
      epoch: 1,
      suspendedAt: null,
      suspendedBecause: null,
    });
    return { account, signedUp: account.event('AccountSignedUp', { role }) };
  }

  static restore(state: AccountState): Account {
    return new Account({ ...state });
  }

  /**
   * Its access tokens are refused from now on; a refresh brings one with the new role.
   * @param admins ids of the admins that are not suspended, locked until the unit of work ends; so for all that takes one away.
   */
  changeRole(by: Actor, role: Role, admins: readonly string[]): AccountRoleChanged {
    if (by.id === this.state.id) throw new NotYourOwnRole();
    if (role !== 'admin') this.mustLeaveAnAdmin(admins);
    this.state.role = role;
    this.state.epoch++;
    return this.event('AccountRoleChanged', { role });
  }

  /**
   * Nobody can sign in to it until it is restored, and its access tokens are refused from now on.
   * @returns nothing when it was suspended before.
   */
  suspend(by: Actor, reason: string, admins: readonly string[], now: Date): AccountSuspended[] {
    if (by.id === this.state.id) throw new NotYourOwnAccount();
    const because = needReason(reason);
    if (this.state.suspendedAt) return [];
    this.mustLeaveAnAdmin(admins);
    this.state.suspendedAt = now;
    this.state.suspendedBecause = because;
    this.state.epoch++;
    return [this.event('AccountSuspended', { reason: because })];
  }

  /** @returns nothing when it was not suspended. */
  restore(): AccountRestored[] {
    if (!this.state.suspendedAt) return [];
    this.state.suspendedAt = null;
    this.state.suspendedBecause = null;
    return [this.event('AccountRestored', {})];
  }

  /** By its owner, who gave the password again. Nothing of it remains: the caller removes it. */
  eraseByOwner(choices: ErasureChoices, admins: readonly string[]): AccountDeleted {
    this.mustLeaveAnAdmin(admins);
    return this.event('AccountDeleted', { ...choices, reason: null });
  }

  /** By an admin. */
  eraseByAdmin(by: Actor, reason: string, choices: ErasureChoices, admins: readonly string[]): AccountDeleted {
    if (by.id === this.state.id) throw new PasswordNeeded();
    const because = needReason(reason);
    this.mustLeaveAnAdmin(admins);
    return this.event('AccountDeleted', { ...choices, reason: because });
  }

  private mustLeaveAnAdmin(admins: readonly string[]): void {
    if (admins.length === 1 && admins[0] === this.state.id) throw new LastAdminStays();
  }

  /** @throws SignInSuspended */
  assertNotSuspended(): void {
    if (this.state.suspendedAt) throw new SignInSuspended(this.state.suspendedBecause ?? '');
  }

  get actor(): Actor {
    return accountActor(this.state);
  }

  snapshot(): Readonly<AccountState> {
    return { ...this.state };
  }

  private event<Type extends string, Data extends object>(type: Type, data: Data): AccountEvent<Type, Data> {
    return { type, v: 1, subject: { kind: 'account', id: this.state.id }, data };
  }
}

/** Whether visitors can sign up as authors, or only as readers whom an admin makes authors later. */
export type SignUpPolicy = 'open' | 'invited';

interface NewAccount<Allowed extends Role> {
  email: string;
  name: string;
  passwordHash: string;
  role: Allowed;
}
interface SignedUp {
  account: Account;
  signedUp: AccountSignedUp;
}

/** UTF-16 units of the name that others see. */
export const MAX_NAME = 80;

/** UTF-16 units of what an admin gives as the reason. */
export const MAX_REASON = 500;

/** One account for each mailbox: case and composed letters make no difference. */
export const normalEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase();

/** The rule for passwords (NIST SP 800-63B §5.1.1): length, not composition. */
export const PASSWORD_LENGTH = { min: 12, max: 128 } as const;

export function checkPassword(password: string, email: string): void {
  const length = [...password].length;
  if (
    length < PASSWORD_LENGTH.min ||
    length > PASSWORD_LENGTH.max ||
    password.trim().toLowerCase() === normalEmail(email) ||
    new Set(password).size < 4
  )
    throw new PasswordTooWeak();
}

function needReason(reason: string): string {
  const because = reason.normalize('NFC').trim();
  if (!because || because.length > MAX_REASON) throw new ReasonNeeded();
  return because;
}

/** What becomes of what an account made. */
export interface ErasureChoices {
  /** `keep`: published works stay readable, without an author. null: the account owns none. */
  works: 'erase' | 'keep' | null;
  /** `keep`: the words stay, without an author. */
  comments: 'erase' | 'keep';
}

export interface AccountEvent<Type extends string, Data extends object> {
  type: Type;
  v: 1;
  subject: { kind: 'account'; id: string };
  data: Data;
}
export type AccountSignedUp = AccountEvent<'AccountSignedUp', { role: Role }>;
export type AccountRoleChanged = AccountEvent<'AccountRoleChanged', { role: Role }>;
export type AccountSuspended = AccountEvent<'AccountSuspended', { reason: string }>;
export type AccountRestored = AccountEvent<'AccountRestored', object>;
/** `reason`: the admin's; null when its owner erased it. */
export type AccountDeleted = AccountEvent<'AccountDeleted', ErasureChoices & { reason: string | null }>;

export class AccountNeedsName extends DomainError {
  readonly code = 'account-needs-name';
  readonly kind = 'invalid';
  constructor() {
    super('Give a name that others will see beside your comments.');
  }
}
export class NameTooLong extends DomainError {
  readonly code = 'name-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A name has at most ${MAX_NAME} characters: shorten it.`);
  }
}
export class PasswordTooWeak extends DomainError {
  readonly code = 'password-too-weak';
  readonly kind = 'invalid';
  constructor() {
    super(
      `Choose a password of ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters that is not your e-mail and not one letter repeated; a sentence is good.`,
    );
  }
}
export class EmailTaken extends DomainError {
  readonly code = 'email-taken';
  readonly kind = 'conflict';
  constructor() {
    super('There is an account with this e-mail already: sign in instead.');
  }
}
export class AuthorsAreInvited extends DomainError {
  readonly code = 'authors-are-invited';
  readonly kind = 'forbidden';
  constructor() {
    super('On this site authors are made by an admin: sign up as a reader and ask one.');
  }
}
export class AccountNotFound extends DomainError {
  readonly code = 'account-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such account.');
  }
}
export class OnlyAdminsEnter extends DomainError {
  readonly code = 'only-admins-enter';
  readonly kind = 'forbidden';
  constructor() {
    super('These pages are for admins: sign in with the account of an admin.');
  }
}
export class OnlyAdminsChangeRoles extends DomainError {
  readonly code = 'only-admins-change-roles';
  readonly kind = 'forbidden';
  constructor() {
    super('Only an admin may change the role of an account.');
  }
}
export class NotYourOwnRole extends DomainError {
  readonly code = 'not-your-own-role';
  readonly kind = 'conflict';
  constructor() {
    super('You cannot change your own role: ask another admin, so that the site always has one.');
  }
}
export class OnlyAdminsSuspend extends DomainError {
  readonly code = 'only-admins-suspend';
  readonly kind = 'forbidden';
  constructor() {
    super('Only an admin may suspend an account or restore it.');
  }
}
export class NotYourOwnAccount extends DomainError {
  readonly code = 'not-your-own-account';
  readonly kind = 'conflict';
  constructor() {
    super('You cannot suspend your own account: ask another admin, so that the site never ends up with none.');
  }
}
export class ReasonNeeded extends DomainError {
  readonly code = 'reason-needed';
  readonly kind = 'invalid';
  constructor() {
    super(
      `Give a reason of at most ${MAX_REASON} characters: it is recorded; one for a suspension is told to the account's owner.`,
    );
  }
}
export class LastAdminStays extends DomainError {
  readonly code = 'last-admin-stays';
  readonly kind = 'conflict';
  constructor() {
    super('This is the last admin of the site: make another account an admin first.');
  }
}
export class WrongPassword extends DomainError {
  readonly code = 'wrong-password';
  readonly kind = 'forbidden';
  constructor() {
    super('The password is wrong: give the one that you sign in with.');
  }
}
export class PasswordNeeded extends DomainError {
  readonly code = 'password-needed';
  readonly kind = 'conflict';
  constructor() {
    super('This is your own account: erase it by DELETE /v1/me, which asks for your password.');
  }
}
export class OnlyAdminsErase extends DomainError {
  readonly code = 'only-admins-erase';
  readonly kind = 'forbidden';
  constructor() {
    super('Only an admin may erase the account of somebody else: erase your own by DELETE /v1/me.');
  }
}
export class SignInSuspended extends DomainError {
  readonly code = 'account-suspended';
  readonly kind = 'forbidden';
  constructor(reason: string) {
    super('This account is suspended, so nobody can sign in to it: write to the people who run this site.', { reason });
  }
}
