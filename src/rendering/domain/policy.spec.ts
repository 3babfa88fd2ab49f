import { accountActor } from '#libs/kernel/actor';
import { type Action, can, type Facts } from './policy.js';

const account = accountActor({ id: 'x', role: 'author' });
const admin = accountActor({ id: 'y', role: 'admin' });
const facts = (more: Partial<Facts> = {}): Facts => ({ isShown: false, worksOnIt: false, ...more });

it.each<[Action, Partial<Facts>, boolean[]]>([
  //                                            visitor, account, admin
  ['film:read', {}, [false, false, true]],
  ['film:read', { isShown: true }, [true, true, true]],
  ['film:read', { worksOnIt: true }, [true, true, true]],
  ['film:inspect', { isShown: true }, [false, false, true]],
  ['film:inspect', { worksOnIt: true }, [true, true, true]],
  ['film:make', { isShown: true }, [false, false, false]],
  ['film:make', { worksOnIt: true }, [true, true, true]],
  ['settings:read', { isShown: true }, [false, false, false]],
  ['settings:read', { worksOnIt: true }, [true, true, true]],
])('%s with %p', (action, given, expected) => {
  expect([undefined, account, admin].map((actor) => can(actor, action, facts(given)))).toEqual(expected);
});
