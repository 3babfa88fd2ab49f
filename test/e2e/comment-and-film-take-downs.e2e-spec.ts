/**
 * Comments and films that an admin takes down: who still sees what, over REST, links and live streams, on two web processes. And
 * whose live streams end when they may not follow them any more. Works and chapters: take-downs.e2e-spec.ts.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FileStore } from '#libs/storage/file-store';
import type { SignedUrls } from '#libs/storage/signed-urls';
import type { InvitationCreatedResponse } from '../../src/chapters/infrastructure/members.contract.js';
import type { CountsResponse, ThreadPage, ThreadResponse } from '../../src/comments/infrastructure/comments.contract.js';
import { objectKey } from '../../src/rendering/infrastructure/object-key.js';
import type { LinkResponse, RenditionPage, RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack } from '../support/stack.js';

const REASON = 'It names where somebody lives.';
const any = { 'if-match': '*' };

let stack: Stack;
let visitor: Api;
let admin: Person;
let author: Person;
let reader: Person;
let files: FileStore;
beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  visitor = stack.api;
  [admin, author, reader] = await Promise.all([
    signUp(stack, { role: 'admin', name: 'Ada' }),
    signUp(stack, { role: 'author', name: 'Mira' }),
    signUp(stack, { name: 'Theo' }),
  ]);
  files = await FileStore.open(join(stack.home, 'objects'), undefined as unknown as SignedUrls);
}, 90_000);

const takeDown = (what: string, id: string, reason = REASON) =>
  admin.api.post<{ type: string; takenDown: object }>(`/v1/admin/${what}/${id}/take-down`, { reason });
const putBack = (what: string, id: string) => admin.api.delete<{ type: string }>(`/v1/admin/${what}/${id}/take-down`);
const audit = (id: string) =>
  stack.sql(
    `SELECT type, actor, data->>'reason' AS reason FROM events.event WHERE subject_id = $1 AND type ~ 'TakenDown|PutBack' ORDER BY id`,
    [id],
  );
const isRefused = (client: LiveClient, stream: string) =>
  client.waitFor((frame) => frame.type === 'refused' && frame.stream === stream && frame.code !== undefined);

describe('A comment that was taken down', () => {
  const read = async (id: string, api = visitor) => must(200, await api.get<ThreadResponse>(`/v1/comments/${id}`));
  const begin = async () => {
    const { chapterId } = await begunChapter(author, { markdown: 'One lamp was lit.', publish: true });
    const { id } = must(201, await reader.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'He lives at the quay.' }));
    return { chapterId, id };
  };
  const history = async (chapterId: string) =>
    (await visitor.get(`/v1/live/chapter:${chapterId}/history?since=0`)).bytes.toString();

  it('is a deleted one to others, and shows its words and the reason to its author and to admins', async () => {
    const { chapterId, id } = await begin();
    must(201, await author.api.post(`/v1/comments/${id}/replies`, { body: 'Does he?' }));
    const live = await LiveClient.connect(stack.webs[1].url);
    await live.subscribe(`chapter:${chapterId}`);
    expect(must(200, await takeDown('comments', id)).takenDown).toMatchObject({ reason: REASON });
    await live.waitFor(({ event }) => event?.type === 'comment.withdrawn' && event.body.id === id);
    for (const api of [visitor, author.api])
      expect(await read(id, api)).toMatchObject({ status: 'hidden', body: null, author: null, takenDown: null, replyCount: 1 });
    for (const { api } of [reader, admin])
      expect(await read(id, api)).toMatchObject({
        status: 'taken-down',
        body: 'He lives at the quay.',
        author: { name: 'Theo' },
        takenDown: { reason: REASON },
      });
    const list = await visitor.get<ThreadPage>(`/v1/chapters/${chapterId}/comments`);
    for (const bytes of [list.bytes.toString(), await history(chapterId)]) expect(bytes).not.toMatch(/quay|somebody lives|Theo/);
    expect(must(200, await visitor.get<CountsResponse>(`/v1/chapters/${chapterId}/comment-counts`)).total).toBe(1);
    const refused = await author.api.post(`/v1/comments/${id}/replies`, { body: 'Hm.' });
    expect(refused.body.type).toBe('urn:inkreel:problem:reply-to-deleted');
    expect((await takeDown('comments', id)).body.type).toBe('urn:inkreel:problem:already-taken-down');
    await live.close();
  });

  it('is put back with its words, which listeners get again, and who did both and why is recorded', async () => {
    const { chapterId, id } = await begin();
    must(200, await takeDown('comments', id));
    const live = await LiveClient.connect(stack.webs[1].url);
    await live.subscribe(`chapter:${chapterId}`);
    must(204, await putBack('comments', id));
    const { event } = await live.waitFor((frame) => frame.event?.type === 'comment.restored');
    expect(event!.body).toMatchObject({ id, body: 'He lives at the quay.', author: { name: 'Theo' } });
    expect(await read(id)).toMatchObject({ status: 'shown', body: 'He lives at the quay.', takenDown: null });
    expect(await audit(id)).toEqual([
      { type: 'CommentTakenDown', actor: admin.id, reason: REASON },
      { type: 'CommentPutBack', actor: admin.id, reason: null },
    ]);
    expect((await putBack('comments', id)).body.type).toBe('urn:inkreel:problem:not-taken-down');
    await live.close();
  });

  it('can be deleted by its author, and is not put back then', async () => {
    const { id } = await begin();
    must(200, await takeDown('comments', id));
    must(204, await reader.api.delete(`/v1/comments/${id}`));
    expect(await read(id, reader.api)).toMatchObject({ status: 'withdrawn', body: null, takenDown: null });
    expect((await putBack('comments', id)).status).toBe(409);
    expect((await takeDown('comments', id)).status).toBe(404);
  });

  it('needs a reason', async () => {
    const { id } = await begin();
    expect((await takeDown('comments', id, ' ')).body.type).toBe('urn:inkreel:problem:take-down-reason-needed');
    expect((await takeDown('comments', id, 'x'.repeat(501))).status).toBe(400);
  });
});

/** A finished film, of bytes that are not those of a film: no worker is needed. */
async function finishedFilm() {
  const begun = await begunChapter(author, { markdown: 'One lamp was lit.', publish: true });
  const { id } = must(201, await author.api.post<RenditionResponse>(`/v1/chapters/${begun.chapterId}/renditions`, {}));
  const bytes = Buffer.from(JSON.stringify({ film: id }));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await files.put(objectKey(sha256), bytes, { contentType: 'video/mp4' });
  const hashes = Object.fromEntries(['sha256', 'poster', 'webvtt', 'srt', 'cues'].map((file) => [file, sha256]));
  await stack.sql(`UPDATE rendering.rendition SET state = 'ready', film = $2 WHERE id = $1`, [
    id,
    { ...hashes, bytes: bytes.length, frames: 1, seconds: 1 },
  ]);
  return { ...begun, id };
}

