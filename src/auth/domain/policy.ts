/**
 * Who may do what to accounts: the only place where auth decides it. What a token may be used for at all is the mark of the
 * route (libs/http/access.ts).
 *
 *     authorize(by, 'account:change-role');
 */
import { type Actor, hasScope } from '#libs/kernel/actor';
import { OnlyAdminsChangeRoles, OnlyAdminsErase, OnlyAdminsSuspend } from './account.js';

const POLICY = {
  'account:change-role': (actor: Actor | undefined) => hasScope(actor, 'admin'),
  'account:suspend': (actor: Actor | undefined) => hasScope(actor, 'admin'),
  'account:erase': (actor: Actor | undefined) => hasScope(actor, 'admin'),
};
export type Action = keyof typeof POLICY;

export function can(actor: Actor | undefined, action: Action): boolean {
  return POLICY[action](actor);
}

const REFUSALS = {
  'account:change-role': OnlyAdminsChangeRoles,
  'account:suspend': OnlyAdminsSuspend,
  'account:erase': OnlyAdminsErase,
} satisfies Record<Action, unknown>;

/** @throws OnlyAdminsChangeRoles, OnlyAdminsSuspend, OnlyAdminsErase */
export function authorize(actor: Actor | undefined, action: Action): void {
  if (!can(actor, action)) throw new REFUSALS[action]();
}
