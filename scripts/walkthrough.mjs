/**
 * Uses every feature of a running server as its clients do, with a REST client and a WebSocket client only. Prints each call and
 * what it changed; ends with 1 when a step fails.
 *
 *     npm run walkthrough [-- --url http://127.0.0.1:3001 --file chapter.md --out video.mp4 --lang en --chars 1500 --json]
 *
 * Without `--url` or `INKREEL_URL` it talks to the port in `PORT`, or to the instance that runs from `INKREEL_HOME` (`.inkreel`).
 * `--json` prints one line for each step with what was checked, for tests.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** The longest wait for one answer, in ms. */
const PATIENCE = 120_000;
const PASSWORD = `walkthrough ${randomUUID()}`;

const options = readOptions();
function readOptions() {
  const known = {
    url: { type: 'string' },
    file: { type: 'string' },
    out: { type: 'string' },
    lang: { type: 'string' },
    chars: { type: 'string' },
    json: { type: 'boolean', default: false },
  };
  try {
    const { url = runningInstance(), ...others } = parseArgs({ options: known }).values;
    if (url) return { url: url.replace(/\/+$/, ''), ...others };
    process.stderr.write(
      `\n✗ No Inkreel runs from ${home()}: run npm start in another terminal, or say which one you mean with PORT, INKREEL_HOME or --url.\n`,
    );
  } catch (error) {
    const names = Object.keys(known).map((name) => `--${name}`);
    process.stderr.write(`\n✗ ${error.message.split('. ')[0]}: the walkthrough knows ${names.join(', ')}.\n`);
  }
  process.exit(1);
}

function home() {
  return path.resolve(ROOT, process.env.INKREEL_HOME?.trim() || '.inkreel');
}

/** The address of the running instance that the environment names. */
function runningInstance() {
  const { INKREEL_URL, PORT } = process.env;
  if (INKREEL_URL) return INKREEL_URL;
  if (PORT) return `http://127.0.0.1:${PORT}`;
  try {
    const { urls, processes } = JSON.parse(readFileSync(path.join(home(), 'run.json'), 'utf8'));
    process.kill(processes.starter.pid, 0); // throws when it has ended
    return new URL(urls.api).origin;
  } catch {
    return undefined;
  }
}

const colour = process.stdout.isTTY && !options.json;
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
const say = (text = '') => options.json || process.stdout.write(`${text}\n`);
const chapter = (title) => say(`\n${paint(1, title)}`);
const facts = [];
const note = (step, fact) => {
  facts.push({ step, ...fact });
  if (options.json) process.stdout.write(`${JSON.stringify({ step, ...fact })}\n`);
};

const manuscriptType = /\.txt$/i.test(options.file ?? '') ? 'text/plain' : 'text/markdown';

class Broken extends Error {}
function hold(condition, sentence) {
  if (!condition) throw new Broken(sentence);
  say(`     ${paint(32, '✓')} ${sentence}`);
}

