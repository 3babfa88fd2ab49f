/** Roles of an account on the whole site, from least to most. Roles on one work belong to the chapters module. */
export const ROLES = ['reader', 'author', 'moderator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who makes a request: an account, as its access token says. `undefined` is a visitor without an account. */
export interface Actor {
  readonly id: string;
  readonly role: Role;
  /** The session whose access token was sent. */
  readonly sessionId?: string;
  /** When the password of that session was given. */
  readonly authenticatedAt?: Date;
}

/** A role includes all roles before it. */
export function isAtLeast(actor: Actor | undefined, role: Role): boolean {
  return actor !== undefined && ROLES.indexOf(actor.role) >= ROLES.indexOf(role);
}
