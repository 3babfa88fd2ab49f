/**
 * What does a film cost? The built worker, on real Postgres and Redis, against the least that anybody pays: `ffmpeg -preset veryfast
 * -crf 21` fed the very same finished frames.
 *
 *   npm run bench -- --only film [--thorough]        (DATABASE_URL, migrated and its own, and REDIS_URL are needed)
 *
 * The film is fixed: a drawn street that moves, and the ten paragraphs of test/fixtures/bench-film, five in English, five in Chinese: two
 * chapters, two films. `npm run render` makes them once more with a `tee` before FFmpeg: those are the frames that bare FFmpeg is fed. As
 * every measured film must be that film, byte for byte, the worker's encoders were fed the same frames in every round.
 *
 * Counted: user and system time of the worker and of every process below it, from asking for the films until both are stored; bare: of
 * FFmpeg alone, with as many threads as it likes and with one, and the cheaper of the two counts.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cover } from './cover.mjs';
import { cpuOfTree, measured, median, memoryOfTree } from './cpu.mjs';
import { pictureBytes, quality, RAW, summed } from './film-quality.mjs';
import { openHouse, ROOT } from './house.mjs';
import { report, say } from './report.mjs';

const { values: asked } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    rounds: { type: 'string' },
    paragraphs: { type: 'string', default: '5' },
    thorough: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const dist = path.resolve(ROOT, asked.dist);
const rounds = Number(asked.rounds ?? (asked.thorough ? 5 : 2));
const goal = asked.thorough
  ? { cpu: 1, whole: -0.1, band: -0.3, worst: -0.3, edit: 0.12, control: 23 }
  : { cpu: 1.15, whole: -0.2, band: -0.4, worst: -0.3, edit: 0.15, control: 26 };
const cores = os.availableParallelism();
const LANGUAGES = ['en', 'zh'];
const WORD = { en: ' again', zh: '了又了' };
const FRAME_BYTES = (1080 * 1920 * 3) / 2;
const house = await openHouse(dist, 'film');
const { folder, database } = house;
const { findEncoder } = await import(pathToFileURL(path.join(dist, 'src/rendering/infrastructure/picture/encoder.js')).href);
const { ffmpeg } = await findEncoder(process.env.FFMPEG_PATH);
const text = Object.fromEntries(LANGUAGES.map((language) => [language, fixture(language)]));
const [street, picture] = [cover(), path.join(folder, 'cover.png')];
writeFileSync(picture, street);

const worker = house.start('worker');

const chapters = await published();
const spoken = await films(); // everything cold, and what starts once is started
// before gigabytes of frames wait to be written to the same disk, which every flush would wait for
const joined = asked.thorough ? await joinedAlone() : [];
const taken = await takeFrames();
const seconds = taken.reduce((sum, { film }) => sum + film.seconds, 0);
say(
  `film: ${frames(taken)} frames, ${seconds.toFixed(0)} s in ${taken.flatMap(({ scenes }) => scenes).length} scenes, captions on ${Math.round(Math.min(...taken.map(({ captioned }) => captioned)) * 100)} % of the time, sha256 of the raw frames ${taken.map(({ sha256 }) => sha256.slice(0, 16)).join(', ')}`,
);
same(spoken);
same({ films: joined });
const results = { ours: [], cold: [], auto: [], one: [], stages: {} };
let edit;
for (let round = 1; round <= rounds; round++) {
  say(`film: round ${round} of ${rounds}`);
  await forget('segment');
  results.ours.push(same(await films()));
  results.auto.push(await bare('auto', '-crf', '21'));
  results.one.push(await bare('one', '-crf', '21', '-threads', '1'));
  await forget('segment', 'sound');
  results.cold.push(same(await films()));
  results.stages = await cpuByStage(results.cold.at(-1));
  say(`film: ${['ours', 'cold', 'auto', 'one'].map(told).join('; ')}`);
  if (round === Math.ceil(rounds / 2)) edit = await edits(); // not last: a machine that is shared grows slower or quicker meanwhile
}
await films(); // of a revision with the text of before
const nothing = await films();
const workers = asked.thorough ? await twoWorkers() : [];
report(await lines(), asked.json);
await database.end();
process.exit();

function fixture(language) {
  return readFileSync(path.join(ROOT, `test/fixtures/bench-film.${language}.md`), 'utf8')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph && !paragraph.startsWith('#'))
    .slice(0, Number(asked.paragraphs));
}

/** A chapter for each language, with the street as its work's cover. */
async function published() {
  const ids = {};
  for (const language of LANGUAGES) ids[language] = await house.publish(language, text[language].join('\n\n'), street);
  return ids;
}