describe('A film that was taken down', () => {
  const FILES = ['film.mp4', 'poster.jpg', 'captions.vtt', 'captions.srt', 'cues.json'];
  const statusOf = async (api: Api, path: string) => (await api.get(path)).status;

  it('is not there for readers, with all its files and the links made before; its author sees why', async () => {
    const { id, chapterId } = await finishedFilm();
    const { url } = must(200, await visitor.get<LinkResponse>(`/v1/renditions/${id}/link`));
    const link = new URL(url, stack.webs[0].url);
    const path = link.pathname + link.search;
    const paths = [...FILES.map((file) => `/v1/renditions/${id}/${file}`), path];
    for (const one of paths) expect([one, await statusOf(visitor, one)]).toEqual([one, 200]);

    must(200, await takeDown('renditions', id));
    for (const { url } of stack.webs)
      for (const one of [...paths, `/v1/renditions/${id}`, `/v1/renditions/${id}/link`])
        expect([one, await statusOf(visitor.at(url), one)]).toEqual([one, 404]);
    for (const one of paths) expect([one, await statusOf(author.api, one)]).toEqual([one, 404]);
    for (const file of FILES) expect(await statusOf(admin.api, `/v1/renditions/${id}/${file}`)).toBe(200);
    const listed = must(200, await visitor.get<RenditionPage>(`/v1/chapters/${chapterId}/renditions`));
    expect(listed.items).toEqual([]);
    for (const { api } of [author, admin])
      expect(must(200, await api.get<RenditionResponse>(`/v1/renditions/${id}`)).takenDown).toMatchObject({ reason: REASON });

    must(204, await putBack('renditions', id));
    for (const one of paths) expect([one, await statusOf(visitor, one)]).toEqual([one, 200]);
    expect(must(200, await author.api.get<RenditionResponse>(`/v1/renditions/${id}`)).takenDown).toBeNull();
    expect(await audit(id)).toEqual([
      { type: 'RenditionTakenDown', actor: admin.id, reason: REASON },
      { type: 'RenditionPutBack', actor: admin.id, reason: null },
    ]);
  });

  it('is not made again of the same revision, whatever is asked for; the next revision has a film of its own', async () => {
    const { id, chapterId } = await finishedFilm();
    must(200, await takeDown('renditions', id));
    const ask = (body: object) => author.api.post<{ type: string; reason: string }>(`/v1/chapters/${chapterId}/renditions`, body);
    const voices = must(200, await visitor.get<{ items: { id: string; languages: string[] }[] }>('/v1/voices')).items;
    const other = voices.filter(({ languages }) => languages.includes('en')).at(-1)!.id;
    for (const body of [{}, { voice: other }]) {
      const refused = await ask(body);
      expect([refused.body.type, refused.body.reason]).toEqual(['urn:inkreel:problem:film-taken-down', REASON]);
    }
    must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: 'Two lamps were lit.' }, any));
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, any));
    must(201, await ask({}));
  });

  it('ends the streams of those who may not see it any more', async () => {
    const { id } = await finishedFilm();
    const [anyone, owner] = [
      await LiveClient.connect(stack.webs[1].url),
      await LiveClient.connect(stack.webs[1].url, author.token),
    ];
    for (const one of [anyone, owner]) expect(await one.subscribe(`rendition:${id}`)).toMatchObject({ type: 'subscribed' });
    must(200, await takeDown('renditions', id));
    await isRefused(anyone, `rendition:${id}`);
    await owner.waitFor(({ event }) => event?.type === 'access.changed');
    expect(owner.frames.filter(({ type }) => type === 'refused')).toEqual([]);
    await Promise.all([anyone.close(), owner.close()]);
  });
});

