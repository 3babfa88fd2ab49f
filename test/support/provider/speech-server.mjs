/**
 * A real speech server: OpenAI's `POST /v1/audio/speech` over eSpeak NG, which can be told to misbehave as servers do.
 * `node speech-server.mjs [key]`; it prints `{"url": …}` as its first line and ends with its stdin.
 *
 *   POST /switch {"next": ["throttle", "speak"]}   one for each request to come; the last one stays
 *   GET  /asked                                    every request so far, and how it was answered
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import load from '@echogarden/espeak-ng-emscripten';

const KEY = process.argv[2];
const RATE = 22_050;
const STALL_MS = 30_000;
const espeak = new (await load()).eSpeakNGWorker();

let next = ['speak'];
let asked = [];

/** s16le */
function spoken(text, rate = 165) {
  espeak.set_voice(/\p{sc=Han}/u.test(text) ? 'sit/cmn' : 'gmw/en-US');
  espeak.rate = rate;
  const chunks = [];
  espeak.synthesize(text, (audio) => {
    if (audio) chunks.push(Buffer.from(Int16Array.from(audio).buffer)); // to return a number would stop it
  });
  return Buffer.concat(chunks);
}

/** @param declared length that the header gives the sound */
function wav(pcm, declared = pcm.length) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(declared > 0xffff_0000 ? declared : declared + 36, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(declared, 40);
  return Buffer.concat([head, pcm]);
}

/** A valid stream of silent MPEG-1 layer III frames. */
const MP3 = Buffer.concat(
  Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)])),
);
/** The samples from the loudest moment on are missing. */
function brokenOff(pcm) {
  let loudest = 0;
  for (let at = 0; at < pcm.length; at += 2) if (Math.abs(pcm.readInt16LE(at)) > Math.abs(pcm.readInt16LE(loudest))) loudest = at;
  return pcm.subarray(0, loudest + 2);
}

const sound = (response, body, type = 'audio/wav') => response.writeHead(200, { 'content-type': type }).end(body);

const ANSWERS = {
  speak: (response, { input }) => sound(response, wav(spoken(input))),
  /** Sizes not known when the header was sent, as real servers stream. */
  async stream(response, { input }) {
    const body = wav(spoken(input), 0xffff_ffff);
    response.writeHead(200, { 'content-type': 'audio/wav' });
    for (let at = 0; at < body.length; at += 16_384) {
      response.write(body.subarray(at, at + 16_384));
      await sleep(1);
    }
    response.end();
  },
  /** A voice half as fast as any other. */
  drawl: (response, { input }) => sound(response, wav(spoken(input, 80))),
  /** A good answer, late enough to be asked for twice meanwhile. */
  async slow(response, { input }) {
    await sleep(1_500);
    ANSWERS.speak(response, { input });
  },
  throttle: (response) =>
    response
      .writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' })
      .end('{"error": {"message": "Rate limit reached"}}'),
  'throttle-long': (response) => response.writeHead(429, { 'retry-after': '3600' }).end('Quota used up'),
  redirect: (response) => response.writeHead(307, { location: '/v1/audio/speech' }).end(),
  html: (response, _, key) => sound(response, `<!doctype html><title>Busy</title><p>${key}</p>`.padEnd(400), 'text/html'),
  mp3: (response) => sound(response, MP3, 'audio/mpeg'),
  'too-large-sizes': (response, { input }) => {
    const pcm = spoken(input);
    sound(response, wav(pcm, pcm.length * 2));
  },
  'too-small-sizes': (response, { input }) => {
    const pcm = spoken(input);
    sound(response, wav(pcm, Math.round(pcm.length / 20) * 2));
  },
  silence: (response, { input }) => sound(response, wav(Buffer.alloc(spoken(input).length))),
  tenfold: (response, { input }) => sound(response, wav(Buffer.concat(Array.from({ length: 10 }, () => spoken(input))))),
  'cut-off': (response, { input }) => {
    const body = wav(spoken(input));
    response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2), () => response.socket?.destroy());
  },
  'broken-off': (response, { input }) => sound(response, wav(brokenOff(spoken(input)))),
  async stall(response) {
    await sleep(STALL_MS, undefined, { ref: false });
    response.end();
  },
  async 'stall-midway'(response, { input }) {
    response.writeHead(200, { 'content-type': 'audio/wav' });
    response.write(wav(spoken(input)).subarray(0, 4_000));
    await sleep(STALL_MS, undefined, { ref: false });
    response.end();
  },
  'error-500': (response) => response.writeHead(500).end('CUDA out of memory'),
  /** Some repeat the key in their refusal. The padding puts it where an excerpt of 200 characters would end. */
  'key-refused': (response, _, key) => response.writeHead(401).end(`${'Incorrect API key provided. '.padEnd(190, '.')}${key}`),
  'voice-unknown': (response, { voice }) => response.writeHead(400).end(`{"error": {"message": "Voice '${voice}' not found"}}`),
};

async function speech(request, response, body) {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const answer = KEY && key !== KEY ? 'key-refused' : next.length > 1 ? next.shift() : next[0];
  const { model, voice, input, response_format: format } = body;
  asked.push({ model, voice, input, format, authorized: key !== undefined && key === KEY, answer });
  if (typeof input !== 'string' || !input || !model || !voice)
    return response.writeHead(400).end('{"error": {"message": "model, voice and input are required"}}');
  await ANSWERS[answer](response, body, key ?? '');
}

const ROUTES = {
  'POST /v1/audio/speech': speech,
  'POST /switch': (_, response, body) => {
    const unknown = body.next.filter((name) => !(name in ANSWERS));
    if (unknown.length > 0) return response.writeHead(400).end(`no such behaviour: ${unknown.join(', ')}`);
    ({ next } = body);
    asked = [];
    response.end('{}');
  },
  'GET /asked': (_, response) => response.end(JSON.stringify(asked)),
};

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const route = ROUTES[`${request.method} ${request.url}`];
    if (!route) return void response.writeHead(404).end('{"detail": "Not Found"}');
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
    Promise.resolve(route(request, response, body)).catch((error) => response.destroy(error));
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
process.stdin.resume().on('end', () => process.exit(0));
