/** People who work on one work: how they come to it, what they may do there, and how they leave. */
import type { DraftResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type {
  InvitationCreatedResponse,
  MembersResponse,
  MyInvitationsResponse,
} from '../../src/chapters/infrastructure/members.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

let stack: Stack;
let owner: Person;
let friend: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 1 });
  [owner, friend] = [await signUp(stack, { role: 'author', name: 'Mira' }), await signUp(stack, { name: 'Theo' })];
});

const any = { 'if-match': '*' };
const invite = async (workId: string, body: object) =>
  must(201, await owner.api.post<InvitationCreatedResponse>(`/v1/works/${workId}/invitations`, body));
const members = async (workId: string) =>
  must(200, await owner.api.get<MembersResponse>(`/v1/works/${workId}/members`)).items.map(({ name, role }) => `${name} ${role}`);
const events = async (workId: string) =>
  (
    await stack.sql<{ type: string }>(
      `SELECT type FROM events.event WHERE about @> ARRAY[$1] AND type ~ 'Memb|Invit|Transf' ORDER BY id`,
      [workId],
    )
  ).map(({ type }) => type);

it('A reader who is invited by e-mail as an editor writes the chapters of the work', async () => {
  const { workId, chapterId } = await begunChapter(owner, { markdown: 'A secret.' });
  const draft = `/v1/chapters/${chapterId}/draft`;
  expect((await friend.api.get(draft)).status).toBe(404);
  const { token, ...invitation } = await invite(workId, { role: 'editor', email: friend.email });
  const mine = must(200, await friend.api.get<MyInvitationsResponse>('/v1/me/invitations')).items;
  expect(mine).toEqual([{ ...invitation, workTitle: 'The Lamplighter of Quay Street', invitedBy: 'Mira' }]);
  expect(JSON.stringify(mine)).not.toContain(token);
  must(200, await friend.api.post(`/v1/invitations/${invitation.id}/accept`, {}));
  expect(must(200, await friend.api.get('/v1/me/invitations')).items).toEqual([]);
  expect(await members(workId)).toEqual(['Mira owner', 'Theo editor']);
  must(200, await friend.api.put(draft, { markdown: 'Our secret.' }, any));
  expect(must(200, await owner.api.get<DraftResponse>(draft)).blocks[0].text).toBe('Our secret.');
  expect(must(200, await friend.api.get('/v1/works?mine=true')).items.map(({ id }) => id)).toEqual([workId]);
  // but begins no work: that is a matter of the role on the site
  expect((await friend.api.post('/v1/works', { title: 'Mine', language: 'en' })).status).toBe(403);
  // and invites nobody
  expect((await friend.api.post(`/v1/works/${workId}/invitations`, { role: 'editor' })).status).toBe(403);
  expect(await events(workId)).toEqual(['MemberInvited', 'InvitationAccepted', 'MemberJoined']);
});

it('A beta reader reads drafts and changes nothing; removed, they see nothing any more', async () => {
  const { workId, chapterId } = await begunChapter(owner, { markdown: 'A secret.' });
  const { id, token } = await invite(workId, { role: 'beta-reader' });
  expect((await friend.api.post(`/v1/invitations/${id}/accept`, {})).status).toBe(404);
  must(200, await friend.api.post(`/v1/invitations/${id}/accept`, { token }));
  must(200, await friend.api.get(`/v1/chapters/${chapterId}/draft`));
  expect(must(200, await friend.api.get(`/v1/works/${workId}/chapters`)).items).toHaveLength(1);
  expect((await friend.api.get(`/v1/chapters/${chapterId}/revisions`)).status).toBe(404);
  expect((await friend.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: 'x' }, any)).status).toBe(403);
  must(204, await owner.api.delete(`/v1/works/${workId}/members/${friend.id}`));
  expect((await friend.api.get(`/v1/chapters/${chapterId}/draft`)).status).toBe(404);
  expect((await friend.api.get(`/v1/works/${workId}`)).status).toBe(404);
});

it('A moderator of a work hides its comments, and those of no other', async () => {
  const [here, elsewhere] = await Promise.all(
    [1, 2].map(() => begunChapter(owner, { markdown: 'One lamp was lit.', publish: true })),
  );
  const comment = async (chapterId: string) =>
    must(201, await owner.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Which?' })).id;
  const { id, token } = await invite(here.workId, { role: 'editor' });
  must(200, await friend.api.post(`/v1/invitations/${id}/accept`, { token }));
  const [mine, other] = [await comment(here.chapterId), await comment(elsewhere.chapterId)];
  expect((await friend.api.delete(`/v1/comments/${mine}`)).status).toBe(403); // an editor writes and does not moderate
  must(200, await owner.api.put(`/v1/works/${here.workId}/members/${friend.id}`, { role: 'moderator' }));
  must(204, await friend.api.delete(`/v1/comments/${mine}`));
  expect((await friend.api.delete(`/v1/comments/${other}`)).status).toBe(403);
});

it('The owner cannot leave before the work has another owner; a member can', async () => {
  const { workId } = await begunChapter(owner, { markdown: 'A secret.' });
  const { id } = await invite(workId, { role: 'moderator', email: friend.email });
  must(200, await friend.api.post(`/v1/invitations/${id}/accept`, {}));
  const leave = (person: Person) => person.api.delete(`/v1/works/${workId}/members/${person.id}`);
  expect((await leave(owner)).body.type).toBe('urn:inkreel:problem:last-owner-stays');
  must(204, await owner.api.put(`/v1/works/${workId}/owner`, { accountId: friend.id }));
  expect(await members(workId)).toEqual(['Theo owner', 'Mira editor']);
  must(204, await leave(owner));
  expect((await owner.api.get(`/v1/works/${workId}`)).status).toBe(404);
  expect(must(200, await friend.api.get(`/v1/works/${workId}`)).author).toMatchObject({ name: 'Theo' });
});

it('An invitation can be declined, revoked and used once, and tells nobody whether an e-mail has an account', async () => {
  const { workId } = await begunChapter(owner, { markdown: 'A secret.' });
  const [known, unknown] = [
    await invite(workId, { role: 'editor', email: friend.email }),
    await invite(workId, { role: 'editor', email: 'nobody@example.org' }),
  ];
  expect(Object.keys(known)).toEqual(Object.keys(unknown));
  must(204, await friend.api.post(`/v1/invitations/${known.id}/decline`, {}));
  expect((await friend.api.post(`/v1/invitations/${known.id}/accept`, {})).status).toBe(410);
  must(204, await owner.api.delete(`/v1/invitations/${unknown.id}`));
  expect((await friend.api.post(`/v1/invitations/${unknown.id}/accept`, { token: unknown.token })).status).toBe(410);
  expect((await friend.api.delete(`/v1/invitations/${known.id}`)).status).toBe(404);
  expect(must(200, await owner.api.get(`/v1/works/${workId}/invitations`)).items).toEqual([]);
});
