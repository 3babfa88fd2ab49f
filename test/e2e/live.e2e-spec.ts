/**
 * The live promise, on two web processes: every listener, on any process and transport, gets every event of a stream once and in
 * order, and a refused or rolled back transaction leaves no gap in the numbers.
 */
import { EventSource } from '../support/event-source.js';
import { must, type Person } from '../support/people.js';
import { asked } from '../support/programs.js';
import { begunChapter, LiveClient, signUp, type Stack, startStack, until } from '../support/stack.js';

const TEXT = 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom.';

let stack: Stack;
let author: Person;
const listening: (LiveClient | EventSource)[] = [];

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0, ownRedis: true });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
}, 90_000);

afterEach(async () => {
  await Promise.all(listening.splice(0).map((one) => (one instanceof EventSource ? one.cut() : one.close())));
});

async function published(): Promise<{ id: string; stream: string }> {
  const { chapterId } = await begunChapter(author, { markdown: TEXT, publish: true });
  return { id: chapterId, stream: `chapter:${chapterId}` };
}

async function socket(web: number, stream: string, since?: number): Promise<LiveClient> {
  const client = await LiveClient.connect(stack.webs[web].url);
  listening.push(client);
  expect(await client.subscribe(stream, since)).toMatchObject({ type: 'subscribed' });
  return client;
}

async function events(web: number, stream: string, how: Parameters<typeof EventSource.open>[2] = {}): Promise<EventSource> {
  const source = await EventSource.open(stack.webs[web].url, stream, how);
  listening.push(source);
  expect(source.status).toBe(200);
  await source.hears('subscribed');
  return source;
}

/** Posts through both processes by turns, all at once. @returns the statuses in the order of `bodies`. */
const post = (chapterId: string, bodies: string[]): Promise<number[]> =>
  Promise.all(
    bodies.map(async (body, i) => {
      const { status } = await author.api.at(stack.webs[i % 2].url).post(`/v1/chapters/${chapterId}/comments`, { body });
      return status;
    }),
  );

