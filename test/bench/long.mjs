/**
 * A chapter of 10,000 words: how much memory does its film take, and how much disk beside the film itself?
 *
 *   npm run bench -- --only long                       (DATABASE_URL, migrated and its own, and REDIS_URL are needed)
 *   npm run bench -- --only long --paragraphs 100      a shorter one
 *   npm run bench -- --only long --text chapter.md     another chapter, of which no scene was made before
 *
 * Paragraphs are sentences of test/fixtures/bench-film.en.md in ever new order, one of three with words of its own: an hour of film, of
 * which most scenes are made once and used often, so that the run takes minutes rather than an hour. Every scene of the plan, of the queue
 * and of the join is there all the same.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cover } from './cover.mjs';
import { memoryOfTree } from './cpu.mjs';
import { openHouse, ROOT } from './house.mjs';
import { report, say } from './report.mjs';

const { values: asked } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    paragraphs: { type: 'string', default: '250' },
    text: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const MEGABYTE = 1e6;

const sentences = readFileSync(path.join(ROOT, 'test/fixtures/bench-film.en.md'), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .join(' ')
  .match(/[^.!?]+[.!?]+[”"]?/g)
  .map((sentence) => sentence.trim());
const written = Array.from({ length: Number(asked.paragraphs) }, (_, n) => {
  const some = [0, 1, 2].map((k) => sentences[(n * 7 + k * 5 + k * n) % sentences.length]);
  return [`That was evening number ${n + 1}.`, ...some].slice(n % 3 === 0 ? 0 : 1).join(' ');
});
const paragraphs = asked.text
  ? readFileSync(asked.text, 'utf8')
      .trim()
      .split(/\n{2,}/)
  : written;
const words = paragraphs.join(' ').split(/\s+/).length;

const house = await openHouse(path.resolve(ROOT, asked.dist), 'long');
const worker = house.start('worker');
const chapter = await house.publish('en', paragraphs.join('\n\n'), cover());
say(`long: ${words} words in ${paragraphs.length} paragraphs`);

let [memory, disk] = [0, 0];
const look = setInterval(() => {
  memory = Math.max(memory, memoryOfTree(worker.pid));
  disk = Math.max(disk, bytesIn(path.join(house.home, 'studio')) + bytesIn(path.join(house.home, 'objects/incoming')));
}, 1_000);
const tell = setInterval(async () => {
  const { rows } = await house.database.query(
    `SELECT count(*) FILTER (WHERE a.status = 'ready') AS done, count(*) AS "all" FROM rendering.part p
       LEFT JOIN rendering.artefact a ON a.key = p.segment_key`,
  );
  say(`long: ${rows[0].done} of ${rows[0].all} scenes, ${(memory / MEGABYTE).toFixed(0)} MB`);
}, 30_000);
const began = performance.now();
const { film, progress } = await house.film(chapter, 1_000);
const wall = (performance.now() - began) / 1000;
clearInterval(look);
clearInterval(tell);
say(`long: ${(film.seconds / 60).toFixed(1)} minutes of film in ${progress.scenes} scenes, made in ${(wall / 60).toFixed(1)}`);

report(
  [
    {
      name: 'a long chapter: words',
      value: words,
      unit: '',
      baseline: `${(film.seconds / 60).toFixed(0)} minutes of film, ${progress.scenes} scenes`,
    },
    {
      name: 'a long chapter: memory of the worker and all below it, at most',
      value: memory / MEGABYTE,
      unit: 'MB',
      baseline: '',
      goal: { most: 600 },
    },
    {
      name: 'a long chapter: disk while it is made, without what is kept',
      value: disk / film.bytes,
      unit: '×',
      baseline: `the film, ${(film.bytes / MEGABYTE).toFixed(0)} MB`,
      goal: { most: 1.2 },
    },
  ],
  asked.json,
);
await house.database.end();
process.exit();

/** The size of all files in a folder and below; a file that is deleted meanwhile counts nothing. */
function bytesIn(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const here = path.join(folder, entry.name);
      return sum + (entry.isDirectory() ? bytesIn(here) : sizeOf(here));
    }, 0);
  } catch {
    return 0;
  }
}

function sizeOf(file) {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
