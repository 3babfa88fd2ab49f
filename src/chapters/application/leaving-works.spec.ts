/** What becomes of works, memberships and invitations when an account is erased. */
import { accountActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryChapters } from '../index.in-memory.js';
import { Invitation } from '../domain/invitation.js';
import { InMemoryInvitationRepository, InMemoryWorkRepository } from '../domain/ports.in-memory.js';
import { LeavingWorks } from './leaving-works.js';

const ann = accountActor({ id: 'ann', role: 'author' });
const bob = accountActor({ id: 'bob', role: 'author' });

/** Ann owns a published work, one that Bob edits, a draft, and one in the bin; she edits a work of Bob's. */
async function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  const { tables, works, writing, deleting, erasing } = inMemoryChapters(unitOfWork);
  const [repository, invitations] = [new InMemoryWorkRepository(tables), new InMemoryInvitationRepository(tables)];
  const create = (by: typeof ann, title: string) => works.create(by, { title, language: 'en' });
  const admit = (workId: string, id: string) =>
    unitOfWork.run(async ({ now }) => {
      const work = await repository.get(workId);
      work.admit(id, 'editor', now);
      await repository.save(work);
    });
  const invite = (workId: string, by: typeof ann, inviteeId: string | null) =>
    unitOfWork.run(async ({ now }) => {
      const { invitation } = Invitation.create(by, { workId, role: 'editor', inviteeId }, 0, now);
      await invitations.save(invitation);
      return invitation.id;
    });
  const [published, shared, draft, binned] = [
    await create(ann, 'Published'),
    await create(ann, 'Shared'),
    await create(ann, 'Draft'),
    await create(ann, 'Binned'),
  ];
  const ofBob = await create(bob, 'Of Bob');
  await admit(shared, 'bob');
  await admit(ofBob, 'ann');
  const sent = await invite(shared, ann, null);
  const got = await invite(ofBob, bob, 'ann');
  const chapterId = await writing.create(ann, published, 'One', { markdown: 'The lamp burned.' });
  await writing.publish(ann, chapterId, undefined);
  await deleting.deleteWork(ann, binned, undefined);
  unitOfWork.events.length = 0;
  return {
    unitOfWork,
    leaving: new LeavingWorks(unitOfWork, repository, invitations, erasing),
    titles: () => tables.works.all().map(({ title }) => title),
    members: () => tables.works.get(ofBob)!.members,
    invited: () => [sent, got].map((id) => tables.invitations.get(id)?.status),
    named: [published, shared, draft],
  };
}

it('The choice is asked for when there are works, those in the bin not counted', async () => {
  const { leaving, named, unitOfWork } = await setUp();
  const asked = unitOfWork.run(() => leaving.mustBeDecided('ann', null));
  await expect(asked).rejects.toMatchObject({ code: 'works-undecided' });
  const { details } = (await asked.catch((error: unknown) => error)) as { details: { works: { id: string; members: number }[] } };
  expect(details.works.map(({ id }) => id).sort()).toEqual([...named].sort());
  expect(details.works.map(({ members }) => members).sort()).toEqual([0, 0, 1]);
  await unitOfWork.run(() => leaving.mustBeDecided('ann', 'keep'));
  await unitOfWork.run(() => leaving.mustBeDecided('carl', null));
});

it('Works that others read stay by choice; memberships and open invitations end', async () => {
  const { leaving, titles, members, invited, unitOfWork } = await setUp();
  for (let run = 0; run < 2; run++) await leaving.leave('ann', { works: 'keep', comments: 'keep', reason: null });
  expect(titles().sort()).toEqual(['Of Bob', 'Published', 'Shared']);
  expect([members(), invited()]).toEqual([[], ['revoked', 'revoked']]);
  expect(unitOfWork.events.filter(({ type }) => type === 'MemberRemoved')).toMatchObject([
    { data: { by: 'ann', accountId: 'ann' } },
  ]);
});

it('All works go by choice, without 30 days in the bin', async () => {
  const { leaving, titles } = await setUp();
  await leaving.leave('ann', { works: 'erase', comments: 'keep', reason: null });
  expect(titles()).toEqual(['Of Bob']);
});
