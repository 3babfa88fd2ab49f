/** Site-wide roles, from least to most. Roles on one work are the chapters module's. */
export const ROLES = ['reader', 'author', 'moderator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is asking: an account as its access token tells. `undefined` everywhere means a visitor without an account. */
export interface Actor {
  readonly id: string;
  readonly role: Role;
}

/** Each role may what the ones before it may. */
export function isAtLeast(actor: Actor | undefined, role: Role): boolean {
  return actor !== undefined && ROLES.indexOf(actor.role) >= ROLES.indexOf(role);
}