/** Asks for the films of these languages at once. @returns what the worker spent until all are stored, and the films */
async function films(languages = LANGUAGES, of = [worker]) {
  const spent = () => of.reduce((sum, { pid }) => sum + cpuOfTree(pid), 0);
  const [cpu, began] = [spent(), Date.now()];
  let memory = 0;
  // not more often: to look is work too, for us and for who is looked at
  const look = setInterval(() => (memory = Math.max(memory, ...of.map(({ pid }) => memoryOfTree(pid)))), 2_000);
  const made = await Promise.all(languages.map((language) => house.film(chapters[language])));
  const answered = Date.now();
  clearInterval(look);
  // as it was noted, as to ask every moment whether it is done would be work as well; nothing new was stored at once
  const { rows } = await database.query('SELECT max(finished_at) AS stored FROM rendering.rendition WHERE id = ANY($1)', [
    made.map(({ id }) => id),
  ]);
  const wall = ((rows[0].stored > began ? rows[0].stored : answered) - began) / 1000;
  await sleep(100); // what is still said about the film is part of it
  return { cpu: spent() - cpu, wall, memory, films: made };
}

/** Forgets what was made of these kinds, and all films: the next ones are made as if for the first time. */
async function forget(...kinds) {
  await database.query('TRUNCATE rendering.rendition CASCADE');
  await database.query('DELETE FROM rendering.artefact WHERE kind = ANY($1)', [kinds]);
}

/** Every film with a `tee` before its encoders, one at a time: the frames in the order of the film, and the film that they gave. */
async function takeFrames() {
  const all = [];
  for (const language of LANGUAGES) {
    const raw = path.join(folder, `${language}.yuv`);
    const tee = path.join(folder, `ffmpeg-with-tee-${language}`);
    writeFileSync(
      tee,
      `#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\ncase "$*" in\n` +
        `*'-s 1080x1920'*) tee -a '${raw}' | '${ffmpeg}' "$@" ;;\n*) exec '${ffmpeg}' "$@" ;;\nesac\n`,
    );
    chmodSync(tee, 0o755);
    const made = await alone(language, text[language], `taken-${language}`, { FFMPEG_PATH: tee, RENDER_CONCURRENCY: '1' });
    if (statSync(raw).size !== made.film.frames * FRAME_BYTES)
      throw new Error('The frames that were taken are not those of the film.');
    const hash = createHash('sha256');
    await pipeline(createReadStream(raw), hash);
    all.push({ language, raw, sha256: hash.digest('hex'), ...made });
  }
  return all;
}

/** Every film by a process that never joined one before. */
async function joinedAlone() {
  const all = [];
  for (const language of LANGUAGES) all.push(await alone(language, text[language], `joined-${language}`));
  return all;
}

/** `npm run render`, from an empty cache or one that was used before. */
async function alone(language, paragraphs, name, env = {}) {
  const [chapter, out] = [path.join(folder, `${name}.md`), path.join(folder, `${name}.mp4`)];
  writeFileSync(chapter, paragraphs.join('\n\n'));
  const command = [
    process.execPath,
    path.join(dist, 'src/render.js'),
    chapter,
    out,
    '--json',
    '--lang',
    language,
    '--cover',
    picture,
  ];
  const run = await measured([...command, '--cache', path.join(folder, `${name}-cache`)], { env: { ...process.env, ...env } });
  const told = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const film = told.pop();
  return { file: out, film, scenes: told, captioned: film.captioned, assembly: film.assemblySeconds };
}