const remarks = (count: number, prefix = 'I did not see that coming'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}.`);
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const numbers = (one: LiveClient | EventSource): number[] => one.events.map(({ seq }) => seq);
const bodies = (one: LiveClient | EventSource): unknown[] => one.events.map(({ body }) => body.body);
const heard = (one: LiveClient | EventSource, count: number, ms = 10_000): Promise<boolean> =>
  until(() => one.events.length >= count, ms, `${count} events`);
/** Long enough for what must not come. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

describe('two hundred who post at once over two processes', () => {
  it('are numbered without a gap, also where a third of them is rolled back after taking a number', async () => {
    // refused at COMMIT, and only by a transaction that has moved the head of the stream: the number was taken
    await stack.sql(`
      CREATE FUNCTION comments.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT xmin::text = pg_current_xact_id()::xid::text FROM live.stream WHERE key = 'chapter:' || NEW.chapter_id)
        THEN RAISE EXCEPTION 'lost at the very end' USING ERRCODE = '57014';
        ELSE RAISE EXCEPTION 'no number was taken'; END IF;
      END $$;
      CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON comments.comment DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.body LIKE 'Lost %') EXECUTE FUNCTION comments.lose()`);
    const { id, stream } = await published();
    const listeners = [
      ...(await Promise.all([0, 0, 1, 1].map((web) => socket(web, stream, 0)))),
      ...(await Promise.all([0, 1].map((web) => events(web, stream, { query: 'since=0' })))),
    ];
    const said = Array.from({ length: 200 }, (_, i) => `${i % 3 === 2 ? 'Lost' : 'Said'} ${i}.`);
    const posting = post(id, said);
    await heard(listeners[0], 20);
    const late = await Promise.all([socket(0, stream, 0), socket(1, stream, 7), events(1, stream, { lastEventId: 3 })]);
    const statuses = await posting;

    expect(statuses).toEqual(said.map((body) => (body.startsWith('Said') ? 201 : 503)));
    const last = 1 + 134; // the first event tells that the chapter was published
    await Promise.all(listeners.map((one) => heard(one, last)));
    await Promise.all(late.map((one, i) => heard(one, last - [0, 7, 3][i])));
    await aMoment();
    for (const one of listeners) expect(numbers(one)).toEqual(from(1, last));
    expect(late.map(numbers)).toEqual([from(1, last), from(8, last), from(4, last)]);

    const kept = said.filter((body) => body.startsWith('Said'));
    expect(bodies(listeners[0]).slice(1).sort()).toEqual(kept.sort());
    for (const one of listeners) expect(one.events).toEqual(listeners[0].events);
    const [{ head }] = await stack.sql<{ head: string }>('SELECT head FROM live.stream WHERE key = $1', [stream]);
    expect(Number(head)).toBe(last);
    const history = must(200, await stack.api.get<{ events: unknown[] }>(`/v1/live/${stream}/history?since=0&limit=500`));
    expect(history.events).toEqual(listeners[0].events.map(({ stream: _, ...event }) => event));
  }, 60_000);
});

describe('a client that was cut off during fifty posts', () => {
  it('gets exactly those over a WebSocket when it says since when, also from the other process', async () => {
    const { id, stream } = await published();
    const before = await socket(0, stream, 0);
    await post(id, remarks(3, 'Before'));
    await heard(before, 4);
    const { seq } = before.events.at(-1)!;
    before.socket.terminate();
    const posting = post(id, remarks(50, 'Meanwhile'));
    const [here, there] = [await socket(0, stream, seq), await socket(1, stream, seq)];
    await posting;
    for (const one of [here, there]) {
      await heard(one, 50);
      await aMoment();
      expect(numbers(one)).toEqual(from(5, 54));
      expect(bodies(one).sort()).toEqual(remarks(50, 'Meanwhile').sort());
    }
  });

  it('gets exactly those as server-sent events by Last-Event-ID, which goes before since', async () => {
    const { id, stream } = await published();
    const before = await events(0, stream);
    expect(before.lastEventId).toMatch(/^1-[0-9a-f]{16}$/);
    await post(id, remarks(3, 'Before'));
    await heard(before, 3);
    const { lastEventId } = before;
    expect(lastEventId).toMatch(/^4-/);
    await before.cut();
    expect(await post(id, remarks(50, 'Meanwhile'))).toEqual(Array(50).fill(201));
    const after = await events(1, stream, { lastEventId, query: 'since=0' });
    await post(id, ['Afterwards.']);
    await heard(after, 51);
    expect(numbers(after)).toEqual(from(5, 55));
    expect(bodies(after).at(-1)).toBe('Afterwards.');
  });

  it('begins anew where its number is of a history that the stream does not have', async () => {
    const { stream } = await published();
    const client = await LiveClient.connect(stack.webs[1].url);
    listening.push(client);
    expect(await client.subscribe(stream, 900)).toMatchObject({
      type: 'subscribed',
      reset: true,
      head: 1,
      from: 1,
      snapshot: { revision: 1 },
    });
  });
});

describe('with Redis away', () => {
  it('posts are answered 201 at once, are told all the same, and by its return nothing is missing', async () => {
    const { id, stream } = await published();
    const [here, there, source] = [await socket(0, stream), await socket(1, stream), await events(1, stream)];
    await stack.redis.stop();
    const began = performance.now();
    expect(await post(id, remarks(10, 'In the dark'))).toEqual(Array(10).fill(201));
    expect(performance.now() - began).toBeLessThan(2_500); // whoever waited for Redis would wait 2 s
    // heads are compared every 2 s, so not even the outage has to end
    for (const one of [here, there, source]) await heard(one, 10, 5_000);
    expect(await post(id, remarks(10, 'Still dark'))).toEqual(Array(10).fill(201));
    await stack.redis.start();
    for (const one of [here, there, source]) await heard(one, 20, 5_000);
    expect(await post(id, ['Light.'])).toEqual([201]);
    for (const one of [here, there, source]) {
      await heard(one, 21, 5_000);
      expect(numbers(one)).toEqual(from(2, 22));
    }
  }, 45_000);

  it('posts do not wait for a Redis that has stopped to answer', async () => {
    const { id, stream } = await published();
    const there = await socket(1, stream);
    await asked(Number(new URL(stack.redis.url).port), 'CLIENT PAUSE 4000 ALL\r\n');
    const began = performance.now();
    expect(await post(id, remarks(4, 'Into the silence'))).toEqual(Array(4).fill(201));
    expect(performance.now() - began).toBeLessThan(1_500);
    await heard(there, 4, 5_000);
  });

  it('new listeners begin, and tickets say that they must be asked for again', async () => {
    const { id, stream } = await published();
    await stack.redis.stop();
    try {
      const late = await socket(1, stream, 0);
      await post(id, ['Nobody called me.']);
      await heard(late, 2, 5_000);
      const refused = await author.api.post('/v1/live/tickets');
      expect([refused.status, refused.body.type]).toEqual([503, 'urn:inkreel:problem:tickets-unavailable']);
    } finally {
      await stack.redis.start();
    }
  });
});
