/** Every refusal of erasing an account, and what it removes and records. */
import { accountActor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryAuth, PASSWORD } from '../index.in-memory.js';

const NONE = { works: null, comments: 'keep' } as const;
const root = accountActor({ id: 'root', role: 'admin' });

async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const auth = inMemoryAuth(unitOfWork);
  const [bob, admin] = [await auth.person('bob'), await auth.person('admin', 'admin')];
  unitOfWork.events.length = 0;
  return { unitOfWork, bob, admin, ...auth };
}

it('An account is erased by its owner, who can sign up with the same e-mail at once', async () => {
  const { erasing, bob, repository, traces, person, unitOfWork } = await setUp();
  await erasing.eraseOwn(bob, PASSWORD, { works: 'keep', comments: 'erase' });
  expect([repository.rows.get(bob.id), traces.removed]).toEqual([undefined, [bob.id]]);
  expect(unitOfWork.events).toMatchObject([
    { type: 'AccountDeleted', subject: { id: bob.id }, data: { works: 'keep', comments: 'erase', reason: null } },
  ]);
  expect((await person('bob')).id).not.toBe(bob.id);
});

it('An account is erased by an admin, with a reason', async () => {
  const { erasing, bob, repository, unitOfWork } = await setUp();
  await erasing.eraseOther(root, bob.id, ' Asked by letter. ', NONE);
  expect(repository.rows.get(bob.id)).toBeUndefined();
  expect(unitOfWork.events).toMatchObject([{ type: 'AccountDeleted', data: { reason: 'Asked by letter.' } }]);
});

it('An account stays when its password is wrong, and one that is gone is not told from that', async () => {
  const { erasing, bob, repository } = await setUp();
  await expect(erasing.eraseOwn(bob, 'a lantern put out', NONE)).rejects.toMatchObject({ code: 'wrong-password' });
  await expect(erasing.eraseOwn({ ...bob, id: 'gone' }, PASSWORD, NONE)).rejects.toMatchObject({ code: 'wrong-password' });
  expect(repository.rows.get(bob.id)).toBeDefined();
});

it('An account stays when another module refuses', async () => {
  const { erasing, bob, repository, checks, traces, unitOfWork } = await setUp();
  checks.register((id, { works }) =>
    id === bob.id && works === null ? Promise.reject(new Error('undecided')) : Promise.resolve(),
  );
  await expect(erasing.eraseOwn(bob, PASSWORD, NONE)).rejects.toThrow('undecided');
  expect([repository.rows.get(bob.id)?.name, traces.removed, unitOfWork.events]).toEqual(['bob', [], []]);
  await erasing.eraseOwn(bob, PASSWORD, { ...NONE, works: 'erase' });
});

it('The last admin stays, also when two erase each other at the same moment', async () => {
  const { erasing, admin, person, repository } = await setUp();
  await expect(erasing.eraseOwn(admin, PASSWORD, NONE)).rejects.toMatchObject({ code: 'last-admin-stays' });
  const other = await person('other', 'admin');
  const both = await Promise.allSettled([
    erasing.eraseOther(admin, other.id, 'Spam.', NONE),
    erasing.eraseOther(other, admin.id, 'Spam.', NONE),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(repository.rows.all().filter(({ role }) => role === 'admin')).toHaveLength(1);
});

it.each([
  ['by a moderator', accountActor({ id: 'mod', role: 'moderator' }), 'bob', 'Spam.', 'only-admins-erase'],
  [
    'by an app without the scope',
    clientActor({ id: 'x', role: 'admin' }, ['account:write']),
    'bob',
    'Spam.',
    'only-admins-erase',
  ],
  ['of nobody', root, 'nobody', 'Spam.', 'account-not-found'],
  ['without a reason', root, 'bob', ' ', 'reason-needed'],
  ['of their own by an admin', root, 'self', 'Tired.', 'password-needed'],
])('Nobody sees an account erased %s', async (_, by, whom, reason, code) => {
  const { erasing, bob, admin, repository } = await setUp();
  const id = { bob: bob.id, self: admin.id }[whom] ?? whom;
  const actor = whom === 'self' ? admin : by;
  await expect(erasing.eraseOther(actor, id, reason, NONE)).rejects.toMatchObject({ code });
  expect(repository.rows.all()).toHaveLength(2);
});
