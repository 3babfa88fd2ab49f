import { accountActor } from '#libs/kernel/actor';
import {
  Account,
  AccountNeedsName,
  AuthorsAreInvited,
  checkPassword,
  NameTooLong,
  normalEmail,
  LastAdminStays,
  NotYourOwnRole,
  PasswordNeeded,
  ReasonNeeded,
  PasswordTooWeak,
} from './account.js';
import { Session } from './session.js';

const noon = new Date('2026-01-01T12:00:00Z');
const later = (minutes: number): Date => new Date(noon.getTime() + minutes * 60_000);
const details = { email: ' Ann@Example.org ', name: 'Ann', passwordHash: 'h', role: 'reader' as const };
const ann = (): Account => Account.signUp(details, 'open', noon).account;

describe('An account', () => {
  it('is one mailbox, however it is spelled', () => {
    expect(ann().snapshot().email).toBe('ann@example.org');
    expect(normalEmail('E\u0301VA@x.org')).toBe(normalEmail('Éva@x.org'));
  });

  it('is told of, and is an author from the start only where the site lets it', () => {
    expect(Account.signUp(details, 'invited', noon).signedUp).toMatchObject({
      type: 'AccountSignedUp',
      data: { role: 'reader' },
    });
    const author = { ...details, role: 'author' as const };
    expect(Account.signUp(author, 'open', noon).account.actor.role).toBe('author');
    expect(() => Account.signUp(author, 'invited', noon)).toThrow(AuthorsAreInvited);
  });

  it('has a name that fits beside a comment', () => {
    expect(() => Account.signUp({ ...details, name: ' \n' }, 'open', noon)).toThrow(AccountNeedsName);
    expect(() => Account.signUp({ ...details, name: 'x'.repeat(81) }, 'open', noon)).toThrow(NameTooLong);
  });

  it('gets another role from an admin, who cannot change their own', () => {
    const account = ann();
    const admin = accountActor({ id: 'admin', role: 'admin' });
    expect(account.changeRole(admin, 'moderator', ['admin'])).toMatchObject({
      type: 'AccountRoleChanged',
      data: { role: 'moderator' },
    });
    expect(account.actor.role).toBe('moderator');
    expect(() => account.changeRole(accountActor({ id: account.actor.id, role: 'admin' }), 'reader', ['admin'])).toThrow(
      NotYourOwnRole,
    );
  });

  it('that is the only admin stays one: it is neither demoted, suspended nor erased', () => {
    const account = Account.appoint({ ...details, role: 'admin' }, noon).account;
    const { id } = account.actor;
    const other = accountActor({ id: 'demoted a moment ago', role: 'admin' });
    const choices = { works: null, comments: 'keep' } as const;
    for (const attempt of [
      (admins: string[]) => account.changeRole(other, 'reader', admins),
      (admins: string[]) => account.suspend(other, 'Spam.', admins, noon),
      (admins: string[]) => account.eraseByOwner(choices, admins),
      (admins: string[]) => account.eraseByAdmin(other, 'Asked by letter.', choices, admins),
    ]) {
      expect(() => attempt([id])).toThrow(LastAdminStays);
      expect(() => attempt([id, 'another'])).not.toThrow();
    }
    expect(account.changeRole(other, 'admin', [id])).toMatchObject({ data: { role: 'admin' } });
  });

  it('is erased with a reason by an admin, who erases their own by their password', () => {
    const account = ann();
    const choices = { works: 'keep', comments: 'erase' } as const;
    const admin = accountActor({ id: 'admin', role: 'admin' });
    expect(account.eraseByAdmin(admin, ' Asked by letter. ', choices, [])).toMatchObject({
      type: 'AccountDeleted',
      subject: { kind: 'account', id: account.actor.id },
      data: { works: 'keep', comments: 'erase', reason: 'Asked by letter.' },
    });
    expect(() => account.eraseByAdmin(admin, ' ', choices, [])).toThrow(ReasonNeeded);
    expect(() => account.eraseByAdmin({ ...admin, id: account.actor.id }, 'Mine.', choices, [])).toThrow(PasswordNeeded);
  });

  it.each(['short', 'aaaaaaaaaaaaaaaa', 'ann@example.org', 'x'.repeat(129)])('refuses the password %p', (password) => {
    expect(() => checkPassword(password, 'Ann@Example.org')).toThrow(PasswordTooWeak);
  });
  it('takes a sentence in any language as password', () => {
    expect(() => checkPassword('月落乌啼霜满天江枫渔火', 'a@b.c')).toThrow(PasswordTooWeak); // eleven characters
    expect(() => checkPassword('月落乌啼霜满天江枫渔火对', 'a@b.c')).not.toThrow();
  });
});

describe('A session', () => {
  const seconds = (count: number): Date => new Date(noon.getTime() + count * 1_000);
  const session = (): Session => Session.start('ann', 'Firefox', noon);

  it('replaces its refresh token each time the current one is presented', () => {
    const one = session();
    expect(one.refresh(1, later(10))).toBe('rotated');
    expect(one.refresh(2, later(20))).toBe('rotated');
    expect(one.generation).toBe(3);
  });

  it('answers the previous token with the current one for thirty seconds, however often it comes', () => {
    const one = session();
    one.refresh(1, seconds(100));
    expect([one.refresh(1, seconds(100)), one.refresh(1, seconds(130)), one.generation]).toEqual(['repeated', 'repeated', 2]);
    expect(one.refresh(1, seconds(130.001))).toBe('replayed');
  });

  it('sees a copied token in any that is older, also within thirty seconds', () => {
    const one = session();
    one.refresh(1, seconds(1));
    one.refresh(2, seconds(2));
    expect([one.refresh(1, seconds(3)), one.refresh(2, seconds(3)), one.refresh(3, seconds(3))]).toEqual([
      'replayed',
      'repeated',
      'rotated',
    ]);
  });

  it('refuses a generation that it has not reached, as after a backup was restored, and goes on', () => {
    const one = session();
    expect([one.refresh(2, later(1)), one.refresh(1, later(1))]).toEqual(['over', 'rotated']);
  });

  it('is over after signing out and after thirty days; one of the admin pages after eight hours', () => {
    const ended = session();
    expect(ended.end('signed-out', later(1))).toMatchObject([{ type: 'SessionEnded', data: { because: 'signed-out' } }]);
    expect(ended.end('token-replayed', later(1))).toEqual([]);
    expect(ended.refresh(1, later(2))).toBe('over');
    expect(session().refresh(1, later(30 * 24 * 60))).toBe('over');
    const ofAdmin = Session.start('ann', 'Firefox', noon, 'admin');
    expect([ofAdmin.isOpen(later(8 * 60 - 1)), ofAdmin.isOpen(later(8 * 60))]).toEqual([true, false]);
  });

  it('keeps no more of a User-Agent than its owner needs to tell it from others', () => {
    expect(Session.start('ann', 'x'.repeat(100_000), noon).snapshot().device).toHaveLength(200);
  });
});
