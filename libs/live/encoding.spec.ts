import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { eventId, readEventId, SERVER_SENT, serverSent, textFrame } from './encoding.js';
import { readFrame } from './protocol.js';

describe('a frame made here', () => {
  let server: WebSocketServer;
  let client: WebSocket;
  let theirs: WebSocket;
  let socket: Socket;

  beforeAll(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[WebSocket, { socket: Socket }]>;
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    [theirs, { socket }] = await connected;
  });
  afterAll(() => {
    client.terminate();
    server.close();
  });

  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])(
    'of %i bytes is what a client reads, between frames of ws itself',
    async (length) => {
      const text = 'é'.repeat(length / 2) + 'x'.repeat(length % 2);
      const messages: string[] = [];
      const all = new Promise<void>((resolve) =>
        client.on('message', (data) => messages.push((data as Buffer).toString()) === 4 && resolve()),
      );
      theirs.send('before');
      socket.write(Buffer.concat([textFrame(text), textFrame(text)]));
      theirs.send('after');
      await all;
      client.removeAllListeners('message');
      expect(messages).toEqual(['before', text, text, 'after']);
    },
  );
});

describe('a server-sent event', () => {
  it('carries its number and the epoch as the id a browser comes back with, and no name', () => {
    const stream = { key: 'chapter:x', epoch: '0123456789abcdef' };
    expect(SERVER_SENT.event(stream, { seq: 7, type: 'said', json: '{"seq":7}' }).toString()).toBe(
      'id: 7-0123456789abcdef\ndata: {"seq":7}\n\n',
    );
  });

  it('has an id that is read again as it was written, or by its number alone', () => {
    expect(readEventId(eventId(7, '0123456789abcdef'))).toEqual({ since: 7, epoch: '0123456789abcdef' });
    expect(readEventId('7')).toEqual({ since: 7, epoch: undefined });
    for (const id of ['', '-1', '1e300', '7-', '7-xyz', '7 ', '9'.repeat(16), '7-0123456789abcdef0'])
      expect(readEventId(id)).toBeUndefined();
  });

  it('stays one block whatever is said in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const block = serverSent(JSON.stringify({ text }), { event: 'signal' }).toString();
        expect(block.split('\n')).toHaveLength(4);
      }),
    );
  });
});

describe('what a client sends', () => {
  it('is a frame as described, or none; it never breaks the reading', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((o) => JSON.stringify({ type: 'subscribe', ...o })),
        ),
        (text) => {
          const frame = readFrame(text);
          if (frame) expect(['hello', 'renew', 'subscribe', 'unsubscribe', 'signal']).toContain(frame.type);
        },
      ),
    );
  });

  it.each([
    '{"type":"subscribe","stream":"chapter:1","since":-1}',
    '{"type":"subscribe","stream":"chapter:1","since":"1"}',
    '{"type":"subscribe","stream":"chapter:1","since":1.5}',
    '{"type":"subscribe"}',
    '{"type":"renew"}',
    '{"type":"hello","token":null}',
    '{"type":"__proto__"}',
    '{"type":"toString"}',
    '[]',
    'null',
  ])('is refused: %s', (text) => {
    expect(readFrame(text)).toBeUndefined();
  });
});
