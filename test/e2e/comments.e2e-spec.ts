/** Comments on paragraphs, and their anchors after the text changed; threads, counts and pages. Live delivery: live.e2e-spec.ts. */
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';
import type { ThreadResponse, ThreadPage } from '../../src/comments/infrastructure/comments.contract.js';

const TEXT = ['The harbour froze in a night.', 'Nobody had lit the lamp.', 'In the morning it was burning all the same.'];

let stack: Stack;
let author: Person;
let reader: Person;
beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 1 });
  author = await signUp(stack, { role: 'author' });
  reader = await signUp(stack);
});

const published = (markdown = TEXT.join('\n\n')) => begunChapter(author, { markdown, publish: true });
describe('A comment on a paragraph', () => {
  const anchorOf = async (id: string) => must(200, await stack.api.get<ThreadResponse>(`/v1/comments/${id}`)).anchor!;
  const republish = async (chapterId: string, markdown: string): Promise<void> => {
    must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown }, { 'if-match': '*' }));
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, {}, { 'if-match': '*' }));
    await until(
      async () =>
        (
          await stack.sql(
            `SELECT FROM events.delivery d JOIN events.event e ON e.id = d.event WHERE d.consumer = 'comments' AND d.handled_at IS NULL`,
          )
        ).length === 0,
      15_000,
      'anchors have followed the text',
    );
  };

  it('keeps its paragraph when the one above is deleted, says when its text was edited, and that it lost it', async () => {
    const { chapterId, blocks } = await published();
    const comment = must(
      201,
      await reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, {
        body: 'Who?',
        block: blocks[1].id,
        quote: { exact: 'lit the lamp' },
      }),
    );
    await republish(chapterId, TEXT.slice(1).join('\n\n'));
    expect(await anchorOf(comment.id)).toMatchObject({ block: blocks[1].id, status: 'anchored', quote: 'lit the lamp' });
    await republish(chapterId, [TEXT[1].replace('Nobody', 'No one at all'), TEXT[2]].join('\n\n'));
    expect(await anchorOf(comment.id)).toMatchObject({ block: blocks[1].id, status: 'anchored', span: { start: 18, end: 30 } });
    await republish(chapterId, [TEXT[1].replace('Nobody', 'No one at all').replace('lit', 'touched'), TEXT[2]].join('\n\n'));
    expect((await anchorOf(comment.id)).status).toBe('edited');
    await republish(chapterId, TEXT[2]);
    expect(await anchorOf(comment.id)).toMatchObject({ status: 'detached', origin: { text: TEXT[1] } });
    await republish(chapterId, TEXT.join('\n\n'));
    expect(await anchorOf(comment.id)).toMatchObject({ block: blocks[1].id, status: 'anchored' });
  }, 60_000);

  it('is carried to the text published meanwhile when it was made on an older one', async () => {
    const { chapterId, blocks } = await published();
    await republish(chapterId, [`A new beginning.`, ...TEXT].join('\n\n'));
    const comment = must(
      201,
      await reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, {
        body: 'Here',
        block: blocks[0].id,
        revision: 1,
      }),
    );
    expect(comment.anchor).toMatchObject({ block: blocks[0].id, status: 'anchored', origin: { revision: 1 } });
  });

  it('shows no words of a text that was taken back, and cannot be made on it any more', async () => {
    const { chapterId, blocks } = await published();
    const comment = (body: object) => reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, body);
    const block = blocks[1].id;
    const before = must(201, await comment({ body: 'Who?', block, quote: { exact: 'the lamp' }, revision: 1 }));
    expect(before.anchor).toMatchObject({ quote: 'the lamp', origin: { revision: 1, text: TEXT[1] } });
    must(204, await author.api.delete(`/v1/chapters/${chapterId}/publication`, { 'if-match': '*' }));
    await republish(chapterId, [TEXT[0], 'Nobody had lit the lantern.', TEXT[2]].join('\n\n'));
    const hidden = { quote: null, origin: { revision: 1, text: null } };
    expect(await anchorOf(before.id)).toMatchObject(hidden);
    const { items } = must(200, await reader.api.get<ThreadPage>(`/v1/chapters/${chapterId}/comments`));
    expect(items[0].anchor).toMatchObject(hidden);
    for (const revision of [1, 3])
      expect(await comment({ body: 'There it was', block, revision })).toMatchObject({
        status: 409,
        body: { type: 'urn:inkreel:problem:revision-not-published' },
      });
    must(201, await comment({ body: 'Here it is', block, revision: 2 }));
    // the very text comes back: so do the words of the comment on it
    must(200, await author.api.post(`/v1/chapters/${chapterId}/publication`, { revision: 1 }, { 'if-match': '*' }));
    expect(await anchorOf(before.id)).toMatchObject({ quote: 'the lamp', origin: { text: TEXT[1] } });
  }, 60_000);

  it('has as many replies as are shown below it, at any depth', async () => {
    const { chapterId } = await published();
    const reply = async (id: string) =>
      must(201, await reader.api.post<ThreadResponse>(`/v1/comments/${id}/replies`, { body: 'And?' })).id;
    const countOf = async (id: string) => must(200, await stack.api.get<ThreadResponse>(`/v1/comments/${id}`)).replyCount;
    const root = must(201, await reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, { body: 'Who?' })).id;
    const first = await reply(root);
    const second = await reply(first);
    const third = await reply(second);
    expect([await countOf(root), await countOf(first), await countOf(third)]).toEqual([3, 2, 0]);
    for (const id of [first, second, third]) must(204, await reader.api.delete(`/v1/comments/${id}`));
    expect(await countOf(root)).toBe(0);
  });

  it('is counted apart from the paragraphs when it is about the chapter, or when its paragraph is gone', async () => {
    const { chapterId, blocks } = await published();
    const comment = async (body: object) =>
      must(201, await reader.api.post<ThreadResponse>(`/v1/chapters/${chapterId}/comments`, body)).id;
    await comment({ body: 'Lovely.' });
    const lost = await comment({ body: 'Who?', block: blocks[1].id });
    must(201, await reader.api.post(`/v1/comments/${lost}/replies`, { body: 'She.' }));
    await comment({ body: 'Brr.', block: blocks[0].id });
    await republish(chapterId, [TEXT[0], TEXT[2]].join('\n\n'));
    expect(must(200, await stack.api.get(`/v1/chapters/${chapterId}/comment-counts`))).toEqual({
      total: 4,
      chapter: 1,
      detached: 2,
      blocks: [{ block: blocks[0].id, comments: 1 }],
    });
  }, 60_000);

  it('is counted at its paragraph with its answers, and paged by thread', async () => {
    const { chapterId, blocks } = await published();
    const threads: string[] = [];
    for (let i = 0; i < 5; i++)
      threads.push(
        must(201, await reader.api.post(`/v1/chapters/${chapterId}/comments`, { body: `thread ${i}`, block: blocks[i % 2].id }))
          .id,
      );
    must(201, await author.api.post(`/v1/comments/${threads[0]}/replies`, { body: 'answer' }));
    const counts = must(
      200,
      await stack.api.get<{ total: number; blocks: { block: string; comments: number }[] }>(
        `/v1/chapters/${chapterId}/comment-counts`,
      ),
    );
    expect(counts).toEqual({
      total: 6,
      chapter: 0,
      detached: 0,
      blocks: [
        { block: blocks[0].id, comments: 4 },
        { block: blocks[1].id, comments: 2 },
      ],
    });
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: { items: { id: string }[]; next: string | null } = must(
        200,
        await stack.api.get(`/v1/chapters/${chapterId}/comments?limit=2${next && `&after=${next}`}`),
      );
      seen.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(seen).toEqual(threads);
    must(204, await reader.api.delete(`/v1/comments/${threads[1]}`));
    expect(must(200, await stack.api.get<ThreadResponse>(`/v1/comments/${threads[1]}`))).toMatchObject({
      status: 'withdrawn',
      body: null,
      author: null,
    });
    const stranger = await signUp(stack);
    expect((await stranger.api.delete(`/v1/comments/${threads[2]}`)).status).toBe(403);
    must(204, await author.api.delete(`/v1/comments/${threads[2]}`)); // the owner of a work moderates its comments
  });
});
