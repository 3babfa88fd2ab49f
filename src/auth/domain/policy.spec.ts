import * as kernel from '#libs/kernel/actor';
import { accountActor, clientActor, ROLES } from '#libs/kernel/actor';
import { mutantsOf } from '../../../test/support/mutants.js';
import { OnlyAdminsChangeRoles, OnlyAdminsErase, OnlyAdminsSuspend } from './account.js';
import * as policy from './policy.js';
import { type Action, authorize, can } from './policy.js';

it.each<[Action, new () => Error]>([
  ['account:change-role', OnlyAdminsChangeRoles],
  ['account:suspend', OnlyAdminsSuspend],
  ['account:erase', OnlyAdminsErase],
])('Only admins may %s, and their apps only with the scope for it', (action, refusal) => {
  const may = ROLES.filter((role) => can(accountActor({ id: 'x', role }), action));
  expect(may).toEqual(['admin']);
  expect(can(undefined, action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'admin' }, ['account:write']), action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'author' }, ['admin']), action)).toBe(false);
  expect(can(clientActor({ id: 'x', role: 'admin' }, ['admin']), action)).toBe(true);
  expect(() => authorize(accountActor({ id: 'x', role: 'moderator' }), action)).toThrow(refusal);
});

it('Each line of the policy is held by an expectation', () => {
  const mutants = mutantsOf<typeof policy>('src/auth/domain/policy.ts', { '#libs/kernel/actor': kernel, './account.js': {} });
  expect(mutants.length).toBeGreaterThanOrEqual(6);
  const actions: Action[] = ['account:change-role', 'account:suspend', 'account:erase'];
  const allowed = ({ can }: typeof policy) =>
    actions.flatMap((action) => ROLES.filter((role) => can(accountActor({ id: 'x', role }), action)));
  expect(mutants.filter(({ module }) => allowed(module).join() === 'admin,admin,admin').map(({ name }) => name)).toEqual([]);
});
