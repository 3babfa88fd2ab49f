import {
  Account,
  AccountNeedsName,
  AuthorsAreInvited,
  checkPassword,
  NameTooLong,
  normalEmail,
  NotYourOwnRole,
  OnlyAdminsChangeRoles,
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
    const admin = { id: 'admin', role: 'admin' as const };
    expect(account.changeRole(admin, 'moderator')).toMatchObject({ type: 'AccountRoleChanged', data: { role: 'moderator' } });
    expect(account.actor.role).toBe('moderator');
    expect(() => account.changeRole({ id: 'x', role: 'moderator' }, 'admin')).toThrow(OnlyAdminsChangeRoles);
    expect(() => account.changeRole({ id: account.actor.id, role: 'admin' }, 'reader')).toThrow(NotYourOwnRole);
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
  it('takes each refresh token once', () => {
    const session = Session.create('ann', 't1', noon);
    expect(session.renew('t1', 't2', later(10))).toBe('renewed');
    expect(session.renew('t2', 't3', later(20))).toBe('renewed');
  });

  it('ends for every holder when a used token comes back', () => {
    const session = Session.create('ann', 't1', noon);
    session.renew('t1', 't2', later(10));
    expect(session.renew('t1', 'stolen', later(11))).toBe('replayed');
    expect(session.renew('t2', 't3', later(12))).toBe('over');
    expect(session.snapshot().endedBecause).toBe('token-replayed');
  });

  it('is over after signing out and after thirty days', () => {
    const session = Session.create('ann', 't1', noon);
    session.end('signed-out', later(1));
    expect(session.renew('t1', 't2', later(2))).toBe('over');
    expect(Session.create('ann', 't1', noon).renew('t1', 't2', later(31 * 24 * 60))).toBe('over');
  });
});
