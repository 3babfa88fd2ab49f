/**
 * Our side of the film bench: what the worker does for a film, by the worker's own studio, planner and keys, in one process that
 * ends. Only Postgres and Redis are missing: which artefacts are ready is kept in a file beside the object store.
 *
 *   node film-worker.mjs '{"dist": …, "home": …, "ffmpeg": …, "processes": 2, "task": "narrate" | "film", "paragraphs": {"en": […], "zh": […]}}'
 *
 * `narrate` speaks what has no sound yet; `film` draws and encodes the scenes that have no segment yet and assembles the film. It
 * prints `{ film, segments, scenes, drawn, before }`: `segments` is the CPU seconds that drawing and encoding took, `before` what was
 * spent on starting, before any work was taken, as a worker starts once.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cpuOfTree } from './cpu.mjs';

const { dist, home, ffmpeg, processes, task, paragraphs } = JSON.parse(process.argv[2]);
const built = (file) => import(pathToFileURL(path.join(dist, file)).href);
const { LocalStudio } = await built('src/rendering/infrastructure/studio.js');
const { InstalledVoices } = await built('src/rendering/infrastructure/installed-voices.js');
const { FileStore } = await built('libs/storage/file-store.js');
const { planOf } = await built('src/rendering/domain/plan.js');
const { keyOf } = await built('src/rendering/domain/keys.js');
const { soundFields, segmentFields } = await built('src/rendering/domain/artefacts.js');
const { sceneWish, themeOf, wordsIn } = await built('src/rendering/domain/drawing.js');

const config = { home, ffmpegPath: ffmpeg, renderConcurrency: processes, voiceApi: undefined };
const voices = new InstalledVoices(config);
const studio = new LocalStudio(config, await FileStore.open(path.join(home, 'objects'), undefined), voices);
const register = path.join(home, 'artefacts.json');
const ready = existsSync(register) ? JSON.parse(readFileSync(register, 'utf8')) : {};
const signal = new AbortController().signal;

const engine = await studio.engine();
const before = { cpu: cpuOfTree(process.pid), wall: performance.now() / 1000 };
const scenes = Object.entries(paragraphs).flatMap(([language, texts]) => {
  const voice = voices.choose(language, undefined);
  const blocks = texts.map((text) => ({ id: createHash('sha256').update(text).digest('hex'), kind: 'paragraph', text }));
  return planOf(blocks, language).scenes.map((scene) => ({
    language,
    voice,
    scene,
    soundKey: keyOf(soundFields(scene, studio.voiceOf(voice, language), language, engine.sound)),
  }));
});

const answer = task === 'narrate' ? await narrate() : await film();
await studio.onApplicationShutdown();
writeFileSync(register, JSON.stringify(ready));
console.log(JSON.stringify({ ...answer, before }));

async function narrate() {
  const missing = scenes.filter(({ soundKey }) => !ready[soundKey]);
  for (const { scene, voice, language, soundKey } of missing) {
    const { sha256, bytes, frames, times, warnings } = await studio.narrate(scene, voice, language, soundKey, signal);
    ready[soundKey] = { sha256, bytes, frames, facts: { times, warnings } };
  }
  return { scenes: scenes.length, spoken: missing.length };
}

async function film() {
  const picture = await studio.fitPicture('cover', themeOf({ theme: 'ink' }).gradient);
  const wishes = scenes.map(({ scene, language, soundKey }) => {
    const wish = sceneWish(scene, { picture, theme: 'ink', language }, ready[soundKey]);
    const fields = { ...wish, words: wordsIn(scene, ready[soundKey]), picture: picture.sha256, engine: engine.picture };
    return { wish, key: keyOf(segmentFields(fields)) };
  });
  const missing = wishes.filter(({ key }) => !ready[key]);
  const drawing = cpuOfTree(process.pid);
  const waiting = missing.values();
  const drawer = async () => {
    for (const { wish, key } of waiting) ready[key] = await studio.draw(wish, key, () => undefined, signal);
  };
  await Promise.all(Array.from({ length: processes }, drawer)); // as many at once as a worker takes
  const segments = cpuOfTree(process.pid) - drawing;
  const parts = wishes.map(({ wish, key }, i) => ({
    segment: ready[key].sha256,
    sound: ready[scenes[i].soundKey].sha256,
    captions: wish.pages,
    frames: wish.frames,
  }));
  const made = await studio.assemble(parts, wishes[0].wish, 'en');
  const captioned = wishes.flatMap(({ wish }) => wish.pages).reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    film: made,
    segments,
    captioned: captioned / made.seconds,
    scenes: wishes.map(({ wish }) => wish.frames),
    drawn: missing.map(({ wish }) => wish.frames),
  };
}
