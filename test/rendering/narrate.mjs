/**
 * A worker in small: plans a text, narrates it with the built narrator and prints one JSON line for everything that happens.
 * `node narrate.mjs <dist> <options as JSON>`, options: `{ ffmpeg, folder, language, voice?, blocks, script?, lexicon?, backwards?, then? }`;
 * `then: 'wait'` stays alive until killed, `then: 'lose'` kills the narrator's children and narrates once more,
 * `then: 'stand by'` has it rehearse, asked in the middle and afterwards, and after another voice spoke, and rest,
 * `then: 'times'` lays the engine's own word times beside those found without them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const [, , dist, json] = process.argv;
const { ffmpeg, folder, language, voice: wanted, blocks, script, lexicon, backwards, then } = JSON.parse(json);
const load = (file) => import(pathToFileURL(path.join(dist, 'src/rendering', file)).href);
const { planOf } = await load('domain/plan.js');
const { pagesOf } = await load('domain/captions.js');
const { FRAME_RATE, SAMPLE_RATE } = await load('domain/scene.js');
const { Narrator } = await load('infrastructure/sound/narrator.js');
const { voiceFor, engineVoice } = await load('infrastructure/sound/voices.js');

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const narrator = new Narrator({ ffmpeg, ffmpegFingerprint: 'test' });
const voice = voiceFor(language, wanted);
const { scenes } = planOf(blocks, language, { script, lexicon });

const narrate = (index, name = `scene-${index}`) => narrator.narrate({ scene: scenes[index], voice, language, folder, name });

if (then === 'times') {
  const { AskedChild } = await load('infrastructure/sound/asked-child.js');
  const { resample } = await load('infrastructure/sound/resample.js');
  const { envelopeOf } = await load('infrastructure/sound/envelope.js');
  const { timesByEnergy, weighed } = await load('infrastructure/sound/word-times.js');
  const child = new AskedChild(pathToFileURL(path.join(dist, `src/rendering/infrastructure/sound/${voice.engine}.child.js`)));
  const out = path.join(folder, 'times.pcm');
  for (const { tokens } of scenes.flatMap((scene) => scene.spans)) {
    const request = { voice: engineVoice(voice), language, say: tokens.map((token) => token.say), out };
    const { times, sampleRate } = await child.ask(request);
    const bytes = readFileSync(out);
    const sound = resample(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1), sampleRate, SAMPLE_RATE);
    const heard = timesByEnergy(tokens.map(weighed), envelopeOf(sound, SAMPLE_RATE));
    say({ type: 'times', told: times.map((time) => time && time[0]), heard: heard.map((time) => time[0]) });
  }
  child.kill();
} else {
  const order = scenes.map((_, i) => i);
  if (backwards) order.reverse();
  const before = performance.eventLoopUtilization();
  for (const index of order) {
    const narration = await narrate(index);
    const estimate = scenes[index].seconds;
    say({ type: 'scene', index, estimate, narration, pages: pagesOf(narration.words, narration.frames / FRAME_RATE) });
  }
  say({ type: 'busy', share: performance.eventLoopUtilization(before).utilization });
  say({ type: 'pids', pids: narrator.pids });
}
if (then === 'wait') await new Promise((forever) => setTimeout(forever, 600_000));
if (then === 'lose') {
  let told = false;
  const lost = narrate(0, 'lost')
    .catch((error) => say({ type: 'lost', name: error.constructor.name, message: error.message }))
    .finally(() => (told = true));
  // one that dies before it is asked is replaced, and nothing is lost: again, until it was asked
  while (!told) {
    for (const pid of narrator.pids) killed(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await lost;
  say({ type: 'scene', index: 0, narration: await narrate(0, 'again'), pages: [] });
}
if (then === 'stand by') {
  const again = async (name) => say({ type: 'scene', index: 0, narration: await narrate(0, name), pages: [] });
  const inTheMiddle = narrator.standBy(voice);
  await Promise.all([again('asked-at-once'), inTheMiddle]);
  // another voice speaks last
  await narrator.narrate({ scene: scenes[0], voice: voiceFor('zh'), language: 'zh', folder, name: 'another-voice' });
  while (narrator.pids.length) await new Promise((resolve) => setTimeout(resolve, 50));
  await narrator.standBy(voice);
  const running = execFileSync('ps', ['-o', 'args=', '-p', narrator.pids.join(',')], { encoding: 'utf8' });
  say({ type: 'standing by', programs: running.match(/\w+\.child\.js/g).sort() });
  await again('asked-later');
  await narrator.standBy(voice);
  narrator.rest();
  while (narrator.pids.length) await new Promise((resolve) => setTimeout(resolve, 50));
}
narrator.close();
say({ type: 'end' });

function killed(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it is gone, and its end not yet heard
  }
}
