/**
 * What row 8 of the abuse cases sends, over and over until the process is ended: 2,000 sockets that each subscribe 40 times, 1,500 event
 * streams, and a message in 3,000 fragments of one byte. All from an address of its own (`from`, of the loopback network). Started by
 * flood.mjs; takes one order over IPC, `{ port, from, stream }`, and answers each second with what it has sent and what was refused.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';

const AT_ONCE = 200;
const sent = { sockets: 0, streams: 0, fragments: 0, refused: 0 };

process.on('disconnect', () => process.exit());
process.once('message', ({ port, from, stream }) => {
  setInterval(() => process.send(sent), 1_000);
  for (let i = 0; i < AT_ONCE; i++) void flood(i, { port, host: '127.0.0.1', localAddress: from }, stream);
});

async function flood(place, address, stream) {
  for (let turn = place; ; turn += AT_ONCE) {
    const kind = turn % 3_501;
    if (kind < 2_000) await send(address, 'sockets', handshake() + text(subscriptions(stream)));
    else if (kind < 3_500) await send(address, 'streams', `GET /v1/live/${stream}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    else await send(address, 'fragments', handshake() + fragments());
  }
}

/** Stays connected until the server closes, or for two seconds. */
function send(address, kind, bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(address, () => socket.write(Buffer.from(bytes, 'latin1')));
    const patience = setTimeout(() => socket.destroy(), 2_000);
    sent[kind]++;
    socket.once('data', (data) => {
      if (/^HTTP\/1\.1 (101|200) /.test(data.toString('latin1'))) return;
      sent.refused++;
      socket.destroy();
    });
    socket.on('error', () => undefined).once('close', () => (clearTimeout(patience), resolve()));
  });
}

const handshake = () =>
  'GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;

/** The stream that is there, and 39 that are not. */
const subscriptions = (stream) => [
  { type: 'hello' },
  ...Array.from({ length: 40 }, (_, i) => ({
    type: 'subscribe',
    stream: i ? `chapter:0197f0f6-0000-7000-8000-${randomBytes(6).toString('hex')}` : stream,
  })),
];

const text = (messages) => messages.map((message) => frame(0x81, JSON.stringify(message))).join('');
const fragments = () => frame(0x01, 'x') + frame(0x00, 'x').repeat(2_999);

/** A client's frame, masked with zeros. */
function frame(head, payload) {
  if (payload.length > 125) throw new Error('A short frame, please.');
  return `${String.fromCharCode(head, 0x80 | payload.length)}\0\0\0\0${payload}`;
}
