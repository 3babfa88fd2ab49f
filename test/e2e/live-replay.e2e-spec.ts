/** What a replay shows: what is true when it is read, and of the history that the stream has now. Limits: live-limits.e2e-spec.ts. */
import { Client } from 'pg';
import type { HistoryResponse } from '#libs/live/live.contract';
import { EventSource } from '../support/event-source.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const TEXT = 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom.';

let stack: Stack;
let author: Person;
let reader: Person;
let moderator: Person;
const listening: (LiveClient | EventSource)[] = [];

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  [author, reader, moderator] = await Promise.all([
    signUp(stack, { role: 'author', name: 'Mira' }),
    signUp(stack, { name: 'Jonathan Unmistakable' }),
    signUp(stack, { role: 'moderator' }),
  ]);
}, 90_000);

afterEach(async () => {
  await Promise.all(listening.splice(0).map((one) => (one instanceof EventSource ? one.cut() : one.close())));
});

async function published(): Promise<{ id: string; stream: string }> {
  const { chapterId } = await begunChapter(author, { markdown: TEXT, publish: true });
  return { id: chapterId, stream: `chapter:${chapterId}` };
}

async function socket(web = 0): Promise<LiveClient> {
  const client = await LiveClient.connect(stack.webs[web].url);
  listening.push(client);
  return client;
}

async function source(stream: string, how: Parameters<typeof EventSource.open>[2]): Promise<EventSource> {
  const opened = await EventSource.open(stack.webs[0].url, stream, how);
  listening.push(opened);
  return opened;
}

const posted = async (by: Person, chapterId: string, body: string): Promise<string> =>
  must(201, await by.api.post<{ id: string }>(`/v1/chapters/${chapterId}/comments`, { body })).id;
const history = async (stream: string, query = 'since=0'): Promise<HistoryResponse> =>
  must(200, await stack.api.get<HistoryResponse>(`/v1/live/${stream}/history?${query}`));

