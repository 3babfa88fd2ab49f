/**
 * What does a film cost? Our worker's path against the least that anybody pays: one `ffmpeg -preset veryfast -crf 21` fed the very
 * same finished frames.
 *
 *   node test/bench/film.mjs [--dist dist] [--paragraphs 5] [--rounds 3] [--thorough] [--json]
 *
 * The film is fixed: a drawn street that moves, and the ten paragraphs of test/fixtures/bench-film, English, then Chinese. The frames are
 * taken once from the pipe into our own encoders (a `tee` before FFmpeg), in film order; bare FFmpeg is fed that file. As every
 * measured round must give the film of that first run, byte for byte, our encoders were fed the same frames in each.
 *
 * Counted: user and system time of every process (cpu.mjs). Ours: from scenes asked for to the stored MP4, with poster, captions and
 * sound, its renderers' start included and the worker's own left out; video cold, narration warm. Bare: FFmpeg alone, with as many
 * threads as it likes and with one, and the cheaper of the two counts.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cover } from './cover.mjs';
import { measured, median } from './cpu.mjs';
import { pictureBytes, quality, RAW } from './film-quality.mjs';
import { report, say } from './report.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { values: asked } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    paragraphs: { type: 'string' },
    rounds: { type: 'string' },
    thorough: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const dist = path.resolve(ROOT, asked.dist);
const rounds = Number(asked.rounds ?? (asked.thorough ? 5 : 3));
const each = Number(asked.paragraphs ?? 5);
const goal = asked.thorough
  ? { cpu: 1, whole: -0.1, band: -0.3, worst: -0.3, edit: 0.12, control: 23 }
  : { cpu: 1.15, whole: -0.2, band: -0.4, worst: -0.3, edit: 0.15, control: 26 };
const processes = os.availableParallelism();
const WORD = { en: ' again', zh: '了又了' };
const FRAME_BYTES = (1080 * 1920 * 3) / 2;

const fixture = (language) =>
  readFileSync(path.join(ROOT, `test/fixtures/bench-film.${language}.md`), 'utf8')
    .split(/\n{2,}/)
    .filter((text) => !text.startsWith('#'))
    .map((text) => text.trim())
    .slice(0, each);
const paragraphs = { en: fixture('en'), zh: fixture('zh') };

const folder = mkdtempSync(path.join(os.tmpdir(), 'inkreel-film-'));
process.on('SIGTERM', () => process.exit(143)).on('SIGINT', () => process.exit(130));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const { findEncoder } = await built('src/rendering/infrastructure/picture/encoder.js');
const { ffmpeg } = await findEncoder(process.env.FFMPEG_PATH);
const { objectKey } = await built('src/rendering/infrastructure/object-key.js');

const spoken = path.join(folder, 'spoken');
await speakAll();
const taken = await takeFrames();
say(
  `film: ${taken.made.film.frames} frames in ${taken.made.scenes.length} scenes, captions on ${Math.round(taken.made.captioned * 100)} % of the time, sha256 of the raw frames ${taken.sha256}`,
);
const results = { ours: [], auto: [], one: [] };
for (let round = 1; round <= rounds; round++) {
  say(`film: round ${round} of ${rounds}`);
  results.ours.push(await ourFilm());
  results.auto.push(await bareFilm('auto', '-crf', '21'));
  results.one.push(await bareFilm('one', '-crf', '21', '-threads', '1'));
}
const edit = await editSome();
report(await lines(), asked.json);

/** Narration is warm: spoken before anything is measured. */
async function speakAll() {
  mkdirSync(spoken);
  const objects = await storeOf(spoken);
  await objects.put('cover', cover(), { contentType: 'image/png' });
  await worker(spoken, 'narrate');
}

/** One run with a `tee` in front of every encoder: the frames, in the order of the film, and the film that they gave. */
async function takeFrames() {
  const raw = path.join(folder, 'frames.yuv');
  const tee = path.join(folder, 'ffmpeg-with-tee');
  writeFileSync(
    tee,
    `#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\ncase "$*" in\n` +
      `*'-s 1080x1920'*) tee -a '${raw}' | '${ffmpeg}' "$@" ;;\n*) exec '${ffmpeg}' "$@" ;;\nesac\n`,
  );
  chmodSync(tee, 0o755);
  const home = homeFrom(spoken);
  const made = await worker(home, 'film', { ffmpeg: tee, processes: 1 });
  if (statSync(raw).size !== made.film.frames * FRAME_BYTES)
    throw new Error('The frames that were taken are not those of the film.');
  const hash = createHash('sha256');
  await pipeline(createReadStream(raw), hash);
  const film = path.join(folder, 'ours.mp4');
  await pipeline((await (await storeOf(home)).get(objectKey(made.film.sha256))).stream, createWriteStream(film));
  return { raw, film, home, sha256: hash.digest('hex'), made };
}

async function ourFilm() {
  const home = homeFrom(spoken);
  const run = await worker(home, 'film');
  rmSync(home, { recursive: true });
  if (run.film.sha256 !== taken.made.film.sha256)
    throw new Error('The same film came out with other bytes: rounds do not compare.');
  return run;
}

function bareFilm(name, ...options) {
  const out = path.join(folder, `${name}.mp4`);
  return measured([ffmpeg, '-v', 'error', '-y', ...RAW, '-i', taken.raw, '-preset', 'veryfast', ...options, out]);
}

