import { accountActor, clientActor } from '#libs/kernel/actor';
import { CommentNotFound, NotYourComment } from './comment.js';
import { type Action, authorize, can, type Facts } from './policy.js';

const account = accountActor({ id: 'x', role: 'reader' });
const app = clientActor(account, ['comments:write']);
const without = clientActor(account, ['chapters:read']);
const facts = (more: Partial<Facts> = {}): Facts => ({ isOpen: false, isOwn: false, moderates: false, ...more });

it.each<[Action, Partial<Facts>, boolean[]]>([
  //                                                    visitor, account, client with and without the scope
  ['comment:read', {}, [false, false, false, false]],
  ['comment:read', { isOpen: true }, [true, true, true, true]],
  ['comment:create', {}, [false, false, false, false]],
  ['comment:create', { isOpen: true }, [false, true, true, false]],
  ['comment:delete', { isOpen: true }, [false, false, false, false]],
  ['comment:delete', { isOwn: true }, [false, true, true, false]],
  ['comment:delete', { moderates: true }, [false, true, true, false]],
])('%s with %p', (action, given, expected) => {
  expect([undefined, account, app, without].map((actor) => can(actor, action, facts(given)))).toEqual(expected);
});

it('A comment in a chapter that is not published is not found; another one is not yours', () => {
  expect(() => authorize(account, 'comment:delete', facts())).toThrow(CommentNotFound);
  expect(() => authorize(account, 'comment:delete', facts({ isOpen: true }))).toThrow(NotYourComment);
  expect(() => authorize(account, 'comment:delete', facts({ isOwn: true }))).not.toThrow();
});
