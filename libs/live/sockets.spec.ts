import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import { LiveServer, pass, token } from '../../test/support/live-server.js';
import { CHAPTER, Client, DRAFT } from '../../test/support/live-web.js';

let web: LiveServer;
beforeEach(async () => (web = await LiveServer.open()));
afterEach(() => web.close());

describe('saying hello', () => {
  it('needs no account', async () => {
    const [welcome] = await web.client().hears('welcome');
    expect(welcome).toEqual({ type: 'welcome', actor: null, expiresAt: null });
  });

  it('tells with a token who one is and until when', async () => {
    const [welcome] = await web.client({ type: 'hello', token: token('mira', 60_000) }).hears('welcome');
    expect(welcome.actor).toEqual({ id: 'mira', role: 'reader' });
    expect(Date.parse(welcome.expiresAt as string)).toBeGreaterThan(Date.now());
  });

  it.each([
    ['a token that is none', { type: 'hello', token: 'x' }, 4401],
    ['a subscription before hello', { type: 'subscribe', stream: CHAPTER }, 4401],
    ['what is not JSON', '{"type":', 4400],
    ['a frame that nobody described', { type: 'shout' }, 4400],
    ['a member that nobody described', { type: 'hello', admin: true }, 4400],
    ['more than 16 KiB', 'x'.repeat(16 * 1024 + 1), 1009],
  ])('is closed for %s', async (_, first, code) => {
    expect(await web.client(first).closed).toBe(code);
  });

  it('has five seconds', async () => {
    web.close();
    web = await LiveServer.openInSlowMotion();
    const silent = new Client(web.socket());
    await once(silent.socket, 'open');
    jest.advanceTimersByTime(4_999);
    expect(silent.socket.readyState).toBe(WebSocket.OPEN);
    jest.advanceTimersByTime(1);
    expect(await silent.closed).toBe(4401);
  });

  it('is taken from pages of our own and of named front ends only', async () => {
    const [error] = (await once(web.socket({ origin: 'https://evil.example' }), 'error')) as [Error];
    expect(error.message).toContain('403');
    for (const origin of ['https://stories.example', 'https://read.example']) await once(web.socket({ origin }), 'open');
  });

  it('is refused at any other address', async () => {
    const [error] = (await once(web.socket(undefined, '/elsewhere'), 'error')) as [Error];
    expect(error.message).toContain('404');
  });
});

