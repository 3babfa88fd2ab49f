/** Works and chapters that are deleted: hidden from everybody at once, restored to what they were, or erased (erasure.e2e-spec.ts). */
import { randomUUID } from 'node:crypto';
import type { BinItem, BinPage } from '../../src/chapters/infrastructure/bin.contract.js';
import type { ChapterPage, DraftResponse, WorkPage, WorkResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { EventSource } from '../support/event-source.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const ANY = { 'if-match': '*' };
const TEXT = 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom.';

let stack: Stack;
let mira: Person;
let editor: Person;
let reader: Person;
let admin: Person;
let visitor: Api;

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 1 });
  visitor = stack.api;
  [mira, editor, reader, admin] = await Promise.all([
    signUp(stack, { role: 'author' }),
    signUp(stack),
    signUp(stack),
    signUp(stack, { role: 'admin' }),
  ]);
}, 90_000);

interface Told {
  workId: string;
  chapterId: string;
  commentId: string;
  filmId: string;
}

/** A published chapter with a comment and a finished film, in a work with an editor. */
async function told(): Promise<Told> {
  const { workId, chapterId } = await begunChapter(mira, { markdown: TEXT, publish: true });
  const { id: commentId } = must(201, await reader.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Which lamp?' }));
  const { id: filmId } = must(201, await mira.api.post(`/v1/chapters/${chapterId}/renditions`, {}));
  const film = Object.fromEntries(['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((file) => [file, 'a'.repeat(64)]));
  await stack.sql(`UPDATE rendering.rendition SET state = 'ready', film = $2 WHERE id = $1`, [filmId, film]);
  await stack.sql(`INSERT INTO chapters.membership VALUES ($1, $2, 'editor', now())`, [workId, editor.id]);
  return { workId, chapterId, commentId, filmId };
}

/** What readers see of a chapter and what belongs to it: the status of every answer. */
async function seen({ chapterId, commentId, filmId }: Told, api: Api = visitor): Promise<number[]> {
  const paths = [
    `/v1/chapters/${chapterId}`,
    `/v1/chapters/${chapterId}/comments`,
    `/v1/chapters/${chapterId}/comment-counts`,
    `/v1/comments/${commentId}`,
    `/v1/chapters/${chapterId}/renditions`,
    `/v1/renditions/${filmId}`,
    `/v1/live/chapter:${chapterId}/history`,
  ];
  return Promise.all(paths.map(async (path) => (await api.get(path)).status));
}
const SHOWN = Array.from({ length: 7 }, () => 200);
const HIDDEN = Array.from({ length: 7 }, () => 404);

const codeOf = ({ body }: { body: { type?: string } }): string => (body?.type ?? '').replace('urn:inkreel:problem:', '');
const bin = async (by: Person): Promise<BinItem[]> => must(200, await by.api.get<BinPage>('/v1/bin')).items;
const inBin = async (by: Person, id: string): Promise<BinItem | undefined> => (await bin(by)).find((item) => item.id === id);
const chaptersOf = async (api: Api, workId: string) =>
  must(200, await api.get<ChapterPage>(`/v1/works/${workId}/chapters`)).items.map(({ id }) => id);
const listed = async (api: Api, workId: string, query = '') =>
  must(200, await api.get<WorkPage>(`/v1/works?limit=100${query}`)).items.some(({ id }) => id === workId);

const deleteChapter = (by: Person, id: string, ifMatch = '*') => by.api.delete(`/v1/chapters/${id}`, { 'if-match': ifMatch });
const deleteWork = (by: Person, id: string, ifMatch = '*') => by.api.delete(`/v1/works/${id}`, { 'if-match': ifMatch });

describe.each([
  ['A chapter', (it: Told, by: Person) => deleteChapter(by, it.chapterId), (it: Told) => `/v1/chapters/${it.chapterId}/restore`],
  ['A work', (it: Told, by: Person) => deleteWork(by, it.workId), (it: Told) => `/v1/works/${it.workId}/restore`],
])('%s that is deleted', (what, remove, restorePath) => {
  it('is hidden with its comments and films from everybody and in every web process, until it is restored', async () => {
    const it = await told();
    const others = stack.webs.map(({ url }) => visitor.at(url));
    for (const api of others) expect(await seen(it, api)).toEqual(SHOWN); // so both have it in their caches
    must(204, await remove(it, mira));
    // a wake through Redis empties the caches of all web processes, a moment after the commit
    for (const api of others) await until(async () => (await api.get(`/v1/chapters/${it.chapterId}`)).status === 404, 900);
    for (const api of [...others, reader.api, mira.api, editor.api, admin.api]) expect(await seen(it, api)).toEqual(HIDDEN);
    expect((await mira.api.get(`/v1/chapters/${it.chapterId}/draft`)).status).toBe(404);
    expect((await mira.api.get(`/v1/chapters/${it.chapterId}/script`)).status).toBe(404);
    for (const api of [mira.api, admin.api]) {
      expect((await api.get(`/v1/renditions/${it.filmId}`)).status).toBe(404);
      const films = await api.get(`/v1/works/${it.workId}/renditions`);
      expect(films.status === 404 || films.body.items).toEqual(films.status === 404 || []);
    }
    must(200, await mira.api.post(restorePath(it)));
    for (const api of others) await until(async () => String(await seen(it, api)) === String(SHOWN), 1_500);
    expect((await visitor.get(`/v1/chapters/${it.chapterId}`)).body).toMatchObject({ revision: 1 });
  });

  it('takes no comment, edit, publication or film', async () => {
    const it = await told();
    must(204, await remove(it, mira));
    for (const [answer, status] of [
      [await reader.api.post(`/v1/chapters/${it.chapterId}/comments`, { body: 'Still here?' }), 404],
      [await reader.api.post(`/v1/comments/${it.commentId}/replies`, { body: 'Still here?' }), 404],
      [await mira.api.put(`/v1/chapters/${it.chapterId}/draft`, { markdown: 'New.' }, ANY), 404],
      [await mira.api.post(`/v1/chapters/${it.chapterId}/publication`, {}, ANY), 404],
      [await mira.api.delete(`/v1/chapters/${it.chapterId}/publication`, ANY), 404],
      [await mira.api.put(`/v1/chapters/${it.chapterId}/position`, { after: null }, ANY), 404],
      [await mira.api.post(`/v1/chapters/${it.chapterId}/renditions`, {}), 404],
      [await mira.api.delete(`/v1/chapters/${it.chapterId}`, ANY), 404],
    ] as const)
      expect(answer.status).toBe(status);
  });

  it('ends the live streams of its chapters as unpublishing does', async () => {
    const it = await told();
    const stream = `chapter:${it.chapterId}`;
    const sockets = await Promise.all(stack.webs.map(({ url }) => LiveClient.connect(url)));
    for (const socket of sockets) expect(await socket.subscribe(stream)).toMatchObject({ type: 'subscribed' });
    const source = await EventSource.open(stack.webs[1].url, stream, {});
    must(204, await remove(it, mira));
    for (const socket of sockets) await socket.waitFor(({ type, stream: of }) => type === 'refused' && of === stream);
    await source.ended;
    expect(await sockets[0].subscribe(stream)).toMatchObject({ type: 'refused', code: 'no-such-stream' });
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it('stops a film that is being made', async () => {
    const it = await told();
    const { id } = must(201, await mira.api.post(`/v1/chapters/${it.chapterId}/renditions`, { theme: 'slate' }));
    // as if workers were at it: no worker of this test has a voice to go on with
    await stack.sql(`UPDATE rendering.rendition SET state = 'assembling' WHERE id = $1 AND state <> 'ready'`, [id]);
    must(204, await remove(it, mira));
    await until(
      async () =>
        (await stack.sql<{ state: string }>('SELECT state FROM rendering.rendition WHERE id = $1', [id]))[0].state ===
        'cancelled',
      20_000,
    );
  });

  it('is told from one that never was by nobody but its owner', async () => {
    const it = await told();
    must(204, await remove(it, mira));
    const [there, missing] = [
      await reader.api.post(restorePath(it)),
      await reader.api.post(restorePath({ ...it, workId: randomUUID(), chapterId: randomUUID() })),
    ];
    expect([there.status, codeOf(there)]).toEqual([missing.status, codeOf(missing)]);
    expect(there.status).toBe(404);
    expect(await inBin(reader, what === 'A work' ? it.workId : it.chapterId)).toBeUndefined();
  });
});

describe('A work', () => {
  it('is deleted by its owner only, against the version that was read', async () => {
    const { workId } = await told();
    expect(codeOf(await deleteWork(editor, workId))).toBe('not-your-work');
    expect(codeOf(await deleteWork(reader, workId))).toBe('not-your-work');
    expect((await mira.api.delete(`/v1/works/${workId}`)).status).toBe(428);
    expect(codeOf(await deleteWork(mira, workId, '"99"'))).toBe('changed-meanwhile');
    const { headers } = await mira.api.get(`/v1/works/${workId}`);
    must(204, await deleteWork(mira, workId, headers.etag));
    expect((await mira.api.get(`/v1/works/${workId}`)).status).toBe(404);
    expect([await listed(visitor, workId), await listed(mira.api, workId, '&mine=true')]).toEqual([false, false]);
  });

  it('comes back with its members and drafts, and leaves the chapters in the bin that were there', async () => {
    const { workId, chapterId } = await told();
    const draft = must(201, await mira.api.post<DraftResponse>(`/v1/works/${workId}/chapters`, { title: 'II.', markdown: TEXT }));
    must(204, await deleteChapter(mira, chapterId));
    must(204, await deleteWork(mira, workId));
    expect((await editor.api.get(`/v1/works/${workId}`)).status).toBe(404);
    expect(codeOf(await mira.api.post(`/v1/chapters/${chapterId}/restore`))).toBe('work-in-bin');
    expect(codeOf(await editor.api.post(`/v1/chapters/${chapterId}/restore`))).toBe('chapter-not-found');
    const restored = await mira.api.post<WorkResponse>(`/v1/works/${workId}/restore`);
    expect([restored.status, restored.body.chapters, !!restored.headers.etag]).toEqual([200, 0, true]);
    expect(await chaptersOf(editor.api, workId)).toEqual([draft.id]);
    must(200, await editor.api.post(`/v1/chapters/${chapterId}/restore`));
    expect(await chaptersOf(visitor, workId)).toEqual([chapterId]);
    expect(codeOf(await mira.api.post(`/v1/works/${workId}/restore`))).toBe('not-in-bin');
  });

  it('takes no new chapter and no member while it is in the bin', async () => {
    const { workId } = await told();
    const { id, token } = must(
      201,
      await mira.api.post<{ id: string; token: string }>(`/v1/works/${workId}/invitations`, {
        role: 'editor',
        email: reader.email,
      }),
    );
    must(204, await deleteWork(mira, workId));
    const mine = must(200, await reader.api.get<{ items: { id: string }[] } | { id: string }[]>('/v1/me/invitations'));
    expect(JSON.stringify(mine)).not.toContain(id);
    expect(codeOf(await reader.api.post(`/v1/invitations/${id}/accept`, { token }))).toBe('invitation-not-found');
    expect(codeOf(await mira.api.post(`/v1/works/${workId}/chapters`, { title: 'II.' }))).toBe('work-not-found');
    expect(codeOf(await mira.api.get(`/v1/works/${workId}/members`))).toBe('work-not-found');
  });
});

describe('A chapter', () => {
  it('is deleted and restored by editors, too, at the place that it had', async () => {
    const { workId, chapterId } = await told();
    const { id: second } = must(201, await mira.api.post(`/v1/works/${workId}/chapters`, { title: 'II.', markdown: TEXT }));
    expect(codeOf(await deleteChapter(reader, chapterId))).toBe('not-your-chapter');
    expect(codeOf(await deleteChapter(mira, chapterId, '"99"'))).toBe('changed-meanwhile');
    must(204, await deleteChapter(editor, chapterId));
    expect(await chaptersOf(mira.api, workId)).toEqual([second]);
    // something else takes the first place meanwhile, and nothing can be put behind what is in the bin
    const { id: third } = must(201, await mira.api.post(`/v1/works/${workId}/chapters`, { title: 'III.', markdown: TEXT }));
    expect(codeOf(await mira.api.put(`/v1/chapters/${third}/position`, { after: chapterId }, ANY))).toBe('chapter-not-in-work');
    must(200, await mira.api.put(`/v1/chapters/${third}/position`, { after: null }, ANY));
    const restored = must(200, await editor.api.post<DraftResponse>(`/v1/chapters/${chapterId}/restore`));
    expect(restored).toMatchObject({ id: chapterId, status: 'published', publishedRevision: 1 });
    expect(await chaptersOf(mira.api, workId)).toEqual([third, chapterId, second]);
    expect(codeOf(await mira.api.post(`/v1/chapters/${chapterId}/restore`))).toBe('not-in-bin');
  });
});

describe('The bin', () => {
  it('lists works of their owner, and chapters of works that one owns or edits, with the day of erasure', async () => {
    const [one, other] = [await told(), await told()];
    must(204, await deleteChapter(mira, one.chapterId));
    must(204, await deleteWork(mira, other.workId));
    expect(await inBin(mira, one.chapterId)).toMatchObject({ kind: 'chapter', workId: one.workId, title: 'I. The Third Window' });
    expect(await inBin(mira, other.workId)).toMatchObject({ kind: 'work', title: 'The Lamplighter of Quay Street' });
    expect(await inBin(mira, other.chapterId)).toBeUndefined(); // the work stands for its chapters
    expect(await inBin(editor, one.chapterId)).toMatchObject({ kind: 'chapter' });
    expect(await inBin(editor, other.workId)).toBeUndefined();
    const { deletedAt, erasedAfter } = (await inBin(mira, other.workId))!;
    expect(new Date(erasedAfter).getTime() - new Date(deletedAt).getTime()).toBe(30 * 86_400_000);
    const first = must(200, await mira.api.get<BinPage>('/v1/bin?limit=1'));
    expect(first.items.map(({ id }) => id)).toEqual([other.workId]);
    const second = must(200, await mira.api.get<BinPage>(`/v1/bin?limit=1&after=${first.next}`));
    expect(second.items.map(({ id }) => id)).toEqual([one.chapterId]);
  });

  it('gives back nothing that its owner erased', async () => {
    const { workId, chapterId } = await told();
    expect(codeOf(await mira.api.delete(`/v1/bin/chapters/${chapterId}`))).toBe('not-in-bin');
    expect(codeOf(await mira.api.delete(`/v1/bin/works/${workId}`))).toBe('not-in-bin');
    must(204, await deleteChapter(mira, chapterId));
    expect((await editor.api.delete(`/v1/bin/chapters/${chapterId}`)).status).toBe(404);
    must(204, await mira.api.delete(`/v1/bin/chapters/${chapterId}`));
    expect(await inBin(mira, chapterId)).toBeUndefined();
    expect(codeOf(await mira.api.post(`/v1/chapters/${chapterId}/restore`))).toBe('chapter-not-found');
    expect(codeOf(await mira.api.delete(`/v1/bin/chapters/${chapterId}`))).toBe('chapter-not-found');
    await until(async () => !(await stack.sql('SELECT FROM chapters.chapter WHERE id = $1', [chapterId])).length, 20_000);
  });
});