/** Makes one call and prints it. Another status than the expected one ends the walkthrough with the server's answer. */
async function call(person, method, route, body, { expect = [200, 201, 202, 204], headers = {}, tell = () => '' } = {}) {
  const began = performance.now();
  const text = typeof body === 'string';
  const response = await fetch(options.url + route, {
    method,
    headers: {
      ...(person?.token && { authorization: `Bearer ${person.token}` }),
      ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
      ...(body !== undefined && { 'content-type': text ? manuscriptType : 'application/json' }),
      ...headers,
    },
    body: body === undefined || text ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const answer = isJson && bytes.length ? JSON.parse(bytes.toString()) : bytes;
  const ms = Math.round(performance.now() - began);
  const line = `  ${method.padEnd(6)} ${route.replace(/[0-9a-f]{8}-[0-9a-f-]{21}([0-9a-f]{6})/g, '…$1')}`;
  say(
    `${line.padEnd(62)} ${paint(response.ok ? 32 : 31, response.status)} ${paint(2, `${ms} ms`.padStart(8))}  ${response.ok ? tell(answer) : ''}`,
  );
  if (!expect.includes(response.status))
    throw new Broken(`${method} ${route} answered ${response.status}: ${answer.detail ?? bytes.toString().slice(0, 300)}`);
  return { answer, status: response.status, headers: response.headers, bytes };
}

async function join(name, role) {
  const email = `${role}-${randomUUID().slice(0, 8)}@walkthrough.test`;
  await call(null, 'POST', '/v1/accounts', { email, name, password: PASSWORD, role }, { tell: (a) => `${a.name}, ${a.role}` });
  const { answer } = await call(
    null,
    'POST',
    '/v1/sessions',
    { email, password: PASSWORD },
    { tell: (a) => `token good for ${a.expiresIn} s` },
  );
  return { name, token: answer.accessToken, id: answer.account.id };
}

/** A client of the WebSocket: keeps every frame, and waits for one that fulfils a condition. */
class Listener {
  frames = [];
  #wake = () => undefined;

  static async open(person) {
    const listener = new Listener();
    listener.socket = new WebSocket(`${options.url.replace(/^http/, 'ws')}/live`);
    listener.socket.on('message', (data) => {
      listener.frames.push(JSON.parse(data.toString()));
      listener.#wake();
    });
    await new Promise((ok, no) =>
      listener.socket.once('open', ok).once('error', () => no(new Broken(`no WebSocket at ${options.url}/live`))),
    );
    listener.send({ type: 'hello', token: person.token });
    await listener.until((frame) => frame.type === 'welcome', 5_000, 'a welcome');
    say(`  WS     /live`.padEnd(62) + ` ${paint(32, 'open')}          ${person.name} listens`);
    return listener;
  }
  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }
  async subscribe(stream) {
    this.send({ type: 'subscribe', stream });
    const frame = await this.until(
      (f) => f.stream === stream && ['subscribed', 'refused'].includes(f.type),
      5_000,
      `an answer for ${stream}`,
    );
    if (frame.type === 'refused') throw new Broken(`${stream} was refused: ${frame.detail}`);
    return frame;
  }
  async until(wanted, ms, what) {
    for (const end = Date.now() + ms; ;) {
      const found = this.frames.find(wanted);
      if (found) return found;
      if (Date.now() > end) throw new Broken(`${what} did not arrive within ${ms / 1000} s`);
      await Promise.race([new Promise((ok) => (this.#wake = ok)), sleep(200)]);
    }
  }
}

function manuscript() {
  let given;
  try {
    given = options.file && readFileSync(options.file, 'utf8');
  } catch (error) {
    throw new Broken(`${options.file} cannot be read (${error.code}): give a Markdown or text file with --file.`);
  }
  const language = options.lang ?? (given ? languageOf(given) : 'en');
  const fixture = path.join(ROOT, `test/fixtures/ten-paragraphs.${language.startsWith('zh') ? 'zh' : 'en'}.md`);
  return { text: given ?? readFileSync(fixture, 'utf8'), language, name: options.file ?? path.relative(ROOT, fixture) };
}

function languageOf(text) {
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => /\p{Script=Han}/u.test(letter)).length > letters.length / 3 ? 'zh' : 'en';
}

/** The first chapters' blocks up to `--chars` characters, whole paragraphs only. */
function shortened(blocks) {
  if (!options.chars) return blocks;
  let sum = 0;
  const kept = blocks.filter(({ text }) => (sum += text.length) <= Number(options.chars));
  return kept.length ? kept : blocks.slice(0, 1);
}

async function film(person, chapterId, listener) {
  const { answer, status } = await call(
    person,
    'POST',
    `/v1/chapters/${chapterId}/renditions`,
    {},
    { tell: (a) => `voice ${a.voice}, theme ${a.theme}` },
  );
  await listener.subscribe(`rendition:${answer.id}`);
  let last = 0;
  for (;;) {
    const { body, done } = await progressOf(person, answer.id);
    if (body.progress.framesDone < last) throw new Broken(`progress fell from ${last} to ${body.progress.framesDone} frames`);
    last = body.progress.framesDone;
    bar(body);
    if (done) {
      if (colour) process.stdout.write('\n');
      if (body.state !== 'ready') throw new Broken(`the film ${body.state}: ${body.failure}`);
      const ofFilm = (f) => f.stream === `rendition:${answer.id}`;
      await listener.until(
        (f) => ofFilm(f) && (f.event?.body.state === 'ready' || f.snapshot?.state === 'ready'),
        10_000,
        'the news that the film is ready',
      );
      const signals = listener.frames.filter((f) => ofFilm(f) && f.type === 'signal').length;
      hold(true, `the WebSocket sent ${signals} signals of progress, then the event that it is ready`);
      return { film: body, isNew: status === 201, signals };
    }
    await sleep(400);
  }
}

async function progressOf(person, id) {
  const response = await fetch(`${options.url}/v1/renditions/${id}`, {
    headers: { authorization: `Bearer ${person.token}` },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const body = await response.json();
  if (!response.ok) throw new Broken(`GET /v1/renditions/${id} answered ${response.status}: ${body.detail}`);
  return { body, done: ['ready', 'failed', 'cancelled'].includes(body.state) };
}

let printed = '';
function bar({ state, progress: { framesDone, framesPlanned, scenesDone, scenes } }) {
  const share = framesPlanned ? framesDone / framesPlanned : 0;
  const width = 30;
  const text = `${'█'.repeat(Math.round(share * width)).padEnd(width, '·')} ${framesDone}/${framesPlanned ?? '?'} frames, ${scenesDone}/${scenes} scenes, ${state}`;
  if (colour) process.stdout.write(`\r     ${text}   `);
  else {
    // not a terminal: a line for each new state and each tenth of the film
    const stage = `${state} ${Math.floor(share * 10)}`;
    if (stage !== printed) say(`     ${text}`);
    printed = stage;
  }
}

/** Downloads in two halves by Range, as after a lost connection, and compares the sha256 of the whole. */
async function download({ film }, out) {
  const half = Math.floor(film.bytes / 2);
  const pieces = [];
  for (const range of [`bytes=0-${half - 1}`, `bytes=${half}-`]) {
    const tell = (bytes) => `${range}: ${(bytes.length / 1e6).toFixed(1)} MB`;
    pieces.push((await call(null, 'GET', film.files.film, undefined, { expect: [206], headers: { range }, tell })).bytes);
  }
  const bytes = Buffer.concat(pieces);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  hold(sha256 === film.sha256, `both halves make the file whose sha256 the API names, ${sha256.slice(0, 12)}…`);
  const samples = bytes.readUInt32BE(bytes.indexOf('stsz') + 12);
  hold(samples === film.frames, `it holds ${samples} frames by its own index`);
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, bytes);
  say(`     ${path.relative(process.cwd(), out)}`);
}

const anchorsOf = (comments) => Object.fromEntries(comments.map((c) => [c.id, c.anchor]));

async function walk() {
  const { text, language, name } = manuscript();
  say(paint(1, `\nInkreel, from chapter to screen`) + paint(2, `   ${options.url} · ${name} · ${language}`));

  chapter('1  Two people sign up');
  const mira = await join('Mira', 'author');
  const jonas = await join('Jonas', 'reader');
  note('signed-up', { author: mira.id, reader: jonas.id });

  chapter('2  A work is created, and a manuscript imported');
  const work = (await call(mira, 'POST', '/v1/works', { title: path.basename(name), language }, { tell: (a) => `“${a.title}”` }))
    .answer;
  const imported = (
    await call(mira, 'POST', `/v1/works/${work.id}/imports`, text, {
      tell: (a) => `${a.chapters.length} chapter(s), ${a.language}`,
    })
  ).answer;
  const first = imported.chapters.find(({ blocks }) => blocks > 0);
  if (!first) throw new Broken(`${name} holds no chapter with text`);
  const at = `/v1/chapters/${first.id}`;
  let draft = (await call(mira, 'GET', `${at}/draft`, undefined, { tell: (a) => `“${a.title}”, ${a.blocks.length} blocks` }))
    .answer;
  const wanted = shortened(draft.blocks);
  const save = async (blocks) =>
    (draft = {
      ...draft,
      ...(
        await call(
          mira,
          'PUT',
          `${at}/draft`,
          { blocks },
          { headers: { 'if-match': `"${draft.version}"` }, tell: (a) => `revision ${a.revision}: ${changesIn(a.changes)}` },
        )
      ).answer,
    });
  if (wanted.length < draft.blocks.length) await save(wanted);
  await call(null, 'GET', at, undefined, { expect: [404], tell: () => '' });
  hold(true, 'a draft is not public');

  chapter('3  It is published');
  const publish = async () => {
    const { answer, headers } = await call(
      mira,
      'POST',
      `${at}/publication`,
      {},
      { headers: { 'if-match': `"${draft.version}"` }, tell: (a) => `readers see revision ${a.revision}` },
    );
    draft.version = Number(headers.get('etag').replaceAll('"', ''));
    return answer.revision;
  };
  await publish();
  const shown = (await call(null, 'GET', at, undefined, { tell: (a) => `${a.blocks.length} blocks, without an account` })).answer;
  note('published', { chapter: first.id, blocks: shown.blocks.length, revision: shown.revision });

  chapter('4  A reader comments, and the author gets the comment live');
  const listener = await Listener.open(mira);
  await listener.subscribe(`chapter:${first.id}`);
  const paragraphs = shown.blocks.filter(({ kind }) => kind === 'paragraph');
  const commented = paragraphs[Math.min(2, paragraphs.length - 1)] ?? shown.blocks[0];
  const quote = /^(?:\p{Script=Han}{2,6}|\S+(?:\s\S+){0,2})/u.exec(commented.text)?.[0] ?? commented.text.slice(0, 12);
  const said = language.startsWith('zh') ? '读到这里停了一下。' : 'I stopped here for a moment.';
  const comment = (
    await call(
      jonas,
      'POST',
      `${at}/comments`,
      { body: said, block: commented.id, quote: { exact: quote } },
      { tell: () => `at “${quote}”` },
    )
  ).answer;
  const heard = await listener.until(
    (f) => f.type === 'event' && f.event.type === 'comment.posted' && f.event.body.id === comment.id,
    5_000,
    'the comment',
  );
  hold(heard.event.body.body === said, `the author got it as event ${heard.event.seq} of chapter:…${first.id.slice(-6)}`);
  await call(mira, 'POST', `/v1/comments/${comment.id}/replies`, { body: language.startsWith('zh') ? '谢谢。' : 'Thank you.' });
  note('commented', { comment: comment.id, block: commented.id, seq: heard.event.seq });

  chapter('5  The text around it is edited, and the comment keeps its place');
  const added = language.startsWith('zh') ? '那天的雾，比平时更浓一些。' : 'The fog was thicker than usual that day.';
  await save([{ kind: 'paragraph', text: added }, ...shown.blocks]);
  await publish();
  await sleep(300);
  let anchor;
  for (let i = 0; i < 50; i++) {
    const { items } = (await (await fetch(`${options.url}${at}/comments`)).json()) ?? {};
    anchor = anchorsOf(items ?? [])[comment.id];
    if (anchor) break;
    await sleep(100);
  }
  await call(null, 'GET', `${at}/comments`, undefined, {
    tell: (a) => a.items.map((c) => `${c.anchor?.status ?? 'chapter'} at …${c.anchor?.block.slice(-6) ?? ''}`).join(', '),
  });
  hold(
    anchor?.block === commented.id && anchor.status === 'anchored',
    'a paragraph was put in front, and the comment stands where it stood',
  );
  note('kept', { comment: comment.id, block: anchor.block, status: anchor.status });

  chapter('6  It becomes a film');
  const one = await film(mira, first.id, listener);
  hold(
    one.film.progress.framesPlanned === one.film.film.frames,
    `${one.film.film.frames} frames planned, told and filmed: ${one.film.film.seconds.toFixed(1)} s, ${(one.film.film.bytes / 1e6).toFixed(1)} MB`,
  );
  const head = await call(null, 'GET', one.film.film.files.film, undefined, {
    expect: [206],
    headers: { range: 'bytes=0-65535' },
    tell: () => 'the first bytes, by Range',
  });
  hold(head.bytes.indexOf('ftyp') === 4 && head.bytes.indexOf('moov') > 0, 'it can be played before it is loaded completely');
  const out = options.out ?? path.join(process.env.INKREEL_HOME ?? path.join(ROOT, '.inkreel'), 'walkthrough.mp4');
  await download(one.film, out);
  const cues = (
    await call(null, 'GET', one.film.film.files.cues, undefined, {
      tell: (a) => `${a.cues.length} cues over ${a.blocks.length} blocks`,
    })
  ).answer;
  await call(null, 'GET', one.film.film.files.webvtt, undefined, { tell: (b) => b.toString().split('\n')[0] });
  note('filmed', {
    rendition: one.film.id,
    frames: one.film.film.frames,
    planned: one.film.progress.framesPlanned,
    done: one.film.progress.framesDone,
    seconds: one.film.film.seconds,
    sha256: one.film.film.sha256,
    signals: one.signals,
    blocks: cues.blocks.map(({ block }) => block),
    out,
  });

  chapter('7  One paragraph is edited, and only its scene is rendered again');
  const current = (await (await fetch(options.url + at)).json()).blocks;
  const target = current.filter(({ kind }) => kind === 'paragraph').at(-1);
  const ending = language.startsWith('zh') ? '后来，灯一直亮着。' : 'And the lamp stayed lit.';
  await save(current.map((block) => (block.id === target.id ? { ...block, text: `${block.text} ${ending}` } : block)));
  await publish();
  const two = await film(mira, first.id, listener);
  const scenes = (
    await call(mira, 'GET', `/v1/renditions/${two.film.id}/scenes`, undefined, { tell: (a) => `${a.items.length} scenes` })
  ).answer.items;
  for (const scene of scenes)
    say(
      `     ${paint(scene.picture.kind === 'reused' ? 2 : 33, `${String(scene.index + 1).padStart(3)} ${scene.picture.kind.padEnd(8)} ${excerpt(scene.text).padEnd(44)} ${why(scene)}`)}`,
    );
  const reused = scenes.filter(({ picture }) => picture.kind === 'reused').length;
  hold(scenes.length === 1 || reused >= 1, `${reused} of ${scenes.length} scenes were reused`);
  const remade = scenes.filter(({ picture }) => picture.kind !== 'reused');
  hold(
    remade.every(({ blocks }) => blocks.includes(target.id)),
    'every scene that was made again holds the edited paragraph',
  );
  hold(two.film.film.sha256 !== one.film.film.sha256, 'it is another film now');
  note('refilmed', {
    rendition: two.film.id,
    sha256: two.film.film.sha256,
    frames: two.film.film.frames,
    reused,
    scenes: scenes.length,
    remade: remade.map(({ blocks, sound, picture }) => ({ blocks, sound, picture })),
    edited: target.id,
  });
  await download(two.film, out);

  listener.socket.close();
  say(`\n${paint(1, 'From chapter to screen.')} The film: ${out}\n`);
}

const changesIn = (changes) => {
  const counts = Object.entries(
    Object.groupBy?.(changes, ({ change }) => change) ??
      changes.reduce((all, c) => ({ ...all, [c.change]: [...(all[c.change] ?? []), c] }), {}),
  );
  return counts.map(([change, list]) => `${list.length} ${change}`).join(', ') || 'nothing changed';
};
const excerpt = (text) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
const why = ({ sound, picture }) =>
  picture.kind === 'reused'
    ? ''
    : picture.kind === 'new'
      ? 'nothing like it before'
      : `changed: ${[...new Set([...sound.changes, ...picture.changes].map(({ field }) => field))].join(', ')}`;

try {
  await walk();
  process.exit(0);
} catch (error) {
  const isSilent = error.name === 'TimeoutError';
  const isAway = error instanceof TypeError && error.message === 'fetch failed';
  const told = isSilent
    ? `${options.url} did not answer within ${PATIENCE / 1000} s.`
    : isAway
      ? `Nothing answers at ${options.url}: start it with npm start, or give --url.`
      : error instanceof Broken
        ? error.message
        : error.stack;
  process.stderr.write(`\n${paint(31, '✗')} ${told}\n`);
  process.exit(1);
}