describe('listening', () => {
  it('begins at the present, with a snapshot', async () => {
    web.world.say('comment.posted');
    const reader = await web.client().follows(CHAPTER);
    web.world.say('comment.posted');
    web.world.say('comment.posted');
    expect(await reader.numbers(2)).toEqual([2, 3]);
    expect(reader.frames[1]).toEqual({
      type: 'subscribed',
      stream: CHAPTER,
      epoch: web.world.epoch,
      head: 1,
      from: 1,
      snapshot: { comments: 1 },
    });
  });

  it('goes on after the last number one had, with nothing missing and nothing twice', async () => {
    for (let i = 0; i < 10; i++) web.world.say('comment.posted');
    const reader = await web.client().follows(CHAPTER, 4);
    web.world.say('comment.posted');
    expect(await reader.numbers(7)).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it('begins anew when the number is from another history', async () => {
    web.world.say('comment.posted');
    const reader = await web.client().follows(CHAPTER, 99);
    expect(reader.frames[1]).toMatchObject({ head: 1, from: 1, reset: true, snapshot: { comments: 1 } });
  });

  it('ends with unsubscribe', async () => {
    const reader = await web.client().follows(CHAPTER);
    reader.send({ type: 'unsubscribe', stream: CHAPTER });
    await reader.hears('unsubscribed');
    web.world.say('comment.posted');
    await (await web.client().follows(CHAPTER, 0)).numbers(1);
    expect(reader.frames.filter(({ type }) => type === 'event')).toEqual([]);
  });

  it('refuses a draft as it refuses what is not there', async () => {
    const reader = web.client();
    for (const stream of [DRAFT, 'inbox:019a0f6e-7b1c-7d55-8f3a-2b9c1d7e4f60', 'chapter:1'])
      reader.send({ type: 'subscribe', stream });
    const refusals = await reader.hears('refused', 3);
    expect(new Set(refusals.map(({ code, detail }) => `${String(code)}: ${String(detail)}`)).size).toBe(1);
    expect(refusals[0]).toMatchObject({ stream: DRAFT, code: 'no-such-stream' });
  });

  it('ends for all when the chapter is taken back, before anything said behind that', async () => {
    const reader = await web.client().follows(CHAPTER);
    web.world.published = false;
    web.world.say('comment.posted');
    web.world.say(ACCESS_CHANGED);
    web.world.say('comment.posted');
    await reader.hears('refused');
    expect(await reader.numbers(2)).toEqual([1, 2]);
    expect(reader.frames.at(-1)).toMatchObject({ type: 'refused', code: 'no-such-stream' });
  });

  it('tells the others that somebody types, with their own words left out', async () => {
    const typist = await web.client({ type: 'hello', token: token('mira', 60_000) }).follows(CHAPTER);
    const reader = await web.client().follows(CHAPTER);
    reader.send({ type: 'signal', stream: CHAPTER, signal: 'typing' }); // without an account: dropped
    typist.send({ type: 'signal', stream: CHAPTER, signal: 'shouting' }); // not of this kind: dropped
    typist.send({ type: 'signal', stream: CHAPTER, signal: 'typing' });
    await reader.hears('signal');
    expect(reader.frames.filter(({ type }) => type === 'signal')).toEqual([
      { type: 'signal', stream: CHAPTER, signal: { type: 'typing', at: '', body: { by: 'mira' } } },
    ]);
  });
});

describe('a replay', () => {
  it('shows what the tables hold when it is read, also to one who comes while others listen', async () => {
    const first = await web.client().follows(CHAPTER);
    web.world.say('comment.posted', 'Unkind words.');
    await first.numbers(1);
    web.world.words.delete(1);
    web.world.say('comment.withdrawn');
    const late = await web.client().follows(CHAPTER, 0);
    await late.numbers(2);
    expect(JSON.stringify(first.frames)).toContain('Unkind');
    expect(JSON.stringify(late.frames)).not.toContain('Unkind');
  });

  it('begins anew for one who comes with a number of another epoch', async () => {
    for (let i = 0; i < 8; i++) web.world.say('comment.posted');
    const before = await web.client().follows(CHAPTER);
    web.world.epoch = '00000000000000e2'; // a backup was restored; by now it has come as far as before
    const late = web.client();
    late.send({ type: 'subscribe', stream: CHAPTER, since: 5, epoch: before.frames[1].epoch });
    expect((await late.hears('subscribed'))[0]).toMatchObject({ reset: true, head: 8, from: 8, epoch: web.world.epoch });
    expect((await before.hears('refused'))[0]).toMatchObject({ code: 'stream-reset' });
  });

  it('begins anew for one who comes for events that are not kept any more', async () => {
    for (let i = 0; i < 8; i++) web.world.say('comment.posted');
    web.world.first = 4;
    const late = web.client();
    late.send({ type: 'subscribe', stream: CHAPTER, since: 2 });
    expect((await late.hears('subscribed'))[0]).toMatchObject({ reset: true });
  });
});

describe('a connection', () => {
  it('ends when its token does, not later, unless a newer one came', async () => {
    const until = Date.now() + 300;
    const short = web.client({ type: 'hello', token: `mira ${until}` });
    const renewed = web.client({ type: 'hello', token: `mira ${until}` });
    await renewed.hears('welcome');
    renewed.send({ type: 'renew', token: token('mira', 60_000) });
    expect(await short.closed).toBe(4401);
    expect(Date.now() - until).toBeLessThan(2_000);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(renewed.socket.readyState).toBe(WebSocket.OPEN);
    expect(renewed.frames[1].type).toBe('renewed');
  });

  it('does not change hands', async () => {
    const mira = web.client({ type: 'hello', token: token('mira', 60_000) });
    mira.send({ type: 'renew', token: token('jon', 60_000) });
    expect(await mira.closed).toBe(4401);
  });

  it('ends at once when the sessions of its account are revoked', async () => {
    const [mira, jon] = ['mira', 'jon'].map((id) => web.client({ type: 'hello', token: token(id, 60_000) }));
    await Promise.all([mira.hears('welcome'), jon.hears('welcome')]);
    web.live.revoke('mira');
    expect(await mira.closed).toBe(4401);
    expect(jon.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('ends at once when its session is, those of other sessions of the account do not', async () => {
    const [phone, desk] = ['phone', 'desk'].map((id) => web.client({ type: 'hello', token: `${token('mira', 60_000)} ${id}` }));
    await Promise.all([phone.hears('welcome'), desk.hears('welcome')]);
    web.live.revokeSession('phone');
    expect(await phone.closed).toBe(4401);
    expect(desk.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('ends within a minute when that news was lost', async () => {
    web.close();
    web = await LiveServer.openInSlowMotion();
    const mine = token('mira', 600_000);
    const mira = web.client({ type: 'hello', token: mine });
    await mira.hears('welcome');
    web.tokens.revoked.add(mine);
    await pass(60);
    expect(await mira.closed).toBe(4401);
  });

  it('is told before a restart when to come back', async () => {
    const reader = web.client();
    await reader.hears('welcome');
    web.sockets.onModuleDestroy();
    expect(await reader.closed).toBe(1012);
    expect(reader.frames.at(-1)).toEqual({ type: 'restart', retryAfterMs: expect.any(Number) });
  });

  it('is cut off when it reads too slowly, and only that one', async () => {
    const [slow, quick] = [await web.client().follows(CHAPTER), await web.client().follows(CHAPTER)];
    slow.socket.pause();
    const text = 'x'.repeat(256 * 1024);
    for (let i = 1; i <= 80; i++) {
      web.world.say('comment.posted', text);
      await quick.numbers(i);
    }
    slow.socket.resume();
    expect(await slow.closed).toBe(1013);
    const got = await slow.numbers(1);
    expect(got).toEqual(got.map((_, i) => i + 1)); // no gap before the end: it can resume
    expect(got.length).toBeLessThan(80);
  });

  it('is dropped when it has gone silent for 35 s', async () => {
    web.close();
    web = await LiveServer.openInSlowMotion();
    const halfOpen = connect(web.port, '127.0.0.1');
    halfOpen.write(
      'GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [answer] = (await once(halfOpen, 'data')) as [Buffer];
    expect(answer.toString()).toContain('101');
    halfOpen.write(Buffer.concat([Buffer.from([0x81, 0x80 | 16, 0, 0, 0, 0]), Buffer.from('{"type":"hello"}')]));
    await once(halfOpen, 'data');
    const alive = web.client();
    await alive.hears('welcome');
    const dropped = once(halfOpen, 'close');
    await pass(24);
    expect(halfOpen.destroyed).toBe(false);
    await pass(11);
    await dropped;
    await pass(60);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('is closed for talking without end', async () => {
    const chatter = web.client();
    await chatter.hears('welcome');
    for (let i = 0; i < 150; i++) chatter.send({ type: 'unsubscribe', stream: CHAPTER });
    expect(await chatter.closed).toBe(4429);
  });
});
