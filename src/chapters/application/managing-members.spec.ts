/** Every refusal of the use cases around the members of a work, and what each use case stores and records. */
import type { Actor } from '#libs/kernel/actor';
import { clientActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../index.in-memory.js';

const NOWHERE = '00000000-0000-7000-8000-000000000000';
const DAYS = 86_400_000;

/** Ann's public work, of which Ed is an editor. Eve only reads it. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const { auth, works, writing, members, tables } = inMemoryChapters(unitOfWork);
  const [ann, ed, eve] = [await auth.person('ann', 'author'), await auth.person('ed'), await auth.person('eve')];
  const workId = await works.create(ann, { title: 'The Lamp', language: 'en' });
  const chapterId = await writing.create(ann, workId, 'One', { markdown: 'The lamp burned.' });
  await writing.publish(ann, chapterId, undefined);
  const join = async (who: Actor, email: string): Promise<void> => {
    const { invitation } = await members.invite(ann, workId, { role: 'editor', email });
    await members.accept(who, invitation.id);
  };
  await join(ed, 'ed@example.org');
  unitOfWork.events.length = 0;
  const roles = () => tables.works.get(workId)!.members.map(({ accountId, role }) => [accountId, role]);
  const invite = (email?: string) => members.invite(ann, workId, { role: 'moderator', email });
  const daysPass = (days: number): void => void (unitOfWork.now = new Date(unitOfWork.now.getTime() + days * DAYS));
  const app = clientActor({ id: ann.id, role: 'author' }, ['chapters:write']);
  return { unitOfWork, members, tables, workId, works, ann, ed, eve, app, roles, invite, daysPass };
}
type World = Awaited<ReturnType<typeof setUp>>;

describe('The owner of a work', () => {
  it('invites by e-mail, and the answer does not tell whether there is such an account', async () => {
    const { invite, tables, eve } = await setUp();
    const [known, unknown] = [await invite('Eve@example.org'), await invite('nobody@example.org')];
    expect(tables.invitations.get(known.invitation.id)).toMatchObject({ inviteeId: eve.id, role: 'moderator' });
    expect(tables.invitations.get(unknown.invitation.id)).toMatchObject({ inviteeId: null });
    expect(Object.keys(known)).toEqual(Object.keys(unknown));
  });

  it('has at most fifty invitations open, of which those that ended do not count', async () => {
    const { invite, members, ann, daysPass } = await setUp();
    for (let i = 0; i < 50; i++) await invite();
    await expect(invite()).rejects.toMatchObject({ code: 'too-many-invitations' });
    daysPass(14);
    const { invitation } = await invite();
    for (let i = 1; i < 50; i++) await invite();
    await expect(invite()).rejects.toMatchObject({ code: 'too-many-invitations' });
    await members.revoke(ann, invitation.id);
    await invite();
  });

  it('gives a member another role, removes one, and hands the work over', async () => {
    const { members, workId, ann, ed, roles, unitOfWork } = await setUp();
    await members.changeRole(ann, workId, ed.id, 'beta-reader');
    expect(roles()).toEqual([[ed.id, 'beta-reader']]);
    await members.transfer(ann, workId, ed.id);
    expect(roles()).toEqual([[ann.id, 'editor']]);
    await members.remove(ed, workId, ann.id);
    expect(roles()).toEqual([]);
    expect(unitOfWork.events.map(({ type }) => type)).toEqual(['MemberRoleChanged', 'WorkTransferred', 'MemberRemoved']);
  });

  it('stays the owner until the work is transferred', async () => {
    const { members, workId, ann } = await setUp();
    await expect(members.remove(ann, workId, ann.id)).rejects.toMatchObject({ code: 'last-owner-stays' });
    await expect(members.changeRole(ann, workId, ann.id, 'editor')).rejects.toMatchObject({ code: 'last-owner-stays' });
  });

  it('finds no member who is none', async () => {
    const { members, workId, ann, eve } = await setUp();
    const refused = { code: 'member-not-found' };
    await expect(members.changeRole(ann, workId, eve.id, 'editor')).rejects.toMatchObject(refused);
    await expect(members.remove(ann, workId, eve.id)).rejects.toMatchObject(refused);
    await expect(members.transfer(ann, workId, eve.id)).rejects.toMatchObject(refused);
  });
});

const MANAGES: [string, (world: World, by: Actor, workId: string) => Promise<unknown>][] = [
  ['invite', ({ members }, by, workId) => members.invite(by, workId, { role: 'editor' })],
  ['change a role', ({ members, ed }, by, workId) => members.changeRole(by, workId, ed.id, 'beta-reader')],
  ['remove somebody else', ({ members, ed, ann }, by, workId) => members.remove(by, workId, by === ed ? ann.id : ed.id)],
  ['transfer the work', ({ members, ed }, by, workId) => members.transfer(by, workId, ed.id)],
];

describe.each(MANAGES)('To %s', (_, manage) => {
  it('takes the owner: no editor, no reader, no app without the scope', async () => {
    const world = await setUp();
    const before = world.tables.works.get(world.workId);
    for (const by of [world.ed, world.eve, world.app])
      await expect(manage(world, by, world.workId)).rejects.toMatchObject({ code: 'not-your-work' });
    expect(world.tables.works.get(world.workId)).toEqual(before);
  });

  it('takes a work that is there and that one may know of', async () => {
    const world = await setUp();
    await expect(manage(world, world.ann, NOWHERE)).rejects.toMatchObject({ code: 'work-not-found' });
    const secret = await world.works.create(world.ann, { title: 'Secret', language: 'en' });
    await expect(manage(world, world.eve, secret)).rejects.toMatchObject({ code: 'work-not-found' });
  });
});

describe('A member', () => {
  it('leaves', async () => {
    const { members, workId, ed, roles } = await setUp();
    await members.remove(ed, workId, ed.id);
    expect(roles()).toEqual([]);
  });

  it('is who leaves: others are refused', async () => {
    const { members, workId, eve } = await setUp();
    await expect(members.remove(eve, workId, eve.id)).rejects.toMatchObject({ code: 'not-your-work' });
    await expect(members.remove(eve, NOWHERE, eve.id)).rejects.toMatchObject({ code: 'work-not-found' });
  });
});

describe('Somebody who is invited', () => {
  it('accepts by account or by token, and is a member from then on', async () => {
    const { invite, members, eve, roles, unitOfWork } = await setUp();
    const { invitation, token } = await invite();
    await members.accept(eve, invitation.id, token);
    expect(roles()).toContainEqual([eve.id, 'moderator']);
    expect(unitOfWork.events.slice(-2).map(({ type }) => type)).toEqual(['InvitationAccepted', 'MemberJoined']);
  });

  it('declines', async () => {
    const { invite, members, eve, tables } = await setUp();
    const { invitation } = await invite('eve@example.org');
    await members.decline(eve, invitation.id);
    expect(tables.invitations.get(invitation.id)).toMatchObject({ status: 'declined' });
  });

  it('is refused an invitation that is not there or is for somebody else', async () => {
    const { invite, members, eve } = await setUp();
    const { invitation } = await invite('ed@example.org');
    const refused = { code: 'invitation-not-found' };
    for (const id of [NOWHERE, invitation.id]) {
      await expect(members.accept(eve, id)).rejects.toMatchObject(refused);
      await expect(members.decline(eve, id, 'a wrong token')).rejects.toMatchObject(refused);
    }
  });

  it('is refused one that was answered, was revoked or is older than 14 days', async () => {
    const { invite, members, ann, eve, daysPass } = await setUp();
    const refused = { code: 'invitation-over' };
    const [answered, revoked, old] = [
      await invite('eve@example.org'),
      await invite('eve@example.org'),
      await invite('eve@example.org'),
    ].map(({ invitation }) => invitation.id);
    await members.decline(eve, answered);
    await members.revoke(ann, revoked);
    daysPass(14);
    for (const id of [answered, revoked, old]) {
      await expect(members.accept(eve, id)).rejects.toMatchObject(refused);
      await expect(members.decline(eve, id)).rejects.toMatchObject(refused);
    }
    await expect(members.revoke(ann, answered)).rejects.toMatchObject(refused);
  });

  it('is refused a second role, and the invitation stays open', async () => {
    const { invite, members, ed, ann, tables } = await setUp();
    const { invitation, token } = await invite();
    for (const by of [ed, ann])
      await expect(members.accept(by, invitation.id, token)).rejects.toMatchObject({ code: 'already-member' });
    expect(tables.invitations.get(invitation.id)).toMatchObject({ status: 'open' });
  });

  it('is refused when the work has a hundred members', async () => {
    const { invite, members, eve, tables, unitOfWork, workId } = await setUp();
    const work = tables.works.get(workId)!;
    const crowd = Array.from({ length: 100 }, (_, i) => ({
      accountId: `m${i}`,
      role: 'editor' as const,
      joinedAt: unitOfWork.now,
    }));
    await unitOfWork.run(() => tables.works.put(workId, { ...work, members: crowd }));
    const { invitation } = await invite('eve@example.org');
    await expect(members.accept(eve, invitation.id)).rejects.toMatchObject({ code: 'too-many-members' });
  });
});

describe('To revoke an invitation', () => {
  it('takes the owner of its work, and an invitation that is there', async () => {
    const { invite, members, ann, ed, eve, app, tables } = await setUp();
    const { invitation } = await invite();
    const refused = { code: 'invitation-not-found' };
    for (const by of [ed, eve, app]) await expect(members.revoke(by, invitation.id)).rejects.toMatchObject(refused);
    await expect(members.revoke(ann, NOWHERE)).rejects.toMatchObject(refused);
    expect(tables.invitations.get(invitation.id)).toMatchObject({ status: 'open' });
    await members.revoke(ann, invitation.id);
    expect(tables.invitations.get(invitation.id)).toMatchObject({ status: 'revoked' });
  });
});
