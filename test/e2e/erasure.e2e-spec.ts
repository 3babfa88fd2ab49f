/** What is erased leaves no word of itself, in no table, file or Redis key, and no rows that nobody would ever remove. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { pathOf, writeFooter } from '#libs/storage/file-layout';
import type { BinPage } from '../../src/chapters/infrastructure/bin.contract.js';
import type { DraftResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { must, type Person } from '../support/people.js';
import { signUp, type Stack, startStack, until } from '../support/stack.js';
import { tracesOf } from '../support/traces.js';

const ANY = { 'if-match': '*' };
/** Words that stand nowhere else. */
const [OF_WORK, OF_CHAPTER, OF_OTHER] = ['zyzzogeton', 'quomodocunquize', 'floccinaucini'];

let stack: Stack;
let mira: Person;
let reader: Person;

beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 0, ownRedis: true });
  [mira, reader] = await Promise.all([signUp(stack, { role: 'author' }), signUp(stack)]);
}, 90_000);

/** Stores an object as a worker does, and returns its sha256. */
async function stored(text: string): Promise<string> {
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(stack.home, 'objects', 'kept', pathOf(`artefacts/${sha256.slice(0, 2)}/${sha256}`));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.concat([bytes, writeFooter({ contentType: 'text/vtt', sha256, bytes: bytes.length })]));
  await stack.sql(`INSERT INTO rendering.object (sha256, pinned_until) VALUES ($1, now() - interval '1 s')`, [sha256]);
  return sha256;
}

interface Told {
  workId: string;
  chapterId: string;
  renditionId: string;
  commentKey: string;
  commentPath: string;
}

/** A work of which every part holds one of the words: texts, titles, comments, anchors, scripts, films, answers that are replayed. */
async function told(ofWork: string, ofChapter: string): Promise<Told> {
  const once = () => ({ 'idempotency-key': randomUUID() });
  const about = { title: `The ${ofWork}`, summary: `Of a ${ofWork}.`, language: 'en' };
  const { id: workId } = must(201, await mira.api.post('/v1/works', about, once()));
  const markdown = `The ${ofChapter} was lit.\n\nNobody saw the ${ofChapter}.`;
  const { id: chapterId, blocks } = must(
    201,
    await mira.api.post<DraftResponse>(`/v1/works/${workId}/chapters`, { title: `A ${ofChapter}`, markdown }, once()),
  );
  const [{ id: block }] = blocks;
  must(200, await mira.api.post(`/v1/chapters/${chapterId}/publication`, {}, ANY));
  must(200, await mira.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: `${markdown}\n\nMore ${ofChapter}.` }, ANY));
  must(200, await mira.api.post(`/v1/chapters/${chapterId}/publication`, {}, ANY));
  const commentPath = `/v1/chapters/${chapterId}/comments`;
  const commentKey = randomUUID();
  const comment = { body: `Which ${ofChapter}?`, block, quote: { exact: ofChapter } };
  const { id: commentId } = must(201, await reader.api.post(commentPath, comment, { 'idempotency-key': commentKey }));
  must(201, await mira.api.post(`/v1/comments/${commentId}/replies`, { body: `That ${ofChapter}.` }, once()));
  must(200, await mira.api.put(`/v1/chapters/${chapterId}/script/${block}`, { say: `the ${ofChapter}` }, { 'if-match': '*' }));
  must(200, await mira.api.put(`/v1/works/${workId}/lexicon`, { entries: [{ written: ofWork, spoken: 'zizz' }] }, ANY));
  must(200, await mira.api.put(`/v1/works/${workId}/rendering`, { onPublish: false }, ANY));
  must(201, await mira.api.post(`/v1/works/${workId}/invitations`, { role: 'editor', email: reader.email }));
  await stack.sql(`INSERT INTO chapters.membership VALUES ($1, $2, 'editor', now())`, [workId, reader.id]);
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#223' } })
    .png()
    .toBuffer();
  must(201, await mira.api.send('POST', `/v1/works/${workId}/pictures`, picture, { 'content-type': 'image/png' }));
  must(200, await mira.api.send('PUT', `/v1/works/${workId}/cover`, picture, { 'content-type': 'image/png', ...ANY }));
  const { id: renditionId } = must(201, await mira.api.post(`/v1/chapters/${chapterId}/renditions`, {}, once()));
  await filmed(renditionId, ofChapter);
  return { workId, chapterId, renditionId, commentKey, commentPath };
}

