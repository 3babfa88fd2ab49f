/** What an author says otherwise about a film, over REST: kept by block, versioned, and part of what a film is asked with. */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { DraftResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import type { RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import type { LexiconResponse, PictureResponse, ScriptResponse } from '../../src/rendering/infrastructure/script.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

const TEXT = 'The lamp had been lit.\n\nNobody remembered by whom.\n\nSiobhán did.';

let stack: Stack;
let author: Person;
let stranger: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 0 });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
  stranger = await signUp(stack, { role: 'author', name: 'Olm' });
});

const any = { 'if-match': '*' };
const scriptOf = async (chapterId: string, query = ''): Promise<ScriptResponse> =>
  must(200, await author.api.get<ScriptResponse>(`/v1/chapters/${chapterId}/script${query}`));
const saved = async (chapterId: string, markdown: string): Promise<DraftResponse> => {
  must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown }, any));
  return must(200, await author.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`));
};

/** The ETag of a script shows its version, and a digest of all that is shown. */
const tagOf = (version: number) => expect.stringMatching(new RegExp(`^"${version}-[\\w-]{12}"$`)) as string;

describe('A chapter’s script', () => {
  it('is read whole and written block by block, each change against the version it was prepared for', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    const at = `/v1/chapters/${chapterId}/script`;
    const first = await author.api.get<ScriptResponse>(at);
    expect([first.headers.etag, first.body.entries, first.body.detached]).toEqual([tagOf(0), [], []]);
    const put = await author.api.put<ScriptResponse>(
      `${at}/${blocks[1].id}`,
      { say: 'Nobody knew.', pause: 1.5 },
      { 'if-match': '"0"' },
    );
    expect([put.status, put.headers.etag]).toEqual([200, tagOf(1)]);
    expect(put.body.entries).toEqual([
      { block: blocks[1].id, text: 'Nobody remembered by whom.', say: 'Nobody knew.', pause: 1.5 },
    ]);
    expect((await author.api.put(`${at}/${blocks[0].id}`, { skip: true }, { 'if-match': '"0"' })).status).toBe(412);
    expect((await author.api.put(`${at}/${blocks[0].id}`, { skip: true })).status).toBe(428);
    const patched = await author.api.patch<ScriptResponse>(
      `${at}/${blocks[1].id}`,
      { take: 1, pause: null },
      { 'if-match': '"1"' },
    );
    expect(patched.body.entries).toEqual([
      { block: blocks[1].id, text: 'Nobody remembered by whom.', say: 'Nobody knew.', take: 1 },
    ]);
    const removed = await author.api.delete<ScriptResponse>(`${at}/${blocks[1].id}`, { 'if-match': '"2"' });
    expect([removed.status, removed.headers.etag, removed.body.entries]).toEqual([200, tagOf(3), []]);
    expect((await author.api.delete(`${at}/${blocks[1].id}`, { 'if-match': '"3"' })).status).toBe(404);
  });

  it('is written by one of two who come at once', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    const answers = await Promise.all(
      blocks.map(({ id }) => author.api.put(`/v1/chapters/${chapterId}/script/${id}`, { take: 1 }, { 'if-match': '"0"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('keeps an entry with its block through revisions, lists it as detached while the block is gone, and finds it again', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    const { id } = blocks[1];
    must(200, await author.api.put(`/v1/chapters/${chapterId}/script/${id}`, { show: 'Nobody knows.' }, any));
    // moved to the front and edited: still the same block
    await saved(chapterId, 'Nobody remembered by whom, alas.\n\nThe lamp had been lit.\n\nSiobhán did.');
    expect((await scriptOf(chapterId)).entries).toEqual([
      { block: id, text: 'Nobody remembered by whom, alas.', show: 'Nobody knows.' },
    ]);
    await saved(chapterId, 'The lamp had been lit.\n\nSiobhán did.');
    const gone = await scriptOf(chapterId);
    expect([gone.entries, gone.detached]).toEqual([[], [{ block: id, show: 'Nobody knows.' }]]);
    // looked at from an older revision it is there
    expect((await scriptOf(chapterId, '?revision=1')).entries.map(({ block }) => block)).toEqual([id]);
    // a detached entry can still be changed, and comes back with its block
    must(200, await author.api.patch(`/v1/chapters/${chapterId}/script/${id}`, { take: 4 }, any));
    const { blocks: old } = must(200, await author.api.get<{ blocks: object[] }>(`/v1/chapters/${chapterId}/revisions/1`));
    must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { blocks: old }, any));
    expect(await scriptOf(chapterId)).toMatchObject({ entries: [{ block: id, take: 4 }], detached: [] });
  });

  it('is refused with the fix when it asks for what is not there', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    const put = (entry: object, block = blocks[0].id) => author.api.put(`/v1/chapters/${chapterId}/script/${block}`, entry, any);
    expect(await put({ voice: 'flite:nobody' })).toMatchObject({
      status: 422,
      body: { type: 'urn:inkreel:problem:unknown-voice' },
    });
    expect(await put({ picture: 'f'.repeat(64) })).toMatchObject({
      status: 422,
      body: { type: 'urn:inkreel:problem:picture-not-there' },
    });
    expect(await put({ say: '…' })).toMatchObject({ status: 422, body: { type: 'urn:inkreel:problem:nothing-to-say' } });
    expect(await put({ take: 1 }, '0197f0f6-0000-7000-8000-000000000000')).toMatchObject({
      status: 404,
      body: { type: 'urn:inkreel:problem:block-not-there' },
    });
    for (const entry of [
      { pause: -1 },
      { pause: 11 },
      { pause: 1.0005 },
      { pause: 5e-324 },
      { pause: '1' },
      { take: 1.5 },
      { skip: 'yes' },
      { picture: 'x' },
      { loud: true },
    ])
      expect([entry, (await put(entry)).status]).toEqual([entry, 400]);
    expect((await author.api.get(`/v1/chapters/${chapterId}/script?revision=7`)).status).toBe(404);
    expect((await author.api.get(`/v1/chapters/${chapterId}/script?revision=x`)).status).toBe(400);
  });

  it('is its author’s alone; an admin may read it', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    const at = `/v1/chapters/${chapterId}/script`;
    const admin = await signUp(stack, { role: 'admin' });
    expect((await stranger.api.get(at)).status).toBe(404);
    expect((await stranger.api.put(`${at}/${blocks[0].id}`, { skip: true }, any)).status).toBe(404);
    expect((await admin.api.get(at)).status).toBe(200);
    expect((await admin.api.put(`${at}/${blocks[0].id}`, { skip: true }, any)).status).toBe(404);
    expect((await stack.api.get(at)).status).toBe(401);
  });
});

describe('A film', () => {
  it('pins what it was asked with: the same again is the same film, another script or lexicon another', async () => {
    const { chapterId, workId, blocks } = await begunChapter(author, { markdown: TEXT, publish: true });
    const asked = async (): Promise<string> => {
      const { status, body } = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
      expect([200, 201]).toContain(status);
      return body.id;
    };
    const first = await asked();
    expect(await asked()).toBe(first);
    must(200, await author.api.put(`/v1/chapters/${chapterId}/script/${blocks[0].id}`, { skip: true }, any));
    const second = await asked();
    expect(second).not.toBe(first);
    expect(await asked()).toBe(second);
    must(200, await author.api.put(`/v1/works/${workId}/lexicon`, { entries: [{ written: 'Siobhán', spoken: 'Shivawn' }] }, any));
    const third = await asked();
    expect([first, second]).not.toContain(third);
    // back to what it was
    must(200, await author.api.put(`/v1/works/${workId}/lexicon`, { entries: [{ spoken: 'Shivawn', written: 'Siobhán' }] }, any));
    expect(await asked()).toBe(third);
    const [row] = await stack.sql<{ script: object; lexicon: number }>(
      `SELECT script, lexicon FROM rendering.rendition WHERE id = $1`,
      [second],
    );
    expect(row).toEqual({ script: { [blocks[0].id]: { skip: true } }, lexicon: 0 });
  });

  it('does not become another one by an entry whose block is gone', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT });
    await saved(chapterId, 'The lamp had been lit.\n\nSiobhán did.');
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, any));
    const first = await author.api.post(`/v1/chapters/${chapterId}/renditions`, {});
    await saved(chapterId, TEXT);
    const { blocks: now } = must(200, await author.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`));
    const fresh = now.find(({ id }) => id !== blocks[0].id && id !== blocks[2].id)!;
    must(200, await author.api.put(`/v1/chapters/${chapterId}/script/${fresh.id}`, { pause: 2 }, any));
    const again = await author.api.post(`/v1/chapters/${chapterId}/renditions`, {});
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  });
});

