/**
 * Does a flood of sockets from one address slow down readers at another? Readers ask for a published chapter at a steady pace, for some
 * seconds alone and for some seconds while flooder.mjs sends what it can, by turns. The limits of live connections are the defaults.
 *
 *   DATABASE_URL=… REDIS_URL=… node test/bench/flood.mjs [--rounds 3] [--seconds 5] [--json] [--dist dist]
 *
 * Load generators and server share the cores of one machine, so the flood costs readers also what sending it costs.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, memoryOfTree } from './cpu.mjs';
import { openHouse } from './house.mjs';
import { report, say } from './report.mjs';

const text = (otherwise) => ({ type: 'string', default: otherwise });
const { values: asked } = parseArgs({
  options: { dist: text('dist'), rounds: text('3'), seconds: text('5'), json: { type: 'boolean', default: false } },
});
const [rounds, seconds] = [asked.rounds, asked.seconds].map(Number);
const READERS = { connections: 20, pauseMs: 20 };

const house = await openHouse(path.resolve(asked.dist), 'flood', { RATE_LIMITS: 'read=100000000/60,write=100000000/60' });
const work = await house.call('POST', '/v1/works', { title: 'A quiet serial', language: 'en' });
const { id } = await house.call('POST', `/v1/works/${work.id}/chapters`, {
  title: 'I',
  markdown: 'The lamp stood in the window.',
});
await house.call('POST', `/v1/chapters/${id}/publication`, {}, { 'if-match': '*' });
const body = await (await fetch(`${house.base}/v1/chapters/${id}`)).text();
const port = Number(new URL(house.base).port);
const reader = fork(path.join(import.meta.dirname, 'reader.mjs'));

await read(2);
const results = [];
for (let round = 1; round <= rounds; round++) {
  const alone = await read(seconds);
  const flooder = fork(path.join(import.meta.dirname, 'flooder.mjs'));
  let sent = {};
  flooder.on('message', (told) => (sent = told));
  flooder.send({ port, from: `127.0.1.${round}`, stream: `chapter:${id}` });
  await sleep(1_000);
  const flooded = await read(seconds);
  flooder.kill();
  const memory = memoryOfTree(house.web.pid) / 1e6;
  results.push({ ratio: flooded.p99 / alone.p99, alone: alone.p99, flooded: flooded.p99, memory });
  say(
    `flood: round ${round} of ${rounds}: p99 ${alone.p99.toFixed(1)} ms alone, ${flooded.p99.toFixed(1)} ms beside ${sent.sockets} sockets, ` +
      `${sent.streams} event streams and ${sent.fragments} broken messages, of which ${sent.refused} were refused; ${memory.toFixed(0)} MB`,
  );
  await sleep(2_000);
}
reader.kill();
const of = (name) => median(results.map((result) => result[name]));
report(
  [
    {
      name: 'reader’s p99 beside a flood of sockets ÷ alone',
      value: of('ratio'),
      unit: '×',
      baseline: `${of('alone').toFixed(1)} ms alone`,
      goal: { most: 2 },
    },
    { name: 'reader’s p99 beside a flood of sockets', value: of('flooded'), unit: 'ms', baseline: '' },
    { name: 'memory of the web process beside it', value: of('memory'), unit: 'MB', baseline: '' },
  ],
  asked.json,
);
process.exit();

async function read(forSeconds) {
  const request = { bytes: `GET /v1/chapters/${id} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`, body };
  const answering = new Promise((resolve) => reader.once('message', resolve));
  reader.send({ ...READERS, port, seconds: forSeconds, requests: [request], status: 200 });
  const answer = await answering;
  if (answer.fault) throw new Error(answer.fault);
  return answer;
}
