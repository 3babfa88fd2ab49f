/** What holds of every answer: how times are written, and that an ETag names all that the body shows. */
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let mira: Person;
let workId: string;
let chapterId: string;

beforeAll(async () => {
  stack = await startStack({ workers: 1 });
  mira = await signUp(stack, { role: 'admin' });
  const begun = await begunChapter(mira, { markdown: 'A lamp.\n\nA quay.', publish: true });
  ({ workId, chapterId } = begun);
}, 90_000);

interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
}
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const AS_PROMISED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

it('every time in every answer is UTC with milliseconds and a Z', async () => {
  const comment = must(201, await mira.api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Hm.' }));
  must(201, await mira.api.post(`/v1/comments/${comment.id}/replies`, { body: 'Well.' }));
  const rendition = must(201, await mira.api.post(`/v1/chapters/${chapterId}/renditions`, {}));
  const relayed = `events.delivery WHERE handled_at IS NOT NULL`;
  await until(async () => (await stack.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${relayed}`))[0].n > 0);
  await stack.sql(
    `UPDATE events.delivery SET failed_at = now() WHERE event = (SELECT event FROM events.delivery ORDER BY event DESC LIMIT 1)`,
  );
  const { paths } = must(200, await stack.api.get<OpenApi>('/openapi.json'));
  const idOf = (path: string): string => {
    if (path.includes('/works/')) return workId;
    if (path.includes('/comments/{')) return comment.id;
    if (path.includes('/renditions/{')) return rendition.id;
    return path.includes('/accounts/') ? mira.id : chapterId;
  };
  const seen = new Set<string>();
  const wrong: string[] = [];
  const walk = (value: unknown, at: string): void => {
    if (typeof value === 'string' && TIME.test(value)) {
      seen.add(at.split('.').at(-1)!);
      if (!AS_PROMISED.test(value)) wrong.push(`${at}: ${value}`);
    } else if (typeof value === 'object' && value !== null)
      for (const [name, child] of Object.entries(value)) walk(child, Array.isArray(value) ? at : `${at}.${name}`);
  };
  for (const [path, methods] of Object.entries(paths)) {
    if (!('get' in methods)) continue;
    const url = path
      .replace('{stream}', `chapter:${chapterId}`)
      .replace(/\{(number|version)\}/, '1')
      .replace(/\{\w+\}/g, idOf(path));
    const answer = await mira.api.get(url);
    if (answer.status === 200 && String(answer.headers['content-type']).startsWith('application/json')) walk(answer.body, path);
  }
  expect(wrong).toEqual([]);
  // and there was something to look at
  expect([...seen]).toEqual(expect.arrayContaining(['createdAt', 'publishedAt', 'at', 'relayedAt', 'handledAt', 'failedAt']));
});

it('the ETag of a work changes with all that it shows, and If-Match compares its version', async () => {
  const { workId: work } = await begunChapter(mira, { markdown: 'One.' });
  const read = async () => {
    const { body, headers } = await mira.api.get(`/v1/works/${work}`);
    return { tag: headers.etag!, shown: JSON.stringify(body) };
  };
  const states = [await read()];
  const { items } = must(200, await mira.api.get(`/v1/works/${work}/chapters`));
  must(200, await mira.api.post(`/v1/chapters/${items[0].id}/publication`, {}, { 'if-match': '*' }));
  states.push(await read());
  must(200, await mira.api.patch(`/v1/works/${work}`, { summary: 'Of lamps.' }, { 'if-match': states[1].tag }));
  states.push(await read());
  await stack.sql(`UPDATE auth.account SET name = 'Mira L.' WHERE id = $1`, [mira.id]);
  states.push(await read());
  expect(new Set(states.map(({ shown }) => shown)).size).toBe(4);
  expect(new Set(states.map(({ tag }) => tag)).size).toBe(4);
  expect((await read()).tag).toBe(states[3].tag);

  const change = async (tags: string) =>
    (await mira.api.patch(`/v1/works/${work}`, { summary: tags.slice(0, 50) }, { 'if-match': tags })).status;
  const version = Number(/^"(\d+)/.exec(states[3].tag)![1]);
  expect(await change(states[0].tag)).toBe(412);
  expect(await change(`W/${states[3].tag}`)).toBe(412);
  expect(await change('"nothing-of-ours"')).toBe(412);
  expect(await change('3')).toBe(400);
  expect(await change(`"1", W/"7", ${states[3].tag}`)).toBe(200);
  expect(await change(`"${version}"`)).toBe(412);
  expect(await change(`"${version + 1}"`)).toBe(200);
  expect(await change('*')).toBe(200);
});

it('the ETag of a published chapter changes with all that it shows, and stays when the same revision is published again', async () => {
  const { chapterId: id, workId: work } = await begunChapter(mira, { markdown: 'One.', publish: true });
  const read = async () => {
    const { status, body, headers } = await stack.api.get(`/v1/chapters/${id}`);
    return { status, tag: headers.etag!, shown: JSON.stringify(body) };
  };
  const anyVersion = { 'if-match': '*' };
  const publication = `/v1/chapters/${id}/publication`;
  const first = await read();
  must(204, await mira.api.delete(publication, anyVersion));
  await until(async () => (await read()).status === 404);
  must(200, await mira.api.post(publication, {}, anyVersion));
  await until(async () => (await read()).status === 200);
  expect(await read()).toEqual(first);

  must(200, await mira.api.patch(`/v1/works/${work}`, { language: 'de' }, anyVersion));
  await until(async () => (await read()).tag !== first.tag);
  must(200, await mira.api.put(`/v1/chapters/${id}/draft`, { title: 'Two', markdown: 'One.' }, anyVersion));
  must(200, await mira.api.post(publication, {}, anyVersion));
  await until(async () => (await read()).shown.includes('"Two"'));
  expect(new Set([first.shown, (await read()).shown]).size).toBe(new Set([first.tag, (await read()).tag]).size);
});

it('the ETag of a film script changes with the text that it shows, and If-Match compares its version', async () => {
  const { chapterId: id, blocks } = await begunChapter(mira, { markdown: 'One.\n\nTwo.', publish: true });
  const read = async () => {
    const { body, headers } = await mira.api.get(`/v1/chapters/${id}/script`);
    return { tag: headers.etag!, shown: JSON.stringify(body) };
  };
  const entry = `/v1/chapters/${id}/script/${blocks[0].id}`;
  const set = async (say: string, tag: string) => (await mira.api.put(entry, { say }, { 'if-match': tag })).status;
  expect(await set('One, two.', (await read()).tag)).toBe(200);
  const before = await read();
  must(200, await mira.api.put(`/v1/chapters/${id}/draft`, { markdown: 'One more.\n\nTwo.' }, { 'if-match': '*' }));
  const after = await read();
  expect([after.shown === before.shown, after.tag === before.tag]).toEqual([false, false]);
  expect((await read()).tag).toBe(after.tag);
  expect(await set('One, two, three.', before.tag)).toBe(200); // the script itself did not change
  expect(await set('Four.', after.tag)).toBe(412);
});
