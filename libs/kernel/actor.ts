/** Site-wide roles, from least to most. Roles on one work are the chapters module's. */
export const ROLES = ['reader', 'author', 'moderator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a token may be used for. A scope that ends in `:write` includes `:read` of the same thing. */
export const SCOPES = [
  'account:read',
  'account:write',
  'chapters:read',
  'chapters:write',
  'members:write',
  'comments:write',
  'films:read',
  'films:write',
  'live:listen',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. A visitor without an account is `undefined`, everywhere. */
export interface Actor {
  /** An account that signed in itself, a client (an app) that acts for an account, or Inkreel itself. */
  readonly kind: 'account' | 'client' | 'system';
  /** The account, also of a client. */
  readonly id: string;
  readonly role: Role;
  readonly scopes: readonly Scope[];
  /** The session whose access token was sent. */
  readonly sessionId?: string;
  /** When the password of that session was given. */
  readonly authenticatedAt?: Date;
}

/** Each role may what the ones before it may. */
export function isAtLeast(account: { role: Role } | undefined, role: Role): boolean {
  return account !== undefined && ROLES.indexOf(account.role) >= ROLES.indexOf(role);
}

/** Whether a token may be used for this. What its account may do to one thing is the policy's question (`domain/policy.ts`). */
export function hasScope(actor: Actor | undefined, scope: Scope): boolean {
  return actor?.scopes.includes(scope) ?? false;
}

/** The scopes of an account that signed in itself: all, but `admin` only for admins. */
export function scopesOf(role: Role): readonly Scope[] {
  return role === 'admin' ? SCOPES : SCOPES.filter((scope) => scope !== 'admin');
}

type SignIn = Pick<Actor, 'sessionId' | 'authenticatedAt'>;

/** An account that signed in itself. */
export function accountActor({ id, role }: { id: string; role: Role }, signIn: SignIn = {}): Actor {
  return { kind: 'account', id, role, scopes: scopesOf(role), ...signIn };
}

/** A client that acts for an account: it may do what was granted to it and the account may do, no more. */
export function clientActor({ id, role }: { id: string; role: Role }, granted: readonly string[], signIn: SignIn = {}): Actor {
  const included = new Set(granted.flatMap((scope) => [scope, scope.replace(/:write$/, ':read')]));
  return { kind: 'client', id, role, scopes: scopesOf(role).filter((scope) => included.has(scope)), ...signIn };
}