describe('A work’s lexicon', () => {
  it('is set as a whole, each change a version that stays', async () => {
    const { workId } = await begunChapter(author, { markdown: TEXT });
    const at = `/v1/works/${workId}/lexicon`;
    expect((await author.api.get(at)).body).toMatchObject({ version: 0, entries: [], createdAt: null });
    const one = [{ written: 'Siobhán', spoken: 'Shivawn' }];
    const put = await author.api.put<LexiconResponse>(at, { entries: one }, { 'if-match': '"0"' });
    expect([put.status, put.headers.etag, put.body.entries]).toEqual([200, '"1"', one]);
    expect((await author.api.put(at, { entries: [] }, { 'if-match': '"0"' })).status).toBe(412);
    // the same list is the same version
    expect((await author.api.put(at, { entries: one }, { 'if-match': '"1"' })).headers.etag).toBe('"1"');
    expect((await author.api.put(at, { entries: [] }, { 'if-match': '"1"' })).headers.etag).toBe('"2"');
    expect((await author.api.get<LexiconResponse>(`${at}/1`)).body.entries).toEqual(one);
    expect((await author.api.get(`${at}/9`)).status).toBe(404);
  });

  it('refuses entries that help nobody', async () => {
    const { workId } = await begunChapter(author, { markdown: TEXT });
    const put = (...entries: object[]) => author.api.put(`/v1/works/${workId}/lexicon`, { entries }, any);
    expect((await put({ written: '—', spoken: 'dash' })).body.type).toBe('urn:inkreel:problem:useless-entry');
    const twice = { written: 'Moss', spoken: 'Mawss' };
    expect((await put(twice, twice)).body.type).toBe('urn:inkreel:problem:twice-in-lexicon');
    expect((await put({ written: 'Moss' })).status).toBe(400);
    expect((await put({ ...twice, ipa: 'mɔs' })).status).toBe(400);
    expect((await stranger.api.put(`/v1/works/${workId}/lexicon`, { entries: [] }, any)).status).toBe(404);
    expect((await stranger.api.get(`/v1/works/${workId}/lexicon`)).status).toBe(404);
  });
});