describe('the words of a comment', () => {
  const WORDS = 'The murderer is unmistakably the gardener.';

  it.each([
    ['its author', 'withdrawn', (): Person => reader],
    ['a moderator', 'hidden', (): Person => moderator],
  ])('that was deleted by %s are in no replay, nor is the name', async (_, status, by) => {
    const { id, stream } = await published();
    const here = await socket();
    await here.subscribe(stream);
    const comment = await posted(reader, id, WORDS);
    await posted(author, id, 'Who knows.');
    await until(() => here.events.length === 2, 5_000, 'both comments');
    expect(here.events[0]).toMatchObject({ body: { id: comment, body: WORDS, author: { name: 'Jonathan Unmistakable' } } });
    must(204, await by().api.delete(`/v1/comments/${comment}`));

    const page = await history(stream);
    const late = await socket(); // where a listener is who was told of it, and on the other process
    await late.subscribe(stream, 0);
    const other = await socket(1);
    await other.subscribe(stream, 0);
    const sse = await source(stream, { query: 'since=0' });
    for (const one of [late, other, sse]) await until(() => one.events.length === 4, 5_000, 'the whole stream');
    const replays = [page.events, late.events, other.events, sse.events];
    for (const events of replays) {
      expect(events[1]).toMatchObject({ type: 'comment.posted', body: { id: comment, status, body: null, author: null } });
      expect(events[2]).toMatchObject({ type: 'comment.posted', body: { body: 'Who knows.', author: { name: 'Mira' } } });
      expect(events[3]).toMatchObject({ type: 'comment.withdrawn', body: { id: comment } });
      expect(JSON.stringify(events)).not.toMatch(/unmistakabl/i);
    }
  });

  it('are not stored with the events of any stream, nor is anything else that somebody wrote', async () => {
    const { id } = await published();
    await posted(reader, id, WORDS);
    const rows = await stack.sql<{ type: string; body: Record<string, unknown> }>('SELECT type, body FROM live.event');
    expect(rows.length).toBeGreaterThan(2);
    const texts = rows.flatMap(({ body }) => Object.values(body).flat()).filter((value) => typeof value === 'string');
    for (const text of texts) expect(text).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a stream whose head went back, as that of a restored backup', () => {
  /** The last three of eight events are lost, then five others happen. @returns where a client stood before. */
  async function restored(): Promise<{ id: string; stream: string; since: number; epoch: string }> {
    const { id, stream } = await published();
    for (let i = 0; i < 7; i++) await posted(reader, id, `Lost or kept ${i}.`);
    const { head, epoch } = await history(stream);
    expect(head).toBe(8);
    await stack.sql('UPDATE live.stream SET head = head - 3 WHERE key = $1', [stream]);
    for (let i = 0; i < 5; i++) await posted(reader, id, `New ${i}.`);
    return { id, stream, since: head, epoch };
  }

  it('says reset to a client that comes with its old number, though the stream has gone past it', async () => {
    const { stream, since, epoch } = await restored();
    for (const web of [0, 1]) {
      const answer = await (await socket(web)).subscribe(stream, since, epoch);
      expect(answer).toMatchObject({ type: 'subscribed', reset: true, head: 10, from: 10, snapshot: { revision: 1 } });
      expect(answer.epoch).not.toBe(epoch);
    }
    expect(await (await source(stream, { lastEventId: `${since}-${epoch}` })).hears('subscribed')).toMatchObject({
      reset: true,
      head: 10,
      from: 10,
    });
    const page = await history(stream, `since=${since}&epoch=${epoch}`);
    expect(page.reset).toBe(true);
    expect(page.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const again = await history(stream, `since=${since}&epoch=${page.epoch}`);
    expect([again.reset, again.events.map(({ seq }) => seq)]).toEqual([undefined, [9, 10]]);
  });

  it('tells listeners who are connected to come back, and they are told to reset', async () => {
    const { id, stream } = await published();
    for (let i = 0; i < 7; i++) await posted(reader, id, `Lost or kept ${i}.`);
    const here = await socket();
    const { head, epoch } = (await here.subscribe(stream)) as unknown as HistoryResponse;
    await stack.sql('UPDATE live.stream SET head = head - 3 WHERE key = $1', [stream]);
    await here.waitFor(({ type, code }) => type === 'refused' && code === 'stream-reset');
    expect(await here.subscribe(stream, head, epoch)).toMatchObject({ reset: true, head: 5 });
    await posted(reader, id, 'Afterwards.');
    await until(() => here.events.at(-1)?.seq === 6, 5_000, 'what is new');
  });

  it('says reset after an operator has named the restored database a new epoch', async () => {
    const { stream } = await published();
    const before = await history(stream);
    await stack.sql('SELECT live.new_epoch()');
    expect(await history(stream, `since=1&epoch=${before.epoch}`)).toMatchObject({ reset: true, head: 1 });
  });

  it('keeps its epoch while nothing of the kind happens, before its first event, too', async () => {
    const { chapterId } = await begunChapter(author, { markdown: TEXT, publish: true });
    const stream = `chapter:${chapterId}`;
    await stack.sql('DELETE FROM live.stream WHERE key = $1', [stream]);
    await stack.sql('DELETE FROM live.event WHERE key = $1', [stream]);
    const empty = await history(stream);
    expect(empty).toMatchObject({ head: 0, events: [] });
    for (let i = 1; i <= 3; i++) {
      await posted(reader, chapterId, `Comment ${i}.`);
      expect(await history(stream, `since=0&epoch=${empty.epoch}`)).toMatchObject({ epoch: empty.epoch, head: i });
    }
    expect(await history(stream, `since=3&epoch=${empty.epoch}`)).not.toHaveProperty('reset');
  });
});

describe('a comment that commits late', () => {
  it('is missed by nobody: neither by one who reads page after page, nor by one who listens', async () => {
    const { chapterId, blocks } = await begunChapter(author, { markdown: TEXT, publish: true });
    const stream = `chapter:${chapterId}`;
    const listener = await socket();
    await listener.subscribe(stream);
    await posted(author, chapterId, 'The first.'); // makes the row that is locked below, if nothing has
    await stack.sql('INSERT INTO comments.reanchoring_position (chapter_id, publication) VALUES ($1, 1) ON CONFLICT DO NOTHING', [
      chapterId,
    ]);
    const lock = new Client({ connectionString: stack.databaseUrl });
    await lock.connect();
    try {
      await lock.query('BEGIN');
      await lock.query('SELECT FROM comments.reanchoring_position WHERE chapter_id = $1 FOR UPDATE', [chapterId]);
      const late = reader.api.post<{ id: string }>(`/v1/chapters/${chapterId}/comments`, {
        body: 'The late one.',
        block: blocks[0].id,
      });
      await until(
        async () =>
          (await stack.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))
            .length,
        5_000,
        'a comment that waits',
      );
      await posted(author, chapterId, 'The second.');
      await posted(author, chapterId, 'The third.');
      type Page = { items: { body: string }[]; next: string | null };
      const page = async (after?: string | null): Promise<Page> =>
        must(200, await stack.api.get<Page>(`/v1/chapters/${chapterId}/comments?limit=2${after ? `&after=${after}` : ''}`));
      const first = await page();
      await lock.query('COMMIT');
      must(201, await late);
      const second = await page(first.next);
      expect([...first.items, ...second.items].map(({ body }) => body)).toEqual([
        'The first.',
        'The second.',
        'The third.',
        'The late one.',
      ]);
      await until(() => listener.events.length === 4, 5_000, 'four events');
      expect(listener.events.map(({ body }) => body.body)).toEqual(['The first.', 'The second.', 'The third.', 'The late one.']);
    } finally {
      await lock.end();
    }
  });
});

describe('a client whose number is older than what is kept', () => {
  it('is told to reset, and gets what is left', async () => {
    const { id, stream } = await published();
    for (let i = 0; i < 5; i++) await posted(reader, id, `Comment ${i}.`);
    await stack.sql('DELETE FROM live.event WHERE key = $1 AND seq <= 3', [stream]);
    expect(await (await socket()).subscribe(stream, 1)).toMatchObject({ reset: true, head: 6, from: 6 });
    const page = await history(stream, 'since=1');
    expect([page.reset, page.events.map(({ seq }) => seq)]).toEqual([true, [4, 5, 6]]);
    const client = await socket();
    expect(await client.subscribe(stream, 3)).not.toHaveProperty('reset');
    await until(() => client.events.length === 3, 5_000, 'the three that are kept');
  });
});

it.each(['1e300', '-1', '1.5', 'x', '9007199254740993', ''])('a history since %s is refused with 400', async (since) => {
  const { stream } = await published();
  expect((await stack.api.get(`/v1/live/${stream}/history?since=${since}`)).status).toBe(400);
  expect((await source(stream, { query: `since=${since}` })).status).toBe(400);
});
