/** Who may listen and for how long; a token is never accepted in a URL. */
import { WebSocket } from 'ws';
import type { SessionResponse } from '../../src/auth/infrastructure/auth.contract.js';
import { EventSource } from '../support/event-source.js';
import { must, type Person } from '../support/people.js';
import { type Api, begunChapter, LiveClient, signUp, type Stack, startStack, type Web } from '../support/stack.js';

const TEXT = 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom.';
const TOKEN_SECONDS = 3;

let stack: Stack;
let author: Person;
/** A web process of the same installation whose tokens are short-lived. */
let brief: Web;
const listening: (LiveClient | EventSource)[] = [];

beforeAll(async () => {
  stack = await startStack({ webs: 2, workers: 0 });
  [author, brief] = await Promise.all([
    signUp(stack, { role: 'author', name: 'Mira' }),
    stack.startWeb({ ACCESS_TOKEN_SECONDS: String(TOKEN_SECONDS) }),
  ]);
}, 90_000);

afterEach(async () => {
  await Promise.all(listening.splice(0).map((one) => (one instanceof EventSource ? one.cut() : one.close())));
});

async function chapter({ publish = true } = {}): Promise<{ id: string; stream: string }> {
  const { chapterId } = await begunChapter(author, { markdown: TEXT, publish });
  return { id: chapterId, stream: `chapter:${chapterId}` };
}

async function connect(web: Web, token?: string): Promise<LiveClient> {
  const client = await LiveClient.connect(web.url, token);
  listening.push(client);
  return client;
}

async function open(web: Web, stream: string, how: Parameters<typeof EventSource.open>[2] = {}): Promise<EventSource> {
  const source = await EventSource.open(web.url, stream, how);
  listening.push(source);
  return source;
}

/** A new access token of the author, good for TOKEN_SECONDS from the last full second on. */
async function briefToken(): Promise<string> {
  const { email, password } = author;
  return must(201, await author.api.at(brief.url).as(undefined).post<SessionResponse>('/v1/sessions', { email, password }))
    .accessToken;
}

const expiryOf = (token: string): number =>
  (JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()) as { exp: number }).exp * 1000;

describe('the stream of a chapter', () => {
  it('is refused while it is a draft, also to its author, by every way', async () => {
    const { id, stream } = await chapter({ publish: false });
    const client = await connect(stack.webs[0], author.token);
    for (const since of [undefined, 0, 5])
      expect(await client.subscribe(stream, since)).toMatchObject({ type: 'refused', code: 'no-such-stream' });
    expect((await open(stack.webs[0], stream, { token: author.token })).status).toBe(404);
    expect((await author.api.get(`/v1/live/${stream}/history`)).status).toBe(404);
    must(200, await author.api.post(`/v1/chapters/${id}/publication`, {}, { 'if-match': '*' }));
    expect(await client.subscribe(stream, 0)).toMatchObject({ type: 'subscribed', head: 1 });
  });

  it('is open to everybody once published, and when it is taken back all are cut off on every process', async () => {
    const { id, stream } = await chapter();
    const sockets = [await connect(stack.webs[0]), await connect(stack.webs[1], author.token)];
    for (const one of sockets) expect(await one.subscribe(stream)).toMatchObject({ type: 'subscribed', head: 1, from: 1 });
    const sources = [await open(stack.webs[0], stream), await open(stack.webs[1], stream, { token: author.token })];
    expect(sources.map(({ status }) => status)).toEqual([200, 200]);
    must(204, await author.api.delete(`/v1/chapters/${id}/publication`, { 'if-match': '*' }));
    for (const one of sockets) {
      await one.waitFor(({ type, code }) => type === 'refused' && code === 'no-such-stream');
      expect(one.events.map(({ type }) => type)).toEqual(['access.changed']);
      expect(await one.subscribe(stream, 0)).toMatchObject({ type: 'refused' });
    }
    for (const one of sources) {
      expect(await one.hears('refused')).toMatchObject({ code: 'no-such-stream' });
      await one.ended;
    }
  });
});

