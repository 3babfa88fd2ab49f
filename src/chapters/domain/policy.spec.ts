import { accountActor, type Actor, clientActor, SCOPES } from '#libs/kernel/actor';
import { ChapterNotFound, NotYourChapter } from './chapter.js';
import { type Action, ACTIONS, authorize, can, type Facts, readerId, WORK_ROLES } from './policy.js';
import { NotYourWork, OnlyAuthorsWrite, WorkNotFound } from './work.js';

/** Columns: the public, then by role on the work (o)wner (e)ditor (m)oderator (b)eta reader, then site (a)uthor (M)oderator a(D)min. */
const EXPECTED: Record<Action, [string, string]> = {
  // action: [who may when it is not public, who may when it is]; `*` is everybody, also without an account
  'work:create': ['aMD', 'aMD'],
  'work:read': ['oemb', '*'],
  'work:update': ['oe', 'oe'],
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

describe.each(ACTIONS)('%s', (action) => {
  it.each(Object.keys(PEOPLE))('is decided for %s', (name) => {
    const { actor, role } = PEOPLE[name];
    const may = EXPECTED[action].map((who) => who === '*' || who.includes(name));
    expect([false, true].map((isPublic) => can(actor, action, { role, isPublic }))).toEqual(may);
  });

  it('needs one scope of a client, whatever its account may do', () => {
    const facts = { role: action === 'work:create' ? null : ('owner' as const), isPublic: false };
    const author = { id: 'x', role: 'author' as const };
    const enough = SCOPES.filter((scope) => can(clientActor(author, [scope]), action, facts));
    expect(can(clientActor(author, []), action, facts)).toBe(false);
    expect(enough).toEqual(
      {
        'work:film': ['films:write'],
        'chapter:film': ['films:write'],
        'work:read-films': ['films:read', 'films:write'],
        'chapter:read-films': ['films:read', 'films:write'],
        'chapter:moderate': ['comments:write'],
        'work:manage-members': ['members:write'],
        'work:leave': ['members:write'],
      }[action as string] ?? (action.includes(':read') ? ['chapters:read', 'chapters:write'] : ['chapters:write']),
    );
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
