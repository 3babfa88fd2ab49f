import type {
  ChapterPage,
  ChapterResponse,
  DraftResponse,
  RevisionResponse,
  RevisionPage,
  SavedResponse,
  WorkResponse,
} from '../../src/chapters/infrastructure/chapters.contract.js';
import { must, type Person } from '../support/people.js';
import { Api, begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

let stack: Stack;
let visitor: Api;
let [mira, theo]: Person[] = [];

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  visitor = stack.api;
  [mira, theo] = await Promise.all([signUp(stack, { role: 'author', name: 'Mira' }), signUp(stack, { role: 'author' })]);
}, 90_000);

const paragraphs = (count: number, say = (n: number) => `Paragraph ${n} tells of lamp number ${n * 7919} in the harbour.`) =>
  Array.from({ length: count }, (_, n) => say(n));
const ifMatch = (version: number | '*') => ({ 'if-match': version === '*' ? '*' : `"${version}"` });
const save = (chapterId: string, change: object, version: number | '*' = '*', api = mira.api) =>
  api.put<SavedResponse & { type: string }>(`/v1/chapters/${chapterId}/draft`, change, ifMatch(version));
const publish = (chapterId: string, body: object = {}, version: number | '*' = '*') =>
  mira.api.post(`/v1/chapters/${chapterId}/publication`, body, ifMatch(version));
const unpublish = (chapterId: string) => mira.api.delete(`/v1/chapters/${chapterId}/publication`, ifMatch('*'));
const read = (chapterId: string, api = visitor) => api.get<ChapterResponse>(`/v1/chapters/${chapterId}`);