/** Rounds compare only while all of them give the same films. */
function same(run) {
  run.films.forEach(({ film }, i) => {
    if (film.sha256 !== taken[i].film.sha256) throw new Error('The same film came out with other bytes: rounds do not compare.');
  });
  return run;
}

async function bare(name, ...options) {
  let cpu = 0;
  const began = performance.now();
  for (const { raw, language } of taken) {
    const out = `${folder}/${name}-${language}.mp4`;
    cpu += (await measured([ffmpeg, '-v', 'error', '-y', ...RAW, '-i', raw, '-preset', 'veryfast', ...options, out])).cpu;
  }
  return { cpu, wall: (performance.now() - began) / 1000 };
}

/** One paragraph after another gets one more word; then all are as they were. */
async function edits() {
  const whole = median(results.cold.map(({ cpu }) => cpu));
  const edited = Object.fromEntries(LANGUAGES.map((language) => [language, [...text[language]]]));
  const all = LANGUAGES.flatMap((language) => text[language].map((_, i) => ({ language, i })));
  const chosen = all.filter((_, n) => asked.thorough || n % 3 === 1);
  const runs = [];
  for (const { language, i } of chosen) {
    await sleep(3_000); // nobody edits faster than that
    edited[language][i] = edited[language][i].replace(/([.!?。！？”"]*)$/, `${WORD[language]}$1`);
    await publish(language, edited[language]);
    const run = await films([language]);
    const stages = await stagesOf(run.films[0].id);
    runs.push({ language, sha256: run.films[0].film.sha256, share: run.cpu / whole, wall: run.wall, stages });
    say(`film: edit ${runs.length} of ${chosen.length}: ${run.wall.toFixed(1)} s, ${run.cpu.toFixed(1)} s of CPU`);
  }
  say('film: the edited film again, with nothing made before');
  const last = runs.at(-1);
  const cold = await alone(last.language, edited[last.language], 'edited');
  for (const language of new Set(runs.map((run) => run.language))) await publish(language, text[language]);
  return { runs, cold, same: cold.film.sha256 === last.sha256 };
}

async function publish(language, paragraphs) {
  const address = `/v1/chapters/${chapters[language]}`;
  await house.call('PUT', `${address}/draft`, { markdown: paragraphs.join('\n\n') }, { 'if-match': '*' });
  await house.call('POST', `${address}/publication`, {}, { 'if-match': '*' });
}

/** Seconds from the wish to the film, by what was waited for. */
async function stagesOf(film) {
  const { rows } = await database.query(
    `SELECT r.created_at AS asked, r.finished_at AS done, min(t.began_at) FILTER (WHERE a.kind = 'sound') AS speak,
            min(t.began_at) FILTER (WHERE a.kind = 'segment') AS draw, max(t.ended_at) AS drawn
       FROM rendering.rendition r JOIN rendering.part p ON p.rendition = r.id
       JOIN rendering.attempt t ON t.key IN (p.sound_key, p.segment_key) AND t.began_at > r.created_at
       JOIN rendering.artefact a ON a.key = t.key WHERE r.id = $1 GROUP BY r.id`,
    [film],
  );
  const { asked: from, speak, draw, drawn, done } = rows[0];
  return {
    plan: (speak - from) / 1000,
    speech: (draw - speak) / 1000,
    draw: (drawn - draw) / 1000,
    assemble: (done - drawn) / 1000,
  };
}

/** CPU seconds of what was made for both films, by stage, as workers note it with every scene; the rest is planning, joining, waking. */
async function cpuByStage(run) {
  const { rows } = await database.query(
    `SELECT kind, sum((facts->>'cpu')::float) AS cpu FROM rendering.artefact WHERE kind IN ('sound', 'segment') AND key IN
       (SELECT unnest(ARRAY[sound_key, segment_key]) FROM rendering.part WHERE rendition = ANY($1)) GROUP BY kind`,
    [run.films.map(({ id }) => id)],
  );
  const { sound = 0, segment = 0 } = Object.fromEntries(rows.map(({ kind, cpu }) => [kind, cpu]));
  return { speech: sound, 'drawing and encoding': segment, 'planning, joining and the rest': run.cpu - sound - segment };
}

/** What does a second worker add: on this machine, which one fills already, and when each has a core of its own, as on machines of its own? */
async function twoWorkers() {
  worker.kill();
  const isPinned = cores >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;
  const together = await throughputOfTwo(() => []);
  const apart = isPinned && (await throughputOfTwo((i) => ['taskset', '-c', String(i)]));
  return [
    { name: 'two workers ÷ one, films a second', value: together, unit: '×', baseline: 'one worker' },
    apart && {
      name: 'two workers of a core each ÷ one of them, films a second',
      value: apart,
      unit: '×',
      baseline: 'one worker on one core',
      goal: { least: 1.6 },
    },
  ].filter(Boolean);
}

/** One encoder each. */
async function throughputOfTwo(through) {
  const walls = [];
  for (const count of [1, 2]) {
    const several = Array.from({ length: count }, (_, i) => house.start('worker', { RENDER_CONCURRENCY: '1' }, through(i)));
    await forget('segment');
    await films(LANGUAGES, several); // started, and spoken
    await forget('segment');
    say(`film: ${count} of one encoder each${through(0).length ? ', and of one core' : ''}`);
    walls.push((await films(LANGUAGES, several)).wall);
    await Promise.all(several.map((one) => new Promise((gone) => one.once('exit', gone) && one.kill())));
  }
  return walls[0] / walls[1];
}

async function lines() {
  const [name, runs] = median(cpu('auto')) <= median(cpu('one')) ? ['auto', results.auto] : ['one', results.one];
  const baseline = `bare ffmpeg, threads ${name}`;
  say(`film: quality of ours, of bare with threads ${name} and of CRF ${goal.control}`);
  await bare('control', '-crf', String(goal.control), '-threads', '1');
  const [q, bytes] = [{}, {}];
  for (const side of ['ours', name, 'control']) {
    const parts = [];
    bytes[side] = 0;
    for (const { raw, file, language } of taken) {
      const film = side === 'ours' ? file : `${folder}/${side}-${language}.mp4`;
      parts.push(await quality(ffmpeg, film, raw, folder));
      bytes[side] += await pictureBytes(ffmpeg, film, folder);
    }
    q[side] = summed(parts);
  }
  say(`film: bare gives ${((bytes[name] * 8) / 1e6 / seconds).toFixed(1)} Mbit/s`);
  const paired = results.ours.map((run, i) => run.cpu / runs[i].cpu);
  const against = (what, key, least) => ({
    name: `film ${what} SSIM`,
    value: q.ours[key] - q[name][key],
    unit: 'dB',
    baseline: `${baseline}: ${q[name][key].toFixed(2)} dB`,
    goal: { least },
  });
  const shares = edit.runs.map(({ share }) => share);
  const strict = (goals) => (asked.thorough ? goals : {});
  return [
    { name: 'film CPU', value: median(paired), unit: '×', baseline, goal: { most: goal.cpu } },
    { name: 'film CPU, worst round', value: Math.max(...paired), unit: '×', baseline },
    {
      name: 'film CPU, narration too',
      value: median(results.cold.map((run, i) => run.cpu / runs[i].cpu)),
      unit: '×',
      baseline: `${baseline}, which does not speak`,
    },
    ...Object.entries(results.stages).map(([stage, value]) => ({
      name: `film CPU: ${stage}`,
      value,
      unit: 's',
      baseline: `${median(results.cold.map((run) => run.cpu)).toFixed(1)} s in all, bare ${median(cpu(name)).toFixed(1)} s`,
    })),
    against('whole frame', 'whole', goal.whole),
    against('caption band', 'band', goal.band),
    { ...against('worst 5 % of frames', 'worst', goal.worst), ...(asked.thorough ? {} : { goal: {} }) },
    { name: 'film bytes of pictures', value: bytes.ours / bytes[name], unit: '×', baseline, goal: { most: 1.05 } },
    { name: 'film frames', value: q.ours.frames - q[name].frames, unit: 'more', baseline, goal: { least: 0, most: 0 } },
    {
      name: `control: whole frame SSIM of CRF ${goal.control}`,
      value: q.control.whole - q[name].whole,
      unit: 'dB',
      baseline,
      goal: { below: 0 },
    },
    {
      name: 'film speed',
      value: seconds / median(results.ours.map(({ wall }) => wall)),
      unit: '× real time',
      baseline: `${cores} cores`,
      goal: strict({ least: 3 }),
    },
    {
      name: 'film speed against bare',
      value: median(results.ours.map(({ wall }, i) => results.auto[i].wall / wall)),
      unit: '×',
      baseline: `bare ffmpeg, threads auto: ${(seconds / median(results.auto.map(({ wall }) => wall))).toFixed(2)} × real time`,
      goal: strict({ least: 1 }),
    },
    {
      name: 'film speed, narration too',
      value: seconds / median(results.cold.map(({ wall }) => wall)),
      unit: '× real time',
      baseline: `${cores} cores`,
      goal: {},
    },
    {
      name: 'one of ten paragraphs edited: CPU',
      value: median(shares),
      unit: '×',
      baseline: 'both films',
      goal: { most: goal.edit },
    },
    { name: 'one of ten paragraphs edited: CPU, worst', value: Math.max(...shares), unit: '×', baseline: 'both films' },
    ...Object.keys(edit.runs[0].stages).map((stage) => ({
      name: `one of ten paragraphs edited: ${stage}`,
      value: median(edit.runs.map(({ stages }) => stages[stage])),
      unit: 's',
      baseline: '',
    })),
    {
      name: 'one of ten paragraphs edited: until it is stored',
      value: median(edit.runs.map(({ wall }) => wall)),
      unit: 's',
      baseline: '',
      goal: strict({ most: 3 }),
    },
    {
      name: 'edited film is the cold one, byte for byte',
      value: edit.same ? 1 : 0,
      unit: 'yes',
      baseline: 'cold render',
      goal: { least: 1 },
    },
    { name: 'nothing edited: until it is answered', value: nothing.wall, unit: 's', baseline: '', goal: strict({ most: 0.2 }) },
    {
      name: 'assembly of a minute of film, poster and captions too',
      value: median([...joined, edit.cold].map(({ assembly, film }) => (assembly * 60) / film.seconds)) * 1000,
      unit: 'ms',
      baseline: '',
      goal: strict({ most: 100 }),
    },
    {
      name: 'memory of the worker and all below it, at most',
      value: Math.max(...[...results.ours, ...results.cold].map(({ memory }) => memory)) / 1e6,
      unit: 'MB',
      baseline: `${cores} cores`,
      goal: strict({ most: 600 }),
    },
    ...workers,
  ];
}

function told(name) {
  const { cpu, wall, memory } = results[name].at(-1);
  return `${name} ${cpu.toFixed(1)} s of CPU in ${wall.toFixed(1)} s${memory ? `, ${(memory / 1e6).toFixed(0)} MB` : ''}`;
}

function cpu(name) {
  return results[name].map((run) => run.cpu);
}

function frames(list) {
  return list.reduce((sum, { film }) => sum + film.frames, 0);
}
