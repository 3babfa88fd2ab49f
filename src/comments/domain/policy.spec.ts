import { isDeepStrictEqual } from 'node:util';
import * as kernel from '#libs/kernel/actor';
import { accountActor, clientActor } from '#libs/kernel/actor';
import { mutantsOf } from '../../../test/support/mutants.js';
import { OnlyAdminsTakeDown } from '#libs/kernel/take-down';
import { CommentNotFound, NotYourComment } from './comment.js';
import * as policy from './policy.js';
import { type Action, authorize, type Facts } from './policy.js';

const account = accountActor({ id: 'x', role: 'reader' });
const app = clientActor(account, ['comments:write']);
const without = clientActor(account, ['chapters:read']);
const admin = accountActor({ id: 'y', role: 'admin' });
const facts = (more: Partial<Facts> = {}): Facts => ({ isOpen: false, isOwn: false, moderates: false, ...more });

const EXPECTED: [Action, Partial<Facts>, boolean[]][] = [
  //                                                    visitor, account, client with and without the scope, admin
  ['comment:read', {}, [false, false, false, false, false]],
  ['comment:read', { isOpen: true }, [true, true, true, true, true]],
  ['comment:create', {}, [false, false, false, false, false]],
  ['comment:create', { isOpen: true }, [false, true, true, false, true]],
  ['comment:delete', { isOpen: true }, [false, false, false, false, false]],
  ['comment:delete', { isOwn: true }, [false, true, true, false, true]],
  ['comment:delete', { moderates: true }, [false, true, true, false, true]],
  ['comment:read-taken-down', { isOpen: true, moderates: true }, [false, false, false, false, true]],
  ['comment:read-taken-down', { isOwn: true }, [true, true, true, true, true]],
  ['comment:take-down', { isOpen: true, isOwn: true, moderates: true }, [false, false, false, false, true]],
];

type Policy = Pick<typeof policy, 'can'>;
const answers = ({ can }: Policy, action: Action, given: Partial<Facts>): boolean[] =>
  [undefined, account, app, without, admin].map((actor) => can(actor, action, facts(given)));

it.each(EXPECTED)('%s with %p', (action, given, expected) => {
  expect(answers(policy, action, given)).toEqual(expected);
});

it('Each line of the policy is held by an expectation', () => {
  const mutants = mutantsOf<Policy>('src/comments/domain/policy.ts', {
    '#libs/kernel/actor': kernel,
    './comment.js': {},
    '#libs/kernel/take-down': {},
  });
  expect(mutants.length).toBeGreaterThanOrEqual(7);
  const unseen = mutants.filter(({ module }) =>
    EXPECTED.every(([action, given, expected]) => isDeepStrictEqual(answers(module, action, given), expected)),
  );
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

it('A comment in a chapter that is not published is not found; another one is not yours', () => {
  expect(() => authorize(account, 'comment:delete', facts())).toThrow(CommentNotFound);
  expect(() => authorize(account, 'comment:delete', facts({ isOpen: true }))).toThrow(NotYourComment);
  expect(() => authorize(account, 'comment:delete', facts({ isOwn: true }))).not.toThrow();
  expect(() => authorize(account, 'comment:take-down', facts({ isOpen: true, isOwn: true }))).toThrow(OnlyAdminsTakeDown);
});