/** A finished film with one scene, as workers leave it. */
async function filmed(id: string, word: string): Promise<void> {
  // no worker goes on with it then
  await stack.sql(`UPDATE rendering.rendition SET state = 'ready' WHERE id = $1`, [id]);
  await stack.sql(`DELETE FROM rendering.part WHERE rendition = $1`, [id]);
  const spoken = { language: 'en', voice: 'api:x', engine: 'x', take: 0 };
  const speech = { kind: 'speech', version: 1, ...spoken, say: word, stops: '.' };
  const sound = { kind: 'sound', version: 1, ...spoken, chain: 'x', say: [word], stops: ['.'], take: [0], pause: [0] };
  const segment = { kind: 'segment', text: [[word]] };
  const keys: string[] = [];
  for (const fields of [speech, sound, segment]) {
    const sha256 = await stored(`${fields.kind} of ${word} ${id}`);
    const canonical = JSON.stringify(fields, Object.keys(fields).sort());
    const key = createHash('sha256').update(canonical).digest('hex');
    keys.push(key);
    await stack.sql(
      `INSERT INTO rendering.artefact (key, kind, fields, status, sha256, bytes, frames, facts, made_at)
       VALUES ($1, $2, $3, 'ready', $4, 9, 30, '{}', now())`,
      [key, fields.kind, JSON.stringify(fields), sha256],
    );
    await stack.sql(`INSERT INTO rendering.attempt (key, epoch, worker, why) VALUES ($1, 1, 'x', $2)`, [key, word]);
  }
  const [, soundKey, segmentKey] = keys;
  await stack.sql(
    `INSERT INTO rendering.part (rendition, idx, scene, blocks, sound_key, sound_reused, segment_key) VALUES ($1, 0, $2, '{}', $3, false, $4)`,
    [id, JSON.stringify({ spans: [{ text: word }] }), soundKey, segmentKey],
  );
  const files = ['sha256', 'poster', 'webvtt', 'srt', 'cues'];
  const film = Object.fromEntries(await Promise.all(files.map(async (file) => [file, await stored(`${file} ${word} ${id}`)])));
  await stack.sql(`UPDATE rendering.rendition SET state = 'ready', film = $2, warnings = $3 WHERE id = $1`, [
    id,
    film,
    JSON.stringify([word]),
  ]);
}

/** Runs a chore of a worker now, to its end. */
async function runChore(name: string): Promise<void> {
  await until(async () => (await stack.sql('SELECT FROM scheduling.chore WHERE name = $1', [name])).length, 30_000);
  const [{ run }] = await stack.sql<{ run: number }>(
    `UPDATE scheduling.chore SET next_at = now() WHERE name = $1 RETURNING run`,
    [name],
  );
  const ended = await until(
    async () =>
      (
        await stack.sql<{ error: string | null }>(
          `SELECT error FROM scheduling.chore_run WHERE chore = $1 AND number > $2 AND ended_at IS NOT NULL`,
          [name, run],
        )
      )[0],
    30_000,
    `an end of ${name}`,
  );
  expect([name, ended.error]).toEqual([name, null]);
}

/** Rows of any table that bear the id, but for the outbox, whose events are kept for 90 days, and keys of stored answers. */
async function rowsAbout(id: string): Promise<string[]> {
  const kept = /^(file|redis)|^events\.|^http\.idempotency_record$|^\//;
  return (await tracesOf(id, stack)).filter((place) => !kept.test(place));
}

it('no word of an erased chapter or work is stored, and no row that belongs to it', async () => {
  const it = await told(OF_WORK, OF_CHAPTER);
  const other = await told(OF_OTHER, OF_OTHER);
  const before = await tracesOf(OF_CHAPTER, stack);
  // so the search finds what there is
  expect(before).toEqual(
    expect.arrayContaining([
      ...['chapters.block_text', 'chapters.chapter', 'chapters.revision', 'comments.comment', 'comments.comment_anchor'],
      ...['http.idempotency_record', 'rendering.artefact', 'rendering.attempt', 'rendering.part', 'rendering.rendition'],
      'rendering.script',
    ]),
  );
  expect(before.filter((place) => place.startsWith('/'))).toHaveLength(8);
  expect(await tracesOf(OF_WORK, stack)).toEqual(
    expect.arrayContaining(['chapters.work', 'http.idempotency_record', 'rendering.lexicon']),
  );
  await stack.startWorker();

  must(204, await mira.api.delete(`/v1/chapters/${it.chapterId}`, ANY));
  must(204, await mira.api.delete(`/v1/bin/chapters/${it.chapterId}`));
  const left = async (word: string) => (await tracesOf(word, stack)).filter((place) => !place.startsWith('/'));
  await until(async () => !(await left(OF_CHAPTER)).length, 20_000, 'no trace of the chapter').catch(async () =>
    expect(await left(OF_CHAPTER)).toEqual([]),
  );
  await runChore('sweep-film-objects');
  expect(await tracesOf(OF_CHAPTER, stack)).toEqual([]);
  await until(async () => !(await rowsAbout(it.chapterId)).length, 5_000).catch(async () =>
    expect(await rowsAbout(it.chapterId)).toEqual([]),
  );
  expect(await rowsAbout(it.renditionId)).toEqual([]);

  // the work is still there; a repeat of what was answered changes nothing and tells nothing
  expect((await mira.api.get(`/v1/works/${it.workId}`)).body).toMatchObject({ title: `The ${OF_WORK}` });
  const { status: again, bytes } = await reader.api.post(
    it.commentPath,
    { body: `Which ${OF_CHAPTER}?`, block: 'x', quote: { exact: OF_CHAPTER } },
    { 'idempotency-key': it.commentKey },
  );
  expect([again === 201 || again >= 400, bytes.toString().includes(OF_CHAPTER)]).toEqual([true, false]);

  must(204, await mira.api.delete(`/v1/works/${it.workId}`, ANY));
  must(204, await mira.api.delete(`/v1/bin/works/${it.workId}`));
  await until(async () => !(await tracesOf(OF_WORK, stack)).length, 20_000).catch(async () =>
    expect(await tracesOf(OF_WORK, stack)).toEqual([]),
  );
  await until(async () => !(await rowsAbout(it.workId)).length, 5_000).catch(async () =>
    expect(await rowsAbout(it.workId)).toEqual([]),
  );

  // what others wrote is untouched
  expect((await stack.api.get(`/v1/chapters/${other.chapterId}`)).status).toBe(200);
  expect((await stack.api.get(`/v1/renditions/${other.renditionId}`)).status).toBe(200);
  expect((await tracesOf(OF_OTHER, stack)).filter((place) => place.startsWith('/'))).toHaveLength(8);

  // events tell of it by ids
  const events = await stack.sql<{ type: string }>(`SELECT type FROM events.event WHERE $1 = ANY(about) ORDER BY id`, [
    it.workId,
  ]);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['WorkCreated', 'ChapterDeleted', 'ChapterErased', 'RenditionErased', 'WorkDeleted', 'WorkErased']),
  );
}, 120_000);

