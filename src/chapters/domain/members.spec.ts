import { accountActor } from '#libs/kernel/actor';
import { Invitation, InvitationNotFound, InvitationOver, TooManyInvitations } from './invitation.js';
import { AlreadyMember, LastOwnerStays, MemberNotFound, TooManyMembers, Work } from './work.js';

const noon = new Date('2026-01-01T12:00:00Z');
const inDays = (days: number): Date => new Date(noon.getTime() + days * 86_400_000);
const person = (id: string) => accountActor({ id, role: 'reader' });
const [ann, bob, eve] = ['ann', 'bob', 'eve'].map(person);

describe('The members of a work', () => {
  const work = (): Work => Work.create(ann, { title: 'The Lamp', language: 'en' }, noon).work;
  const withBob = (): Work => {
    const one = work();
    one.admit('bob', 'editor', noon);
    return one;
  };

  it('join, get other roles, leave and are removed, and each change is told', () => {
    const one = work();
    expect(one.admit('bob', 'editor', noon)).toMatchObject({ type: 'MemberJoined', data: { accountId: 'bob', role: 'editor' } });
    expect(one.changeMemberRole(ann, 'bob', 'beta-reader')).toMatchObject({
      type: 'MemberRoleChanged',
      data: { by: 'ann', accountId: 'bob', role: 'beta-reader' },
    });
    expect(one.snapshot().members).toEqual([{ accountId: 'bob', role: 'beta-reader', joinedAt: noon }]);
    expect(one.removeMember(bob, 'bob')).toMatchObject({ type: 'MemberRemoved', data: { by: 'bob', accountId: 'bob' } });
    expect(one.snapshot().members).toEqual([]);
  });

  it('have one role each', () => {
    expect(() => withBob().admit('bob', 'moderator', noon)).toThrow(AlreadyMember);
    expect(() => withBob().admit('ann', 'moderator', noon)).toThrow(AlreadyMember);
  });

  it('are not found when they are none', () => {
    expect(() => work().changeMemberRole(ann, 'eve', 'editor')).toThrow(MemberNotFound);
    expect(() => work().removeMember(ann, 'eve')).toThrow(MemberNotFound);
    expect(() => work().transfer('eve', noon)).toThrow(MemberNotFound);
  });

  it('are at most a hundred', () => {
    const one = work();
    for (let i = 0; i < 100; i++) one.admit(`m${i}`, 'beta-reader', noon);
    expect(() => one.admit('bob', 'editor', noon)).toThrow(TooManyMembers);
  });

  it('never lose their owner, who can hand the work over', () => {
    const one = withBob();
    expect(() => one.removeMember(ann, 'ann')).toThrow(LastOwnerStays);
    expect(() => one.changeMemberRole(ann, 'ann', 'editor')).toThrow(LastOwnerStays);
    expect(one.transfer('bob', noon)).toMatchObject({ type: 'WorkTransferred', data: { from: 'ann', to: 'bob' } });
    expect(one.snapshot()).toMatchObject({ ownerId: 'bob', members: [{ accountId: 'ann', role: 'editor' }] });
  });
});

describe('An invitation', () => {
  const invite = (inviteeId: string | null = 'bob', open = 0) =>
    Invitation.create(ann, { workId: 'w', role: 'editor', inviteeId }, open, noon);

  it('is accepted or declined once by the account that was invited', () => {
    const { invitation, invited } = invite();
    expect(invited).toMatchObject({ type: 'MemberInvited', about: ['w'], data: { by: 'ann', role: 'editor' } });
    expect(invitation.accept(bob, undefined, noon)).toMatchObject({ type: 'InvitationAccepted', data: { by: 'bob' } });
    expect(() => invitation.decline(bob, undefined, noon)).toThrow(InvitationOver);
    expect(invite().invitation.decline(bob, undefined, noon)).toMatchObject({ type: 'InvitationDeclined' });
  });

  it('is accepted by whoever holds its token, and unknown to everybody else', () => {
    const { invitation, token } = invite();
    expect(() => invitation.accept(eve, undefined, noon)).toThrow(InvitationNotFound);
    expect(() => invitation.accept(eve, `${token}x`, noon)).toThrow(InvitationNotFound);
    expect(() => invite(null).invitation.decline(eve, undefined, noon)).toThrow(InvitationNotFound);
    expect(invitation.accept(eve, token, noon)).toMatchObject({ data: { by: 'eve' } });
    expect(JSON.stringify(invitation.snapshot())).not.toContain(token);
  });

  it('ends after 14 days, or when it is revoked', () => {
    expect(() => invite().invitation.accept(bob, undefined, inDays(14))).toThrow(InvitationOver);
    const { invitation } = invite();
    expect(invitation.revoke(ann)).toMatchObject({ type: 'InvitationRevoked' });
    expect(() => invitation.accept(bob, undefined, noon)).toThrow(InvitationOver);
    expect(() => invitation.revoke(ann)).toThrow(InvitationOver);
  });

  it('is one of at most fifty open ones', () => {
    expect(() => invite('bob', 50)).toThrow(TooManyInvitations);
  });
});
