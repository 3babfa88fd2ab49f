/** What one address, one account and one connection may hold, over real sockets. Hundreds at once: test/e2e/live-limits.e2e-spec.ts. */
import { WebSocket } from 'ws';
import { LiveServer, pass, token } from '../../test/support/live-server.js';
import { Client } from '../../test/support/live-web.js';

let web: LiveServer;
beforeEach(async () => (web = await LiveServer.open()));
afterEach(() => web.close());

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('what one may hold', () => {
  const from = (address: string): WebSocket => web.socket({ 'x-forwarded-for': address });
  const refusals = async (sockets: WebSocket[]): Promise<number> => {
    const outcomes = sockets.map(
      (one) =>
        new Promise<number>((resolve) => {
          one.once('open', () => resolve(0));
          one.once('error', ({ message }) => resolve(message.includes('429') ? 1 : NaN));
        }),
    );
    return (await Promise.all(outcomes)).reduce((sum, one) => sum + one);
  };

  it('of connections is limited by address, by the /64 of IPv6, and for all together', async () => {
    const flood = Array.from({ length: 300 }, () => from('203.0.113.7'));
    expect(await refusals(flood)).toBe(280);
    expect(await refusals(Array.from({ length: 30 }, (_, i) => from(`2001:db8:1:2::${i.toString(16)}`)))).toBe(10);
    expect(await refusals(Array.from({ length: 30 }, (_, i) => from(`198.51.100.${i}`)))).toBe(10); // 60 in all
    flood.forEach((one) => one.terminate());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await refusals([from('203.0.113.7')])).toBe(0); // given back
  });

  it('of connections is limited by account, from however many addresses', async () => {
    const many = Array.from(
      { length: 8 },
      (_, i) => new Client(from(`203.0.113.${i}`), { type: 'hello', token: token('mira', 60_000) }),
    );
    const outcomes = await Promise.all(many.map((one) => Promise.race([one.hears('welcome').then(() => 0), one.closed])));
    expect(outcomes.filter((code) => code === 4429)).toHaveLength(3);
    expect(outcomes.filter((code) => code === 0)).toHaveLength(5);
  });

  it('of streams is limited by address, and what was refused opened no room', async () => {
    const rooms = (web.hub as unknown as { rooms: Map<string, unknown> }).rooms;
    const many = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const one = new Client(from('203.0.113.7'), { type: 'hello' });
        await one.hears('welcome');
        return one;
      }),
    );
    const id = (i: number): string => `chapter:019a0f6e-7b1c-7d55-8f3a-${i.toString(16).padStart(12, '0')}`;
    for (const [i, one] of many.entries()) for (let j = 0; j < 45; j++) one.send({ type: 'subscribe', stream: id(i * 45 + j) });
    await Promise.all(many.map(async (one) => (await one.hears('subscribed')).length));
    await until(() => many.flatMap(({ frames }) => frames).filter(({ type }) => type !== 'welcome').length === 225);
    const answers = many.flatMap(({ frames }) => frames);
    expect(answers.filter(({ type }) => type === 'subscribed')).toHaveLength(200); // 20 connections of 10 streams
    expect(answers.filter(({ code }) => code === 'too-many-streams')).toHaveLength(25);
    expect(rooms.size).toBe(200);
    many.forEach(({ socket: one }) => one.terminate());
    await until(() => rooms.size === 0);

    web.world.published = false;
    const curious = new Client(from('203.0.113.7'), { type: 'hello' });
    for (let i = 0; i < 45; i++) curious.send({ type: 'subscribe', stream: id(i) });
    await curious.hears('refused', 45);
    expect(rooms.size).toBe(0);
  });

  it('of unfinished messages is little: a message in 3,000 pieces ends the connection', async () => {
    const patient = web.client();
    await patient.hears('welcome');
    for (let i = 0; i < 3_000; i++) patient.socket.send('x', { fin: false });
    expect(await patient.closed).toBe(1008);
  });

  it('of unfinished messages is little: one that does not end within 5 s ends the connection', async () => {
    web.close();
    web = await LiveServer.openInSlowMotion();
    const patient = web.client();
    await patient.hears('welcome');
    patient.socket.send('{"type":', { fin: false });
    await pass(4);
    expect(patient.socket.readyState).toBe(WebSocket.OPEN);
    await pass(3);
    expect(await patient.closed).toBe(1008);
  });

  it('of unfinished messages is limited by address', async () => {
    const many = Array.from({ length: 20 }, () => web.client());
    await Promise.all(many.map((one) => one.hears('welcome')));
    const closed: number[] = [];
    for (const one of many) {
      void one.closed.then((code) => closed.push(code));
      one.socket.send('{"type":', { fin: false });
    }
    await until(() => closed.length === 4);
    expect(closed).toEqual([1008, 1008, 1008, 1008]);
  });

  it('by pings is counted as frames are', async () => {
    const chatter = web.client();
    await chatter.hears('welcome');
    for (let i = 0; i < 150; i++) chatter.socket.ping();
    expect([4429, 1006]).toContain(await chatter.closed); // `ws` sends no close frame behind its pongs
  });
});