it('what has been in the bin for 30 days is erased by a chore, and what has not stays', async () => {
  const [due, early] = [await told('overdue', 'overdue'), await told('early', 'early')];
  const dueChapter = await told('duechapter', 'duechapter');
  for (const { workId } of [due, early]) must(204, await mira.api.delete(`/v1/works/${workId}`, ANY));
  must(204, await mira.api.delete(`/v1/chapters/${dueChapter.chapterId}`, ANY));
  const age = `deleted_at = deleted_at - interval '30 days 1 minute', erased_after = erased_after - interval '30 days 1 minute'`;
  await stack.sql(`UPDATE chapters.work SET ${age} WHERE id = $1`, [due.workId]);
  await stack.sql(`UPDATE chapters.chapter SET ${age} WHERE id = $1`, [dueChapter.chapterId]);
  await stack.sql(`UPDATE chapters.work SET erased_after = now() + interval '1 minute' WHERE id = $1`, [early.workId]);
  // neither is listed nor restored any more, even before the chore has come by
  const listed = must(200, await mira.api.get<BinPage>('/v1/bin')).items.map(({ id }) => id);
  expect([due.workId, dueChapter.chapterId, early.workId].map((id) => listed.includes(id))).toEqual([false, false, true]);
  expect((await mira.api.post(`/v1/works/${due.workId}/restore`)).status).toBe(404);
  await runChore('erase-bin');
  const gone = async (id: string) => !(await rowsAbout(id)).length;
  await until(async () => (await gone(due.workId)) && (await gone(due.chapterId)) && (await gone(dueChapter.chapterId)), 20_000);
  must(200, await mira.api.post(`/v1/works/${early.workId}/restore`));
  expect((await stack.api.get(`/v1/chapters/${early.chapterId}`)).status).toBe(200);
}, 60_000);

it('covers and pictures of an erased work are deleted a day after they were stored', async () => {
  const { workId } = await told('pictured', 'pictured');
  const [{ path }] = await stack.sql<{ path: string }>(
    `SELECT object_key AS path FROM chapters.stored_object WHERE work_id = $1 AND slot = 'cover'`,
    [workId],
  );
  const others = await stack.sql(`SELECT FROM chapters.stored_object WHERE object_key = $1 AND work_id <> $2`, [path, workId]);
  await stack.sql(`DELETE FROM chapters.stored_object WHERE object_key = $1 AND work_id <> $2`, [path, workId]);
  expect(others.length).toBeGreaterThan(0); // equal pictures are one object, which stays while any work has it
  const file = join(stack.home, 'objects', 'kept', pathOf(path));
  const longAgo = new Date(Date.now() - 25 * 3_600_000);
  await utimes(file, longAgo, longAgo);
  await runChore('sweep-images');
  await expect(utimes(file, longAgo, longAgo)).resolves.toBeUndefined();
  must(204, await mira.api.delete(`/v1/works/${workId}`, ANY));
  must(204, await mira.api.delete(`/v1/bin/works/${workId}`));
  await until(async () => !(await stack.sql('SELECT FROM chapters.work WHERE id = $1', [workId])).length, 20_000);
  await runChore('sweep-images');
  await expect(utimes(file, longAgo, longAgo)).rejects.toThrow('ENOENT');
}, 60_000);