describe('a draft', () => {
  it('is kept revision by revision, and each comes back byte for byte', async () => {
    const texts = [
      'The lamp was lit.\n\nNobody knew *by whom*.\n',
      '## I\n\nThe lamp was lit.\n\n> Who goes there?\\\n> A friend.\n\nNobody knew **by whom**.\n',
      '海边有一盏灯。\n\n没有人知道是谁点的。\n\n***\n\n灯又亮了。🏮\n',
      '- one\n- two\n\n```\n  kept   as it is\n```\n\nRoses are red,  \nlamps are yellow.\n',
      '灯又亮了。🏮\n\n海边有一盏灯。\n\nThe lamp was lit.\n',
      '\\# not a heading\n\n1\\. not a list\n\nA line that\\\nbreaks where the author wanted.\n',
    ];
    const { chapterId } = await begunChapter(mira, { markdown: texts[0] });
    for (const markdown of texts.slice(1)) must(200, await save(chapterId, { markdown }));
    for (const [i, text] of texts.entries()) {
      const { bytes, headers } = await mira.api.get(`/v1/chapters/${chapterId}/revisions/${i + 1}/markdown`);
      expect(bytes.toString()).toBe(text);
      expect(headers['content-type']).toBe('text/markdown; charset=utf-8');
    }
    const { items } = must(200, await mira.api.get<RevisionPage>(`/v1/chapters/${chapterId}/revisions`));
    expect(items.map(({ number, parent }) => [number, parent])).toEqual([6, 5, 4, 3, 2, 1].map((n) => [n, n - 1 || null]));
  });

  it('says how long it is, where readers are told the length of what is published', async () => {
    const { chapterId, workId } = await begunChapter(mira, { markdown: '灯*亮*了。', publish: true });
    must(200, await save(chapterId, { markdown: '灯*亮*了。\n\n***\n\n没有人知道。' }));
    const lengths = async (api: Api) =>
      must(200, await api.get<ChapterPage>(`/v1/works/${workId}/chapters`)).items.map(({ characters }) => characters);
    expect(must(200, await mira.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`)).characters).toBe(12);
    expect(await lengths(mira.api)).toEqual([12]);
    expect(await lengths(stack.api)).toEqual([6]);
  });

  it('of a thousand paragraphs stores one text more when one of them is edited', async () => {
    const text = paragraphs(1_000);
    const { chapterId, blocks } = await begunChapter(mira, { markdown: text.join('\n\n') });
    const stored = async () =>
      (await stack.sql<{ n: number }>('SELECT count(*)::int AS n FROM chapters.block_text WHERE chapter_id = $1', [chapterId]))[0]
        .n;
    expect(await stored()).toBe(1_000);
    text[500] += ' It went out at midnight.';
    const { changes } = must(200, await save(chapterId, { markdown: text.join('\n\n') }));
    expect(changes).toEqual([
      { change: 'edited', block: blocks[500].id, from: [blocks[500].id], similarity: expect.any(Number) },
    ]);
    expect(await stored()).toBe(1_001);
    const { blocks: now } = must(200, await mira.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`));
    expect(now.map(({ id }) => id)).toEqual(blocks.map(({ id }) => id));
  });

  it('keeps who its paragraphs are through edit, move, split, merge and removal, and says what became of each', async () => {
    const text = [
      'The lamp in the third window had been lit since before the harbour froze.',
      'Nobody on Quay Street could remember who had carried it up there.',
      'Old Perrin said it was the sea. His daughter said it was only a lantern with too much oil in it.',
      'Every evening at six the ferryman looked up and counted the windows.',
      'He always came to seven, and there were eight.',
      'Snow fell on the fish market without a sound.',
      'A dog ran past with a letter in its mouth.',
      'Then the bell rang twice, as it does when a ship comes home.',
    ];
    const { chapterId, blocks } = await begunChapter(mira, { markdown: text.join('\n\n') });
    const [a, b, c, d, e, f, , h] = text;
    const [sea, lantern] = c.split(/(?<=sea\.) /);
    const next = [h, a, `${b} Or so they say.`, sea, lantern, `${d} ${e}`, f];
    const { revision } = must(200, await save(chapterId, { markdown: next.join('\n\n') }));
    const { lineage } = must(200, await mira.api.get<RevisionResponse>(`/v1/chapters/${chapterId}/revisions/${revision}`));
    const changeOf = (n: number) => lineage.find(({ from }) => from.includes(blocks[n].id))?.change;
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(changeOf)).toEqual([
      'kept',
      'edited',
      'split',
      'merged',
      'merged',
      'kept',
      'gone',
      'moved',
    ]);
  });

  it('believes an editor about ids of this chapter and nobody about ids of others', async () => {
    const [one, other] = [
      await begunChapter(mira, { markdown: 'One.\n\nTwo.' }),
      await begunChapter(mira, { markdown: 'Else.' }),
    ];
    const blocks = [
      { id: one.blocks[1].id, kind: 'paragraph', text: 'Something entirely different, which the editor knows to be Two.' },
      { id: other.blocks[0].id, kind: 'paragraph', text: 'Stolen.' },
    ];
    must(200, await save(one.chapterId, { blocks }));
    const draft = must(200, await mira.api.get<DraftResponse>(`/v1/chapters/${one.chapterId}/draft`));
    expect(draft.blocks.map(({ text }) => text)).toEqual(blocks.map(({ text }) => text));
    expect(draft.blocks[0].id).toBe(one.blocks[1].id);
    expect(draft.blocks[1].id).not.toBe(other.blocks[0].id);
  });

  it('saved as it stands makes no revision', async () => {
    const { chapterId, version } = await begunChapter(mira, { markdown: 'One.\n\nTwo.' });
    expect(must(200, await save(chapterId, { markdown: ' One.\r\n\r\n\r\nTwo. ' }, version))).toMatchObject({
      revision: 1,
      version,
    });
    expect(must(200, await save(chapterId, { title: 'Another title' }, version))).toMatchObject({ revision: 2, changes: [] });
  });

  it('is not overwritten by whoever has read an older version', async () => {
    const { chapterId, version } = await begunChapter(mira, { markdown: 'One.' });
    const saved = await save(chapterId, { markdown: 'Two.' }, version);
    expect(saved.headers.etag).toBe(`"${must(200, saved).version}"`);
    const stale = await save(chapterId, { markdown: 'Three.' }, version);
    expect([stale.status, stale.body.type]).toEqual([412, 'urn:inkreel:problem:changed-meanwhile']);
    expect(stale.body).toMatchObject({ current: saved.headers.etag });
    expect((await publish(chapterId, {}, version)).status).toBe(412);
    const blind = await mira.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: 'Four.' });
    expect([blind.status, blind.body.type]).toEqual([428, 'urn:inkreel:problem:if-match-missing']);
    const saving = async (tags: string) =>
      (await mira.api.put(`/v1/chapters/${chapterId}/draft`, { markdown: 'x' }, { 'if-match': tags })).status;
    for (const nonsense of ['1', '', '"1']) expect([nonsense, await saving(nonsense)]).toEqual([nonsense, 400]);
    for (const other of ['W/"1"', '"1", "0"', '"one"']) expect([other, await saving(other)]).toEqual([other, 412]);
    expect(must(200, await mira.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`)).blocks[0].text).toBe('Two.');
  });

  it('saved at once on two processes takes one and tells the other', async () => {
    const { chapterId, version } = await begunChapter(mira, { markdown: paragraphs(40).join('\n\n') });
    let at = version;
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        stack.webs.map(({ url }, web) => save(chapterId, { markdown: `Web ${web}, round ${round}.` }, at, mira.api.at(url))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
      at = answers.find(({ status }) => status === 200)!.body.version;
    }
    expect(at).toBe(version + 10);
  });

  it('saved blindly by many at once takes all of them, one after the other', async () => {
    const { chapterId } = await begunChapter(mira, { markdown: 'Zero.' });
    const answers = await Promise.all(
      stack.webs.map(({ url }, n) => save(chapterId, { markdown: `Number ${n}.` }, '*', mira.api.at(url))),
    );
    expect(answers.map((answer) => must(200, answer).revision).sort()).toEqual([2, 3]);
  });
});

describe('what is not published', () => {
  it('is nobody else’s to see or to change', async () => {
    const { chapterId, workId } = await begunChapter(mira, { markdown: 'A secret.' });
    for (const other of [visitor, theo.api, (await signUp(stack, { role: 'admin' })).api]) {
      for (const path of [
        `/v1/chapters/${chapterId}`,
        `/v1/works/${workId}`,
        `/v1/works/${workId}/chapters`,
        `/v1/works/${workId}/cover`,
      ])
        expect([path, (await other.get(path)).status]).toEqual([path, 404]);
      for (const rest of ['draft', 'revisions', 'revisions/1', 'revisions/1/markdown'])
        expect((await other.get(`/v1/chapters/${chapterId}/${rest}`)).status).toBe(other === visitor ? 401 : 404);
      const works = must(200, await other.get('/v1/works?limit=100')).items;
      expect(works.map(({ id }) => id)).not.toContain(workId);
    }
    for (const [method, path, body] of [
      ['PUT', `/v1/chapters/${chapterId}/draft`, { markdown: 'Mine now.' }],
      ['PUT', `/v1/chapters/${chapterId}/position`, { after: null }],
      ['POST', `/v1/chapters/${chapterId}/publication`, {}],
      ['DELETE', `/v1/chapters/${chapterId}/publication`, undefined],
      ['PATCH', `/v1/works/${workId}`, { title: 'Mine now' }],
      ['POST', `/v1/works/${workId}/chapters`, { title: 'Mine now' }],
    ] as const)
      expect([path, (await theo.api.send(method, path, body, ifMatch('*'))).status]).toEqual([path, 404]);
    expect(must(200, await mira.api.get<DraftResponse>(`/v1/chapters/${chapterId}/draft`))).toMatchObject({
      revision: 1,
      version: 1,
    });
  });
});

describe('a published chapter', () => {
  it('needs no account to read, and shows the revision that was published until another one is', async () => {
    const { chapterId, workId } = await begunChapter(mira, { markdown: 'As published.', publish: true });
    must(200, await save(chapterId, { markdown: 'Not yet for you.', title: 'New title' }));
    const { body, headers } = await read(chapterId);
    expect(body).toMatchObject({ workId, authorId: mira.id, revision: 1, language: 'en', title: 'I. The Third Window' });
    expect(body.blocks.map(({ text }) => text)).toEqual(['As published.']);
    must(200, await publish(chapterId));
    const after = await until(async () => {
      const now = await read(chapterId);
      return now.body.revision === 2 && now;
    }, 1_000);
    expect(after.body).toMatchObject({ title: 'New title', publishedAt: body.publishedAt });
    expect(after.headers.etag).not.toBe(headers.etag);
    expect(must(200, await visitor.get<WorkResponse>(`/v1/works/${workId}`))).toMatchObject({
      chapters: 1,
      author: { name: 'Mira' },
    });
  });

  it('can be an older revision again, is published once, and has to have text', async () => {
    const { chapterId } = await begunChapter(mira, { markdown: 'One.', publish: true });
    must(200, await save(chapterId, { markdown: 'Two.' }));
    must(200, await publish(chapterId));
    expect((await publish(chapterId)).body.type).toBe('urn:inkreel:problem:already-published');
    expect(must(200, await publish(chapterId, { revision: 1 })).revision).toBe(1);
    expect((await publish(chapterId, { revision: 9 })).status).toBe(404);
    const empty = await begunChapter(mira, { markdown: '' });
    expect((await publish(empty.chapterId)).body.type).toBe('urn:inkreel:problem:nothing-to-publish');
  });

  it('is told to be unchanged to whoever has it', async () => {
    const { chapterId } = await begunChapter(mira, { markdown: 'One.', publish: true });
    const { headers } = await read(chapterId);
    const tag = headers.etag!;
    for (const known of [tag, `W/${tag}`, `"0-0", ${tag}`, '*']) {
      const again = await visitor.get(`/v1/chapters/${chapterId}`, { 'if-none-match': known });
      expect([known, again.status, again.bytes.length, again.headers.etag]).toEqual([known, 304, 0, tag]);
    }
    expect((await visitor.get(`/v1/chapters/${chapterId}`, { 'if-none-match': '"0-0"' })).status).toBe(200);
  });

  it('taken back on one process is gone on the other within a second', async () => {
    const [here, there] = stack.webs.map(({ url }) => new Api(url));
    for (let round = 0; round < 3; round++) {
      const { chapterId } = await begunChapter(mira, { markdown: 'Now you see me.', publish: true });
      must(200, await read(chapterId, here));
      must(200, await read(chapterId, there));
      must(204, await unpublish(chapterId));
      const began = performance.now();
      await until(async () => (await read(chapterId, there)).status === 404, 2_000);
      expect(performance.now() - began).toBeLessThan(1_000);
      await until(async () => (await read(chapterId, here)).status === 404, 1_000);
      expect((await unpublish(chapterId)).body.type).toBe('urn:inkreel:problem:not-published');
    }
  });

  it('taken back while Redis says nothing is gone within a second all the same', async () => {
    const [, there] = stack.webs.map(({ url }) => new Api(url));
    const { chapterId } = await begunChapter(mira, { markdown: 'Now you see me.', publish: true });
    must(200, await read(chapterId, there));
    // what a lost wake looks like: the row changes and nobody is told
    await stack.sql(`UPDATE chapters.chapter SET status = 'unpublished' WHERE id = $1`, [chapterId]);
    const began = performance.now();
    await until(async () => (await read(chapterId, there)).status === 404, 2_000);
    expect(performance.now() - began).toBeLessThan(1_250);
  });
});
