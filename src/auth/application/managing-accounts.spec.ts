/** Every refusal of the use cases around accounts, and what each use case stores and records. */
import { accountActor, clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryAuth, PASSWORD } from '../index.in-memory.js';

const root = accountActor({ id: 'root', role: 'admin' });
const mod = accountActor({ id: 'mod', role: 'moderator' });
/** An app of an admin's without the scope `admin`. */
const app = clientActor({ id: 'root', role: 'admin' }, ['account:write']);
const NOBODY = 'nobody';

function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  return { unitOfWork, ...inMemoryAuth(unitOfWork) };
}

const ann = { email: 'Ann@example.org', name: 'Ann', password: PASSWORD, role: 'reader' as const };

describe('A visitor who signs up', () => {
  it('gets an account', async () => {
    const { managing, repository, unitOfWork } = setUp();
    const { id } = await managing.signUp(ann, 'open');
    expect(repository.rows.get(id)).toMatchObject({
      email: 'ann@example.org',
      role: 'reader',
      passwordHash: `hash of ${PASSWORD}`,
    });
    expect(unitOfWork.events).toMatchObject([{ type: 'AccountSignedUp', subject: { id } }]);
    expect(await managing.find(' ANN@example.org')).toMatchObject({ id, role: 'reader' });
    expect(await managing.find('bob@example.org')).toBeUndefined();
  });

  it.each([
    ['a weak password', { password: 'short' }, 'password-too-weak'],
    ['a name without letters', { name: ' \n' }, 'account-needs-name'],
    ['a name that is too long', { name: 'x'.repeat(81) }, 'name-too-long'],
    ['the role of author where authors are invited', { role: 'author' as const }, 'authors-are-invited'],
    ['an e-mail that has an account', { email: 'bob@example.org' }, 'email-taken'],
  ])('is refused %s', async (_, change, code) => {
    const { managing, person, repository } = setUp();
    await person('bob');
    await expect(managing.signUp({ ...ann, ...change }, 'invited')).rejects.toMatchObject({ code });
    expect(repository.rows.all()).toHaveLength(1);
  });

  it('is refused the e-mail that somebody else takes at the same moment', async () => {
    const { managing, repository, unitOfWork } = setUp();
    const both = await Promise.allSettled([managing.signUp(ann, 'open'), managing.signUp({ ...ann, name: 'Anna' }, 'open')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect([repository.rows.all().length, unitOfWork.events.length]).toEqual([1, 1]);
  });
});

describe('The operator', () => {
  it.each([
    ['a weak password', { password: 'short' }, 'password-too-weak'],
    ['a name without letters', { name: '' }, 'account-needs-name'],
    ['a name that is too long', { name: 'x'.repeat(81) }, 'name-too-long'],
    ['an e-mail that has an account', { email: 'bob@example.org' }, 'email-taken'],
  ])('is refused %s, too', async (_, change, code) => {
    const { managing, person } = setUp();
    await person('bob');
    await expect(managing.appoint({ ...ann, ...change })).rejects.toMatchObject({ code });
  });

  it('gets a first admin once', async () => {
    const { managing, repository } = setUp();
    expect(await managing.ensureFirstAdmin('root@example.org', PASSWORD)).toBe(true);
    expect(await managing.ensureFirstAdmin('other@example.org', PASSWORD)).toBe(false);
    expect(repository.rows.all()).toMatchObject([{ email: 'root@example.org', role: 'admin' }]);
  });
});

describe('An admin', () => {
  it('changes the role of an account, which revokes its access tokens', async () => {
    const { managing, person, repository } = setUp();
    const { id } = await person('bob');
    expect(await managing.changeRole(root, id, 'moderator')).toMatchObject({ role: 'moderator', epoch: 2 });
    expect(repository.rows.get(id)).toMatchObject({ role: 'moderator', epoch: 2 });
  });

  it.each([
    ['by a moderator', mod, 'only-admins-change-roles'],
    ['by an app without the scope', app, 'only-admins-change-roles'],
    ['of nobody', root, 'account-not-found'],
  ])('sees no change of role %s', async (_, by, code) => {
    await expect(setUp().managing.changeRole(by, NOBODY, 'author')).rejects.toMatchObject({ code });
  });

  it('cannot change their own role', async () => {
    const { managing, person } = setUp();
    const self = await person('root', 'admin');
    await expect(managing.changeRole(self, self.id, 'reader')).rejects.toMatchObject({ code: 'not-your-own-role' });
  });

  it('suspends an account once, which ends its sessions, and restores it', async () => {
    const { managing, signingIn, person, sessions, unitOfWork } = setUp();
    const { id } = await person('bob');
    await signingIn.signIn('bob@example.org', PASSWORD, 'Firefox');
    unitOfWork.events.length = 0;
    await managing.suspend(root, id, 'Spam.');
    await managing.suspend(root, id, 'Once more.');
    expect(sessions.rows.all()).toMatchObject([{ endedBecause: 'account-suspended' }]);
    expect(unitOfWork.events).toMatchObject([{ type: 'AccountSuspended', data: { reason: 'Spam.' } }]);
    await expect(signingIn.signIn('bob@example.org', PASSWORD, '')).rejects.toMatchObject({ code: 'account-suspended' });
    await managing.restore(root, id);
    await managing.restore(root, id);
    expect(unitOfWork.events.at(-1)).toMatchObject({ type: 'AccountRestored' });
    await signingIn.signIn('bob@example.org', PASSWORD, '');
  });

  it.each([
    ['by a moderator', mod, NOBODY, 'Spam.', 'only-admins-suspend'],
    ['by an app without the scope', app, NOBODY, 'Spam.', 'only-admins-suspend'],
    ['of nobody', root, NOBODY, 'Spam.', 'account-not-found'],
    ['without a reason', root, 'bob', ' ', 'reason-needed'],
    ['for a reason that is too long', root, 'bob', 'x'.repeat(501), 'reason-needed'],
  ])('sees no suspension %s', async (_, by, whom, reason, code) => {
    const { managing, person, repository } = setUp();
    const { id } = await person('bob');
    await expect(managing.suspend(by, whom === 'bob' ? id : whom, reason)).rejects.toMatchObject({ code });
    expect(repository.rows.get(id)).toMatchObject({ suspendedAt: null, epoch: 1 });
  });

  it('cannot suspend their own account', async () => {
    const { managing, person } = setUp();
    const self = await person('root', 'admin');
    await expect(managing.suspend(self, self.id, 'Tired.')).rejects.toMatchObject({ code: 'not-your-own-account' });
  });

  it.each([
    ['by a moderator', mod, 'only-admins-suspend'],
    ['of nobody', root, 'account-not-found'],
  ])('sees no restoring %s', async (_, by, code) => {
    await expect(setUp().managing.restore(by, NOBODY)).rejects.toMatchObject({ code });
  });
});