/** A paragraph gets one more word; what is still good is taken from the whole film's store. */
async function editSome() {
  const whole = { segments: median(results.ours.map((run) => run.segments)), cpu: median(cpu('ours')) };
  const paragraph = Object.entries(paragraphs).flatMap(([language, texts]) => texts.map((_, i) => ({ language, i })));
  const chosen = paragraph.filter((_, n) => asked.thorough || n % 3 === 1);
  const runs = [];
  for (const { language, i } of chosen) {
    say(`film: edit ${runs.length + 1} of ${chosen.length}`);
    const texts = paragraphs[language].map((text, k) =>
      k === i ? text.replace(/([.!?。！？”"]*)$/, `${WORD[language]}$1`) : text,
    );
    const edited = { ...paragraphs, [language]: texts };
    const home = homeFrom(taken.home);
    await worker(home, 'narrate', { paragraphs: edited });
    runs.push({ edited, ...(await worker(home, 'film', { paragraphs: edited })) });
    rmSync(home, { recursive: true });
  }
  say('film: the edited film again, by a worker that has nothing but the sound');
  const { edited, film } = runs[0];
  const cold = homeFrom(spoken);
  await worker(cold, 'narrate', { paragraphs: edited });
  const same = (await worker(cold, 'film', { paragraphs: edited })).film.sha256 === film.sha256;
  return { segments: runs.map((run) => run.segments / whole.segments), all: runs.map((run) => run.cpu / whole.cpu), same };
}

async function lines() {
  const [name, bare] = median(cpu('auto')) <= median(cpu('one')) ? ['auto', results.auto] : ['one', results.one];
  say(`film: quality of ours, of bare with threads ${name} and of CRF ${goal.control}`);
  await bareFilm('control', '-crf', String(goal.control), '-threads', '1');
  const [q, b, c] = [taken.film, `${folder}/${name}.mp4`, `${folder}/control.mp4`].map((film) =>
    quality(ffmpeg, film, taken.raw, folder),
  );
  const [ours, theirs, control] = [await q, await b, await c];
  const bytes = (await pictureBytes(ffmpeg, taken.film, folder)) / (await pictureBytes(ffmpeg, `${folder}/${name}.mp4`, folder));
  say(`film: bare gives ${((statSync(`${folder}/${name}.mp4`).size * 8) / 1e6 / taken.made.film.seconds).toFixed(1)} Mbit/s`);
  const paired = results.ours.map((run, i) => run.cpu / bare[i].cpu);
  const baseline = `bare ffmpeg, threads ${name}`;
  const against = (what, key, least) => ({
    name: `film ${what} SSIM`,
    value: ours[key] - theirs[key],
    unit: 'dB',
    baseline: `${baseline}: ${theirs[key].toFixed(2)} dB`,
    goal: { least },
  });
  return [
    { name: 'film CPU', value: median(paired), unit: '×', baseline, goal: { most: goal.cpu } },
    { name: 'film CPU, worst round', value: Math.max(...paired), unit: '×', baseline },
    against('whole frame', 'whole', goal.whole),
    against('caption band', 'band', goal.band),
    asked.thorough ? against('worst 5 % of frames', 'worst', goal.worst) : against('worst 5 % of frames', 'worst'),
    { name: 'film bytes of pictures', value: bytes, unit: '×', baseline, goal: { most: 1.05 } },
    { name: 'film frames', value: ours.frames - theirs.frames, unit: 'more', baseline, goal: { least: 0, most: 0 } },
    {
      name: `control: whole frame SSIM of CRF ${goal.control}`,
      value: control.whole - theirs.whole,
      unit: 'dB',
      baseline,
      goal: { below: 0 },
    },
    {
      name: 'film speed',
      value: taken.made.film.seconds / median(results.ours.map(({ wall }) => wall)),
      unit: '× real time',
      baseline: `${processes} renderers`,
    },
    {
      name: 'segment CPU after one edit',
      value: median(edit.segments),
      unit: '×',
      baseline: 'all segments',
      goal: { most: goal.edit },
    },
    { name: 'segment CPU after one edit, worst', value: Math.max(...edit.segments), unit: '×', baseline: 'all segments' },
    { name: 'film CPU after one edit, with poster and assembly', value: median(edit.all), unit: '×', baseline: 'the whole film' },
    {
      name: 'edited film is the cold one, byte for byte',
      value: edit.same ? 1 : 0,
      unit: 'yes',
      baseline: 'cold render',
      goal: { least: 1 },
    },
  ];
}

function cpu(name) {
  return results[name].map((run) => run.cpu);
}

async function worker(home, task, options = {}) {
  const order = { dist, home, ffmpeg, processes, task, paragraphs, ...options };
  const run = await measured([process.execPath, path.join(import.meta.dirname, 'film-worker.mjs'), JSON.stringify(order)]);
  const { before, ...answer } = JSON.parse(run.stdout);
  return { ...answer, cpu: run.cpu - before.cpu, wall: run.wall - before.wall };
}

function homeFrom(other) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  cpSync(other, home, { recursive: true });
  return home;
}

async function storeOf(home) {
  const { FileStore } = await built('libs/storage/file-store.js');
  return FileStore.open(path.join(home, 'objects'), undefined);
}

function built(file) {
  return import(pathToFileURL(path.join(dist, file)).href);
}
