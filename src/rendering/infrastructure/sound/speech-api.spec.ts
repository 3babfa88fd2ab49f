import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answering, type Provider, startProvider } from '../../../../test/support/provider/provider.js';
import { SpeechApi, SpeechServerFailed } from './speech-api.js';

const KEY = 'sk-very-secret-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'speech-'));
const out = join(folder, 'speech.pcm');
const say = ['Once', 'upon', 'a', 'time,', 'there', 'was', 'a', 'light.'];

let provider: Provider;
beforeAll(async () => {
  provider = await startProvider(KEY);
});
afterAll(() => rmSync(folder, { recursive: true }));

const api = (more: object = {}) =>
  new SpeechApi({ url: provider.url, key: KEY, model: 'kokoro', patienceMs: 5, stallMs: 5_000, ...more });
const speak = (more?: object, signal?: AbortSignal) => api(more).speak({ voice: 'af_heart', language: 'en', say, out }, signal);

async function failure(more?: object): Promise<SpeechServerFailed> {
  const error: unknown = await speak(more).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpeechServerFailed);
  return error as SpeechServerFailed;
}

describe('A speech server', () => {
  it.each(['speak', 'stream'] as const)('is asked the way OpenAI describes, and its sound is kept (%s)', async (answer) => {
    await provider.answers(answer);
    const { samples, sampleRate, times } = await speak();
    expect(samples / sampleRate).toBeGreaterThan(1.5);
    expect(samples / sampleRate).toBeLessThan(4);
    expect(times).toEqual(say.map(() => null));
    expect(readFileSync(out)).toHaveLength(samples * 2);
    expect(await provider.asked()).toEqual([
      {
        ...{ model: 'kokoro', voice: 'af_heart', input: 'Once upon a time, there was a light.', format: 'wav' },
        ...{ authorized: true, answer },
      },
    ]);
  });

  it('that throttles is asked again when it said', async () => {
    await provider.answers('throttle', 'speak');
    const before = Date.now();
    await speak();
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    expect(await provider.asked()).toHaveLength(2);
  });

  const bad: [answer: Answering, problem: RegExp, temporary: boolean][] = [
    ['html', /a web page instead of WAV\. Check that VOICE_API_URL ends in \/v1/, false],
    ['mp3', /MP3 instead of WAV\. Check that .* can answer WAV/, false],
    ['too-large-sizes', /false sizes, \d+ bytes of sound are promised and \d+ came\. Ask .* again/, false],
    ['too-small-sizes', /false sizes, \d+ bytes of sound are promised and \d+ came\. Ask .* again/, false],
    ['silence', /silence\. Ask for the film again, or for another voice/, false],
    ['tenfold', /[\d.]+ s of sound are too long for the text\. Ask/, false],
    ['broken-off', /too short for the text|breaks off/, false],
    ['cut-off', /the connection failed \(.*\)\. Check that it runs/, true],
    ['error-500', /status 500 CUDA out of memory\. Look into its log/, true],
  ];

  it.each(bad)('that once answers with %s is asked again', async (answer) => {
    await provider.answers(answer, answer, 'stream');
    expect((await speak()).samples).toBeGreaterThan(30_000);
    expect(await provider.asked()).toHaveLength(3);
  });

  it.each(bad)('that keeps answering with %s is refused by name after three tries', async (answer, problem, temporary) => {
    await provider.answers(answer);
    const error = await failure();
    expect(error.message).toMatch(problem);
    expect(error.temporary).toBe(temporary);
    expect(await provider.asked()).toHaveLength(3);
  });

  it.each(['stall', 'stall-midway'] as const)('that stalls for 30 s is not waited for (%s)', async (answer) => {
    await provider.answers(answer, 'speak');
    expect((await speak({ stallMs: 700 })).samples).toBeGreaterThan(30_000);
    await provider.answers(answer);
    const error = await failure({ stallMs: 300, tries: 2 });
    expect(error.message).toMatch(/not a byte for 0.3 s\. Check that it is not overloaded/);
    expect(error.temporary).toBe(true);
  });

  it('that goes on for ever, or is not there, is given up', async () => {
    await provider.answers('slow');
    expect((await failure({ timeoutMs: 200, tries: 1 })).problem).toMatch(/not done within 0.2 s/);
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => gone.once('listening', listening));
    const { port } = gone.address() as { port: number };
    await new Promise((closed) => gone.close(closed));
    expect((await failure({ url: `http://127.0.0.1:${port}/v1` })).message).toMatch(/ECONNREFUSED.*Check that it runs/);
  });

  it.each([
    ['key-refused', /status 401 Incorrect API key .*\. Check VOICE_API_KEY/],
    ['voice-unknown', /status 400 .*'af_heart' not found.*Check the name of the voice/],
  ] as const)('that says no is believed at once (%s)', async (answer, problem) => {
    await provider.answers(answer);
    const error = await failure();
    expect(error.message).toMatch(problem);
    expect(error.temporary).toBe(false);
    expect(await provider.asked()).toHaveLength(1);
  });

  it('that asks for more patience than a worker has is left to a later errand', async () => {
    await provider.answers('throttle-long');
    expect((await failure()).temporary).toBe(true);
    expect(await provider.asked()).toHaveLength(1);
  });

  it('never makes the key appear in an error, not even half of it', async () => {
    for (const answer of ['key-refused', 'html'] as const) {
      await provider.answers(answer);
      const { message, stack } = await failure({ tries: 1 });
      for (let length = 8; length <= KEY.length; length++) expect(`${message}${stack}`).not.toContain(KEY.slice(0, length));
    }
    // a key that cannot stand in a header is named by fetch in its complaint
    expect((await failure({ key: `${KEY}\nX: y`, tries: 1 })).message).not.toContain(KEY);
  });

  it('gets the key only at its own address', async () => {
    await provider.answers('redirect');
    expect((await failure({ tries: 1 })).problem).toMatch(/connection failed/);
    expect(await provider.asked()).toHaveLength(1);
  });

  it('is left when the film is cancelled', async () => {
    await provider.answers('stall');
    const cancel = new AbortController();
    const waiting = speak({}, cancel.signal);
    setTimeout(() => cancel.abort(new Error('cancelled')), 50);
    await expect(waiting).rejects.toThrow('cancelled');
  });
});
