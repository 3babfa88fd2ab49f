/** What an admin takes down is hidden from readers, and not from those who can change it. Who may: access-matrix.e2e-spec.ts. */
import type { ChapterPage, DraftResponse, WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type { EventResponse } from '../../libs/events/events.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const ANY = { 'if-match': '*' };
const REASON = 'It is a copy of somebody else’s novel.';

let stack: Stack;
let mira: Person;
let editor: Person;
let betaReader: Person;
let admin: Person;
let reader: Person;

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  [mira, editor, betaReader, reader, admin] = await Promise.all([
    signUp(stack, { role: 'author' }),
    signUp(stack),
    signUp(stack),
    signUp(stack),
    signUp(stack, { role: 'admin' }),
  ]);
}, 90_000);

const codeOf = ({ body }: { body: { type?: string } }): string => (body?.type ?? '').replace('urn:inkreel:problem:', '');

async function told(): Promise<{ workId: string; chapterId: string; commentId: string }> {
  const { workId, chapterId } = await begunChapter(mira, { markdown: 'The lamp was lit.', publish: true });
  const { id: commentId } = must(201, await reader.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Which?' }));
  for (const [person, role] of [
    [editor, 'editor'],
    [betaReader, 'beta-reader'],
  ] as const)
    await stack.sql(`INSERT INTO chapters.membership VALUES ($1, $2, $3, now())`, [workId, person.id, role]);
  return { workId, chapterId, commentId };
}

describe.each(['chapter', 'work'] as const)('A %s that is taken down', (kind) => {
  it('is hidden from readers in every web process, and shown to its owner and editors with the reason, until it is put back', async () => {
    const { workId, chapterId, commentId } = await told();
    const path = `/v1/admin/${kind}s/${kind === 'work' ? workId : chapterId}/take-down`;
    const webs = stack.webs.map(({ url }) => stack.api.at(url));
    for (const web of webs) must(200, await web.get(`/v1/chapters/${chapterId}`));
    const socket = await LiveClient.connect(stack.webs[1].url);
    expect(await socket.subscribe(`chapter:${chapterId}`)).toMatchObject({ type: 'subscribed' });

    const { body: answer, status } = await admin.api.post(path, { reason: `  ${REASON} ` });
    expect([status, answer]).toEqual([200, { id: path.split('/')[4], takenDown: { at: expect.any(String), reason: REASON } }]);
    await socket.waitFor(({ type, code }) => type === 'refused' && code === 'no-such-stream');
    await socket.close();
    for (const web of webs) await until(async () => (await web.get(`/v1/chapters/${chapterId}`)).status === 404, 900);
    for (const hidden of [`/v1/chapters/${chapterId}/comments`, `/v1/comments/${commentId}`, `/v1/works/${workId}`])
      for (const api of [stack.api, reader.api, admin.api])
        expect([hidden, (await api.get(hidden)).status]).toEqual([hidden, 404]);
    // of a work with a chapter that is taken down, a beta reader still sees the other chapters
    expect((await betaReader.api.get(`/v1/works/${workId}`)).status).toBe(kind === 'work' ? 404 : 200);
    if (kind === 'chapter') expect((await betaReader.api.get(`/v1/works/${workId}/chapters`)).body.items).toEqual([]);
    expect((await betaReader.api.get(`/v1/chapters/${chapterId}/draft`)).status).toBe(404);
    expect((await reader.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Hm.' })).status).toBe(404);

    const takenDown = { at: expect.any(String), reason: REASON };
    for (const { api } of [mira, editor]) {
      const draft = must(200, await api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`));
      const work = must(200, await api.get<WorkResponse>(`/v1/works/${workId}`));
      const { items } = must(200, await api.get<ChapterPage>(`/v1/works/${workId}/chapters`));
      expect([draft.takenDown, items[0].takenDown, work.takenDown]).toEqual(
        kind === 'chapter' ? [takenDown, takenDown, null] : [null, null, takenDown],
      );
      expect(work.chapters).toBe(0);
    }
    // it is edited, but not shown to readers
    must(200, await editor.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: 'Another lamp was lit.' }, ANY));
    const published = await mira.api.post(`/v1/chapters/${chapterId}/publication`, {}, ANY);
    expect([published.status, codeOf(published), published.body.reason]).toEqual([409, 'taken-down', REASON]);
    expect(codeOf(await admin.api.post(path, { reason: 'Again.' }))).toBe('already-taken-down');

    must(204, await admin.api.delete(path));
    for (const web of webs) await until(async () => (await web.get(`/v1/chapters/${chapterId}`)).status === 200, 1_500);
    must(200, await stack.api.get(`/v1/comments/${commentId}`));
    must(200, await mira.api.post(`/v1/chapters/${chapterId}/publication`, {}, ANY));
    expect(codeOf(await admin.api.delete(path))).toBe('not-taken-down');
  });

  it('stays so through the bin', async () => {
    const { workId, chapterId } = await told();
    const id = kind === 'work' ? workId : chapterId;
    must(200, await admin.api.post(`/v1/admin/${kind}s/${id}/take-down`, { reason: REASON }));
    must(204, await mira.api.delete(`/v1/${kind}s/${id}`, ANY));
    expect(codeOf(await admin.api.delete(`/v1/admin/${kind}s/${id}/take-down`))).toBe(`${kind}-not-found`);
    must(200, await mira.api.post(`/v1/${kind}s/${id}/restore`));
    expect((await stack.api.get(`/v1/chapters/${chapterId}`)).status).toBe(404);
  });

  it('is recorded with who did it and why, for admins', async () => {
    const { workId, chapterId } = await told();
    const id = kind === 'work' ? workId : chapterId;
    must(200, await admin.api.post(`/v1/admin/${kind}s/${id}/take-down`, { reason: REASON }));
    const [named, back] = kind === 'work' ? ['WorkTakenDown', 'WorkPutBack'] : ['ChapterTakenDown', 'ChapterPutBack'];
    must(204, await admin.api.delete(`/v1/admin/${kind}s/${id}/take-down`));
    const events = must(200, await admin.api.get<{ items: EventResponse[] }>(`/v1/admin/events?about=${id}`)).items;
    expect(events.find(({ type }) => type === named)).toMatchObject({ data: { by: admin.id, reason: REASON } });
    expect(events.find(({ type }) => type === back)).toMatchObject({ data: { by: admin.id } });
  });

  it('needs a reason of 1 to 500 characters, and has to be there', async () => {
    const { workId, chapterId } = await told();
    const path = `/v1/admin/${kind}s/${kind === 'work' ? workId : chapterId}/take-down`;
    for (const body of [{}, { reason: '' }, { reason: 'x'.repeat(501) }, { reason: 7 }])
      expect([body, (await admin.api.post(path, body)).status]).toEqual([body, 400]);
    expect(codeOf(await admin.api.post(path, { reason: ' \n ' }))).toBe('take-down-reason-needed');
    expect((await admin.api.post(path, { reason: 'x'.repeat(1_000_000) })).status).toBe(413);
    expect(codeOf(await admin.api.post(path.replace(/[0-9a-f-]{36}/, reader.id), { reason: REASON }))).toBe(`${kind}-not-found`);
    must(200, await admin.api.post(path, { reason: 'x'.repeat(500) }));
  });
});
