import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpeechApi, SpeechServerFailed } from './speech-api.js';

/** A real speech server that behaves as the test says, request by request; the last behaviour stays. */
type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let script: Behaviour[] = [];
let requests: { body: Record<string, unknown>; authorization?: string }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'speech-'));

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        authorization: request.headers.authorization,
      });
      const behave = script.length > 1 ? script.shift() : script[0];
      behave?.(response, request);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  requests = [];
});

const RATE = 24_000;
const KEY = 'sk-very-secret';
/** A tone of that many seconds that fades out, as WAV. */
function speech(seconds: number, { amplitude = 8_000, fade = true, declared = 0 } = {}): Buffer {
  const samples = Math.round(seconds * RATE);
  const data = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i++)
    data.writeInt16LE(Math.round(Math.sin(i / 10) * amplitude * (fade ? Math.min(1, (samples - i) / 2_000) : 1)), i * 2);
  const head = Buffer.from('RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\x02\0\x10\0data\0\0\0\0', 'latin1');
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(declared, 40);
  return Buffer.concat([head, data]);
}

const send =
  (body: Buffer | string, status = 200, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end(body);

const say = ['Once', 'upon', 'a', 'time,', 'there', 'was', 'a', 'light.'];
const out = join(folder, 'speech.pcm');
const api = (more: object = {}) =>
  new SpeechApi({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    key: KEY,
    model: 'kokoro',
    patienceMs: 5,
    timeoutMs: 2_000,
    ...more,
  });
const speak = (more?: object) => api(more).speak({ voice: 'af_heart', language: 'en', say, out });

async function failure(behaviour: Behaviour[], more?: object): Promise<SpeechServerFailed> {
  script = behaviour;
  const error: unknown = await speak(more).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpeechServerFailed);
  return error as SpeechServerFailed;
}

describe('A speech server', () => {
  it('is asked the way OpenAI describes, and its samples are kept', async () => {
    script = [send(speech(2))];
    expect(await speak()).toEqual({ samples: 2 * RATE, sampleRate: RATE, times: say.map(() => null) });
    expect(readFileSync(out)).toHaveLength(2 * RATE * 2);
    expect(requests).toEqual([
      {
        body: { model: 'kokoro', voice: 'af_heart', input: 'Once upon a time, there was a light.', response_format: 'wav' },
        authorization: `Bearer ${KEY}`,
      },
    ]);
  });

  it('that throttles is asked again when it said', async () => {
    script = [send('slow down', 429, { 'retry-after': '1' }), send(speech(2))];
    const before = Date.now();
    await speak();
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    expect(requests).toHaveLength(2);
  });

  const bad: [what: string, behaviour: Behaviour, problem: RegExp][] = [
    ['a web page with status 200', send('<html>busy</html>'.padEnd(60)), /a web page instead of WAV/],
    ['MP3', send(Buffer.concat([Buffer.from('ID3'), Buffer.alloc(100)])), /MP3 instead of WAV/],
    ['silence', send(speech(2, { amplitude: 3 })), /silence/],
    ['ten times the length', send(speech(24)), /too long for the text/],
    ['too little', send(speech(0.2)), /too short for the text/],
    ['sound that breaks off', send(speech(1.5, { fade: false })), /breaks off/],
    ['less than its header says', send(speech(2, { declared: 400_000 })), /shorter than its header says/],
    ['an error of its own', send('out of memory', 500), /status 500 out of memory/],
  ];

  it.each(bad)('that sends %s is asked again', async (_, behaviour) => {
    script = [behaviour, behaviour, send(speech(2))];
    expect((await speak()).samples).toBe(2 * RATE);
    expect(requests).toHaveLength(3);
  });

  it.each(bad)('that keeps sending %s is refused by name after three tries', async (_, behaviour, problem) => {
    const error = await failure([behaviour]);
    expect(error.message).toMatch(problem);
    expect(error.temporary).toBe(true);
    expect(requests).toHaveLength(3);
  });

  it('that stalls, cuts the connection or is not there is given up in time', async () => {
    expect((await failure([() => undefined], { timeoutMs: 150 })).problem).toMatch(/no answer within 0.15 s/);
    const stall: Behaviour = (response) => response.writeHead(200, { 'content-length': '90000' }).write(speech(0.5));
    expect((await failure([stall], { timeoutMs: 150 })).problem).toMatch(/no answer within/);
    expect((await failure([(_, request) => request.socket.destroy()])).problem).toMatch(/connection failed/);
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => gone.once('listening', listening));
    const { port } = gone.address() as AddressInfo;
    await new Promise((closed) => gone.close(closed));
    expect((await failure([], { url: `http://127.0.0.1:${port}/v1` })).problem).toMatch(/connection failed .*ECONNREFUSED/);
  });

  it('that says no is believed at once, and its words never repeat the key', async () => {
    const error = await failure([send(`bad key ${KEY}`, 401)]);
    expect(error.temporary).toBe(false);
    expect(requests).toHaveLength(1);
    expect(error.message).toContain('status 401 bad key ***');
    expect(JSON.stringify(error) + String(error.stack)).not.toContain(KEY);
  });

  it('gets the key only at its own address', async () => {
    const error = await failure([send('', 307, { location: 'http://127.0.0.1:1/elsewhere' })], { tries: 1 });
    expect(error.problem).toMatch(/connection failed/);
  });

  it('is left when the film is cancelled', async () => {
    script = [() => undefined];
    const cancel = new AbortController();
    const waiting = api().speak({ voice: 'v', language: 'en', say, out }, cancel.signal);
    setTimeout(() => cancel.abort(new Error('cancelled')), 50);
    await expect(waiting).rejects.toThrow('cancelled');
  });
});