describe('The stream of a film that is being made', () => {
  const begin = async () => {
    const { workId, chapterId } = await begunChapter(author, { markdown: 'One lamp was lit.', publish: true });
    const member = async (name: string): Promise<Person> => {
      const person = await signUp(stack, { name });
      const invited = await author.api.post<InvitationCreatedResponse>(`/v1/works/${workId}/invitations`, { role: 'editor' });
      const { id, token } = must(201, invited);
      must(200, await person.api.post(`/v1/invitations/${id}/accept`, { token }));
      return person;
    };
    const [ann, bob] = [await member('Ann'), await member('Bob')];
    const { id } = must(201, await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {}));
    const follow = async ({ token }: Person) => {
      const client = await LiveClient.connect(stack.webs[1].url, token);
      expect(await client.subscribe(`rendition:${id}`)).toMatchObject({ type: 'subscribed' });
      return client;
    };
    return { workId, id, ann, bob, clients: [await follow(ann), await follow(bob)] };
  };

  it.each<[string, (workId: string, ann: Person) => Promise<{ status: number }>]>([
    ['is removed', (workId, ann) => author.api.delete(`/v1/works/${workId}/members/${ann.id}`)],
    ['leaves', (workId, ann) => ann.api.delete(`/v1/works/${workId}/members/${ann.id}`)],
    ['becomes a beta reader', (workId, ann) => author.api.put(`/v1/works/${workId}/members/${ann.id}`, { role: 'beta-reader' })],
  ])('ends for a member who %s, within a second and on another process, and goes on for the others', async (_, change) => {
    const { workId, id, ann, clients } = await begin();
    const began = performance.now();
    expect((await change(workId, ann)).status).toBeLessThan(300);
    await isRefused(clients[0], `rendition:${id}`);
    expect(performance.now() - began).toBeLessThan(1_500);
    must(204, await author.api.delete(`/v1/renditions/${id}`));
    await clients[1].waitFor(({ event }) => event?.type === 'rendition.changed');
    expect(clients[0].events.filter(({ type }) => type === 'rendition.changed')).toEqual([]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it.each<[string, (ann: Person) => Promise<{ status: number }>]>([
    ['suspended', (ann) => admin.api.put(`/v1/admin/accounts/${ann.id}/suspension`, { reason: 'Spam.' })],
    ['erased', (ann) => admin.api.delete(`/v1/admin/accounts/${ann.id}`, {}, { reason: 'Asked by letter.' })],
  ])('ends with the connection of an account that is %s', async (_, change) => {
    const { ann, clients } = await begin();
    expect((await change(ann)).status).toBeLessThan(300);
    expect(await clients[0].closed).toBe(4401);
    await clients[1].close();
  });

  it('of a finished one ends for readers when its chapter is unpublished', async () => {
    const { id, chapterId } = await finishedFilm();
    const anyone = await LiveClient.connect(stack.webs[1].url);
    await anyone.subscribe(`rendition:${id}`);
    must(204, await author.api.delete(`/v1/chapters/${chapterId}/publication`, any));
    await isRefused(anyone, `rendition:${id}`);
    await anyone.close();
  });
});
