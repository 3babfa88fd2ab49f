import { accountActor, clientActor, ROLES } from '#libs/kernel/actor';
import { OnlyAdminsChangeRoles, OnlyAdminsSuspend } from './account.js';
import { type Action, authorize, can } from './policy.js';

it.each<[Action, new () => Error]>([
  ['account:change-role', OnlyAdminsChangeRoles],
  ['account:suspend', OnlyAdminsSuspend],
])('Only admins may %s, and their apps only with the scope for it', (action, refusal) => {
  const may = ROLES.filter((role) => can(accountActor({ id: 'x', role }), action));
  expect(may).toEqual(['admin']);
  expect(can(undefined, action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'admin' }, ['account:write']), action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'author' }, ['admin']), action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'admin' }, ['admin']), action)).toBe(true);
  expect(() => authorize(accountActor({ id: 'x', role: 'moderator' }), action)).toThrow(refusal);
});
