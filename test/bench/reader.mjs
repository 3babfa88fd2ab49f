/**
 * Readers for chapter.mjs and flood.mjs, in a process of their own: so many kept-alive connections, each requests the next page as soon
 * as it has the last, or after a pause of `pauseMs` on average, over plain sockets, so that a request costs little. Takes commands over IPC:
 * `{ port, connections, seconds, pauseMs?, requests: [{ bytes, body: the expected answer }, …], status }`
 * → `{ answers, seconds, bytes, bodyBytes, p50, p99 }`, or `{ fault }` as soon as one answer differs.
 */
import net from 'node:net';

process.on('message', async (order) => process.send(await read(order).catch(({ message }) => ({ fault: message }))));
process.on('disconnect', () => process.exit());

async function read({ port, connections, seconds, pauseMs, requests: orders, status }) {
  const requests = orders.map(({ bytes, body }) => ({ bytes, body: Buffer.from(body) }));
  const began = performance.now();
  const until = began + seconds * 1000;
  const lags = [];
  const sum = { answers: 0, bytes: 0, bodyBytes: 0 };
  await Promise.all(Array.from({ length: connections }, () => connection()));
  lags.sort((a, b) => a - b);
  const at = (share) => lags[Math.floor(lags.length * share)];
  return { ...sum, seconds: (performance.now() - began) / 1000, p50: at(0.5), p99: at(0.99) };

  function connection() {
    return new Promise((resolve, reject) => {
      let asked = 0;
      let expected;
      let headLength = 0;
      let received = [];
      let length = 0;
      let needs = 0;
      let body = 0;
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, ask);
      socket.on('error', reject).on('close', () => reject(new Error('The server closed a connection.')));
      socket.on('data', (data) => {
        received.push(data);
        length += data.length;
        if (!needs) measure();
        if (!needs || length < needs) return;
        if (length > needs) return reject(new Error('More was answered than was asked for.'));
        const answer = received.length === 1 ? received[0] : Buffer.concat(received);
        if (!answer.subarray(headLength).equals(expected))
          return reject(new Error(`Other bytes were answered: ${answer}`.slice(0, 2_000)));
        sum.answers++;
        sum.bytes += length;
        sum.bodyBytes += body;
        lags.push(performance.now() - asked);
        if (performance.now() < until) return pauseMs ? void setTimeout(ask, pauseMs * (0.5 + Math.random())) : ask();
        socket.removeAllListeners('close').destroy();
        resolve();
      });

      function ask() {
        [received, length, needs, body] = [[], 0, 0, 0];
        asked = performance.now();
        const next = requests[Math.floor(Math.random() * requests.length)];
        expected = next.body;
        socket.write(next.bytes);
      }
      function measure() {
        const text = Buffer.concat(received).toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = text.slice(0, end);
        if (!head.startsWith(`HTTP/1.1 ${status} `)) return reject(new Error(head));
        body = status === 304 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)[1]);
        headLength = end + 4;
        needs = headLength + body;
      }
    });
  }
}
