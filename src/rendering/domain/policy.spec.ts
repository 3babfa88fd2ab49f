import { isDeepStrictEqual } from 'node:util';
import * as kernel from '#libs/kernel/actor';
import { accountActor } from '#libs/kernel/actor';
import { mutantsOf } from '../../../test/support/mutants.js';
import * as policy from './policy.js';
import type { Action, Facts } from './policy.js';

const account = accountActor({ id: 'x', role: 'author' });
const admin = accountActor({ id: 'y', role: 'admin' });
const facts = (more: Partial<Facts> = {}): Facts => ({ isShown: false, worksOnIt: false, ...more });

const EXPECTED: [Action, Partial<Facts>, boolean[]][] = [
  //                                            visitor, account, admin
  ['film:read', {}, [false, false, true]],
  ['film:read', { isShown: true }, [true, true, true]],
  ['film:read', { worksOnIt: true }, [true, true, true]],
  ['film:inspect', { isShown: true }, [false, false, true]],
  ['film:inspect', { worksOnIt: true }, [true, true, true]],
  ['film:make', { isShown: true }, [false, false, false]],
  ['film:make', { worksOnIt: true }, [true, true, true]],
  ['film:take-down', { isShown: true, worksOnIt: true }, [false, false, true]],
  ['settings:read', { isShown: true }, [false, false, false]],
  ['settings:read', { worksOnIt: true }, [true, true, true]],
];

type Policy = Pick<typeof policy, 'can'>;
const answers = ({ can }: Policy, action: Action, given: Partial<Facts>): boolean[] =>
  [undefined, account, admin].map((actor) => can(actor, action, facts(given)));

it.each(EXPECTED)('%s with %p', (action, given, expected) => {
  expect(answers(policy, action, given)).toEqual(expected);
});

it('Each line of the policy is held by an expectation', () => {
  const mutants = mutantsOf<Policy>('src/rendering/domain/policy.ts', { '#libs/kernel/actor': kernel });
  expect(mutants.length).toBeGreaterThan(8);
  const unseen = mutants.filter(({ module }) =>
    EXPECTED.every(([action, given, expected]) => isDeepStrictEqual(answers(module, action, given), expected)),
  );
  expect(unseen.map(({ name }) => name)).toEqual([]);
});