describe('a socket', () => {
  it('is closed with 4401 when its token expires, not before and not later', async () => {
    const { stream } = await chapter();
    const token = await briefToken();
    const client = await connect(stack.webs[0], token);
    expect(client.frames[0]).toMatchObject({ actor: { id: author.id, role: 'author' } });
    expect(Date.parse(client.frames[0].expiresAt as string)).toBe(expiryOf(token));
    expect(await client.subscribe(stream)).toMatchObject({ type: 'subscribed' });
    expect(await client.closed).toBe(4401);
    expect(Math.abs(Date.now() - expiryOf(token))).toBeLessThan(1_000);
  });

  it('goes on with a newer token of the same account', async () => {
    const { id, stream } = await chapter();
    const token = await briefToken();
    const client = await connect(stack.webs[0], token);
    await client.subscribe(stream);
    client.send({ type: 'renew', token: author.token });
    await client.waitFor(({ type }) => type === 'renewed');
    await new Promise((resolve) => setTimeout(resolve, expiryOf(token) - Date.now() + 500));
    must(201, await author.api.post(`/v1/chapters/${id}/comments`, { body: 'Still here?' }));
    await client.waitFor(({ event }) => event?.body.body === 'Still here?');
  });

  it('is closed with 4401 when it comes with a token of somebody else, a broken or an expired one', async () => {
    const [other, expired] = await Promise.all([signUp(stack), briefToken()]);
    const client = await connect(stack.webs[0], author.token);
    client.send({ type: 'renew', token: other.token });
    expect(await client.closed).toBe(4401);
    await new Promise((resolve) => setTimeout(resolve, expiryOf(expired) - Date.now() + 50));
    for (const token of [expired, '', `${author.token.slice(0, -4)}AAAA`, 'x'.repeat(2_000)])
      expect(await (await connect(stack.webs[0], token)).closed).toBe(4401);
  }, 20_000);

  it('is closed with 4401 when it says nothing for five seconds, or anything before hello', async () => {
    const { stream } = await chapter();
    const url = `${stack.webs[1].url.replace('http', 'ws')}/live`;
    const closed = (socket: WebSocket): Promise<number> => new Promise((done) => socket.once('close', done));
    const began = Date.now();
    const silent = closed(new WebSocket(url));
    const eager = new WebSocket(url);
    eager.once('open', () => eager.send(JSON.stringify({ type: 'subscribe', stream })));
    expect(await closed(eager)).toBe(4401);
    expect(Date.now() - began).toBeLessThan(4_000);
    expect(await silent).toBe(4401);
    expect(Date.now() - began).toBeGreaterThan(4_900);
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  it('is not signed in by a token in its URL', async () => {
    const socket = new WebSocket(`${stack.webs[0].url.replace('http', 'ws')}/live?token=${author.token}`);
    socket.once('open', () => socket.send('{"type":"hello"}'));
    const frame = await new Promise((done) => socket.once('message', (data: Buffer) => done(JSON.parse(data.toString()))));
    expect(frame).toEqual({ type: 'welcome', actor: null, expiresAt: null });
    socket.terminate();
  });
});

describe('server-sent events', () => {
  const ticketOf = async (api: Api): Promise<string> => {
    const answer = await api.post<{ ticket: string; expiresInSeconds: number }>('/v1/live/tickets');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(must(201, answer).expiresInSeconds).toBe(30);
    return answer.body.ticket;
  };

  it('end when the token of their header, or of the one behind their ticket, expires', async () => {
    const { stream } = await chapter();
    const token = await briefToken();
    const ticket = await ticketOf(author.api.as(token));
    const byHeader = await open(stack.webs[0], stream, { token });
    const byTicket = await open(stack.webs[1], stream, { query: `ticket=${ticket}` });
    expect([byHeader.status, byTicket.status]).toEqual([200, 200]);
    for (const one of [byHeader, byTicket]) {
      await one.ended;
      expect(Math.abs(Date.now() - expiryOf(token))).toBeLessThan(1_000);
    }
  });

  it('open by a ticket once, on whichever process: of two who come with it at once one gets it', async () => {
    const { id, stream } = await chapter();
    const ticket = await ticketOf(author.api);
    const both = await Promise.all(stack.webs.slice(0, 2).map((web) => open(web, stream, { query: `ticket=${ticket}` })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await open(stack.webs[0], stream, { query: `ticket=${ticket}` })).status).toBe(401);
    must(201, await author.api.post(`/v1/chapters/${id}/comments`, { body: 'By ticket.' }));
    const opened = both.find(({ status }) => status === 200)!;
    await opened.hears('subscribed');
  });

  it('give a ticket 30 seconds and say nothing of it in Redis that could be used', async () => {
    const ticket = await ticketOf(author.api);
    expect(ticket).toMatch(/^[\w-]{32}$/);
    expect((await author.api.as(undefined).post('/v1/live/tickets')).status).toBe(401);
  });

  it('take no token from the URL, and no ticket where a token is asked for', async () => {
    const { stream } = await chapter();
    for (const name of ['token', 'access_token', 'authorization', 'jwt'])
      expect((await open(stack.webs[0], stream, { query: `${name}=${author.token}` })).status).toBe(400);
    expect((await open(stack.webs[0], stream, { query: `ticket=${author.token}` })).status).toBe(400);
    const ticket = await ticketOf(author.api);
    expect((await author.api.as(undefined).get(`/v1/me?ticket=${ticket}`)).status).not.toBe(200);
    expect((await author.api.as(ticket).get('/v1/me')).status).toBe(401);
    expect((await author.api.as(undefined).get(`/v1/me?access_token=${author.token}`)).status).not.toBe(200);
  });
});
