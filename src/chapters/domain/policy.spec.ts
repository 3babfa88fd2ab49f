import { isDeepStrictEqual } from 'node:util';
import * as kernel from '#libs/kernel/actor';
import { accountActor, type Actor, clientActor, type Scope, SCOPES } from '#libs/kernel/actor';
import { mutantsOf } from '../../../test/support/mutants.js';
import { ChapterNotFound, NotYourChapter } from './chapter.js';
import * as policy from './policy.js';
import { type Action, ACTIONS, authorize, can, type Facts, readerId, WORK_ROLES } from './policy.js';
import { NotYourWork, OnlyAuthorsWrite, WorkNotFound } from './work.js';

/** Columns: the public, then by role on the work (o)wner (e)ditor (m)oderator (b)eta reader, then site (a)uthor (M)oderator a(D)min. */
const EXPECTED: Record<Action, [string, string]> = {
  // action: [who may when it is not public, who may when it is]; `*` is everybody, also without an account
  'work:create': ['aMD', 'aMD'],
  'work:read': ['oemb', '*'],
  'work:update': ['oe', 'oe'],
  'work:delete': ['o', 'o'],
  'work:restore': ['o', 'o'],
  'work:erase': ['o', 'o'],
  'work:take-down': ['D', 'D'],
  'work:write': ['oe', 'oe'],
  'work:read-members': ['oemb', 'oemb'],
  'work:manage-members': ['o', 'o'],
  'work:leave': ['oemb', 'oemb'],
  'work:film': ['oe', 'oe'],
  'work:read-films': ['oe', 'oe'],
  'chapter:read': ['oeb', '*'],
  'chapter:read-draft': ['oeb', 'oeb'],
  'chapter:read-history': ['oe', 'oe'],
  'chapter:write': ['oe', 'oe'],
  'chapter:publish': ['oe', 'oe'],
  'chapter:delete': ['oe', 'oe'],
  'chapter:restore': ['oe', 'oe'],
  'chapter:erase': ['o', 'o'],
  'chapter:take-down': ['D', 'D'],
  'chapter:moderate': ['omMD', 'omMD'],
  'chapter:film': ['oe', 'oe'],
  'chapter:read-films': ['oe', 'oe'],
};

const reader = accountActor({ id: 'x', role: 'reader' });
const PEOPLE: Record<string, { actor: Actor | undefined; role: Facts['role'] }> = {
  visitor: { actor: undefined, role: null },
  reader: { actor: reader, role: null },
  o: { actor: reader, role: 'owner' },
  e: { actor: reader, role: 'editor' },
  m: { actor: reader, role: 'moderator' },
  b: { actor: reader, role: 'beta-reader' },
  a: { actor: accountActor({ id: 'x', role: 'author' }), role: null },
  M: { actor: accountActor({ id: 'x', role: 'moderator' }), role: null },
  D: { actor: accountActor({ id: 'x', role: 'admin' }), role: null },
};

/** The scopes with any of which a client of the owner may do it. */
const SCOPES_OF = (action: Action): Scope[] =>
  ({
    'work:film': ['films:write' as const],
    'chapter:film': ['films:write' as const],
    'work:read-films': ['films:read' as const, 'films:write' as const],
    'chapter:read-films': ['films:read' as const, 'films:write' as const],
    'chapter:moderate': ['comments:write' as const],
    'work:manage-members': ['members:write' as const],
    'work:leave': ['members:write' as const],
    'work:take-down': ['admin' as const],
    'chapter:take-down': ['admin' as const],
  })[action as string] ?? (action.includes(':read') ? ['chapters:read', 'chapters:write'] : ['chapters:write']);

const scopes = ({ can }: Policy, action: Action): Scope[] => {
  const role = action === 'work:create' ? null : ('owner' as const);
  const account = { id: 'x', role: action.endsWith(':take-down') ? ('admin' as const) : ('author' as const) };
  return SCOPES.filter((scope) => can(clientActor(account, [scope]), action, { role, isPublic: false }));
};

type Policy = Pick<typeof policy, 'can'>;

/** What a policy decides otherwise than expected. */
const mismatches = ({ can }: Policy, action: Action): string[] =>
  Object.entries(PEOPLE).flatMap(([name, { actor, role }]) =>
    EXPECTED[action].flatMap((who, i) => {
      const isPublic = i === 1;
      const may = who === '*' || who.includes(name);
      return can(actor, action, { role, isPublic }) === may ? [] : [`${name} ${action}${isPublic ? ' of what is public' : ''}`];
    }),
  );