describe('Pictures of a work', () => {
  it('are kept by their hash and named by it in a script', async () => {
    const { chapterId, workId, blocks } = await begunChapter(author, { markdown: TEXT });
    const png = await sharp({ create: { width: 90, height: 160, channels: 3, background: '#336699' } })
      .png()
      .toBuffer();
    const sent = { 'content-type': 'image/png' };
    const { sha256 } = must(201, await author.api.post<PictureResponse>(`/v1/works/${workId}/pictures`, png, sent));
    expect((await author.api.post<PictureResponse>(`/v1/works/${workId}/pictures`, png, sent)).body.sha256).toBe(sha256);
    const { bytes } = await author.api.get(`/v1/works/${workId}/pictures/${sha256}`);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect((await sharp(bytes).raw().toBuffer()).equals(await sharp(png).raw().toBuffer())).toBe(true);
    must(200, await author.api.put(`/v1/chapters/${chapterId}/script/${blocks[0].id}`, { picture: sha256 }, any));
    expect((await author.api.post(`/v1/works/${workId}/pictures`, png.subarray(0, 60), sent)).status).toBe(422);
    expect((await stranger.api.post(`/v1/works/${workId}/pictures`, png, sent)).status).toBe(404);
    expect((await stranger.api.get(`/v1/works/${workId}/pictures/${sha256}`)).status).toBe(404);
    // another work has to be sent it itself
    const other = await begunChapter(author, { markdown: TEXT });
    expect(
      (await author.api.put(`/v1/chapters/${other.chapterId}/script/${other.blocks[0].id}`, { picture: sha256 }, any)).status,
    ).toBe(422);
  });
});
