/** Which server the walkthrough talks to: the one that it is told, else the one that runs; and what it says when none does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { cleanEnvironment, freePort, newHome, ROOT } from './instance.js';

const home = newHome();
let server: Server;
let port: number;

beforeAll(async () => {
  // refuses the first call with a sentence by which it is known
  server = createServer((request, response) => {
    response
      .writeHead(503, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ detail: `asked ${request.url}` }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true });
});

async function walk(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['scripts/walkthrough.mjs', ...args], {
    cwd: ROOT,
    env: cleanEnvironment({ INKREEL_HOME: home, PORT: '', INKREEL_URL: '', ...env }),
  });
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  return said;
}
const runs = (pid: number): void =>
  writeFileSync(
    join(home, 'run.json'),
    JSON.stringify({ urls: { api: `http://127.0.0.1:${port}/v1` }, processes: { starter: { pid } } }),
  );
const ITS_ANSWER = 'POST /v1/accounts answered 503: asked /v1/accounts';

it('says in one sentence what to do when none runs', async () => {
  const sentence = `No Inkreel runs from ${home}: run npm start in another terminal, or say which one you mean with PORT, INKREEL_HOME or --url.`;
  expect(await walk({})).toContain(sentence);
  runs(2 ** 22 + 1); // more than any process id of Linux
  expect(await walk({})).toContain(sentence);
  const free = await freePort();
  expect(await walk({ PORT: String(free) })).toContain(`Nothing answers at http://127.0.0.1:${free}: start it with npm start`);
});

it('finds the instance of INKREEL_HOME, or the one that PORT, INKREEL_URL or --url names', async () => {
  runs(process.pid);
  expect(await walk({})).toContain(ITS_ANSWER);
  rmSync(join(home, 'run.json'));
  expect(await walk({ PORT: String(port) })).toContain(ITS_ANSWER);
  expect(await walk({ INKREEL_URL: `http://127.0.0.1:${port}/` })).toContain(ITS_ANSWER);
  expect(await walk({ PORT: '1' }, '--url', `http://127.0.0.1:${port}`)).toContain(ITS_ANSWER);
});