it('Each line of the policy is held by an expectation', () => {
  const mutants = mutantsOf<Policy>('src/chapters/domain/policy.ts', {
    '#libs/kernel/actor': kernel,
    './chapter.js': {},
    './work.js': {},
  });
  expect(mutants.length).toBeGreaterThan(50);
  const unseen = mutants.filter(({ module }) =>
    ACTIONS.every(
      (action) => mismatches(module, action).length === 0 && isDeepStrictEqual(scopes(module, action), SCOPES_OF(action)),
    ),
  );
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

describe.each(ACTIONS)('%s', (action) => {
  it('is allowed to whom it is meant for', () => {
    expect(mismatches(policy, action)).toEqual([]);
  });

  it('needs one scope of a client, whatever its account may do', () => {
    expect(scopes(policy, action)).toEqual(SCOPES_OF(action));
  });
});

describe('What is in the bin', () => {
  const deleted: Facts = { role: 'owner', isPublic: true, isDeleted: true };
  const admin = accountActor({ id: 'x', role: 'admin' });

  it('can be restored and erased, and nothing else, whoever asks', () => {
    const allowed = (role: Facts['role']): Action[] => ACTIONS.filter((action) => can(admin, action, { ...deleted, role }));
    expect(allowed('owner')).toEqual(['work:restore', 'work:erase', 'chapter:restore', 'chapter:erase']);
    expect(allowed('editor')).toEqual(['chapter:restore']);
    expect(allowed('moderator')).toEqual([]);
    expect(allowed(null)).toEqual([]);
  });

  it('does not exist for others', () => {
    expect(() => authorize(reader, 'work:read', { ...deleted, role: null })).toThrow(WorkNotFound);
    expect(() => authorize(reader, 'chapter:restore', { ...deleted, role: null })).toThrow(ChapterNotFound);
  });
});

describe('What is taken down', () => {
  const hidden = (role: Facts['role']): Facts => ({ role, isPublic: false, isTakenDown: true });

  it('is still read and changed by its owner and editors', () => {
    for (const role of ['owner', 'editor'] as const)
      for (const action of ['work:read', 'work:update', 'chapter:read-draft', 'chapter:write', 'chapter:delete'] as const)
        expect([role, action, can(reader, action, hidden(role))]).toEqual([role, action, true]);
  });

  it('does not exist for other members', () => {
    for (const role of ['moderator', 'beta-reader'] as const)
      expect(ACTIONS.filter((action) => can(reader, action, hidden(role)))).toEqual([]);
    expect(() => authorize(reader, 'chapter:read-draft', hidden('beta-reader'))).toThrow(ChapterNotFound);
  });
});

describe('A refusal', () => {
  const refusal = (action: Action, facts: Facts | undefined) => () => authorize(reader, action, facts);
  const hidden: Facts = { role: null, isPublic: false };
  const shown: Facts = { role: null, isPublic: true };

  it.each(ACTIONS.filter((action) => action !== 'work:create'))(
    'of %s is the same for what is hidden and what is not there',
    (action) => {
      const notFound = action.startsWith('work:') ? WorkNotFound : ChapterNotFound;
      expect(refusal(action, undefined)).toThrow(notFound);
      expect(refusal(action, hidden)).toThrow(notFound);
    },
  );

  it('says what is missing to those who may see the thing', () => {
    expect(refusal('chapter:write', shown)).toThrow(NotYourChapter);
    expect(refusal('work:update', shown)).toThrow(NotYourWork);
    expect(refusal('work:create', hidden)).toThrow(OnlyAuthorsWrite);
  });

  it('hides drafts and members of a thing that is public', () => {
    expect(refusal('chapter:read-draft', shown)).toThrow(ChapterNotFound);
    expect(refusal('work:read-members', shown)).toThrow(WorkNotFound);
  });
});

it('Memberships count for reading only with the scope for it', () => {
  expect(readerId(undefined)).toBeNull();
  expect(readerId(reader)).toBe('x');
  expect(readerId(clientActor(reader, ['comments:write']))).toBeNull();
  expect(readerId(clientActor(reader, ['chapters:read']))).toBe('x');
});

it('Every role on a work is in the table', () => {
  expect(WORK_ROLES.map((role) => role[0])).toEqual(['o', 'e', 'm', 'b']);
});
