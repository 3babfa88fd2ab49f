/**
 * `node scripts/measure-voices.mjs [--dist dist]`: speaks a fixed text with every embedded voice and prints the two constants that
 * bring it to −14 LUFS, to be written into GAINS of src/rendering/infrastructure/sound/voices.ts. They are constants, not
 * measurements at run time, so that a whispering sentence stays softer than a shouting one and equal scenes are equal bytes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const TEXTS = {
  en:
    'The lighthouse keeper counted the ships, as she had every night since the war. Tonight there were seven. ' +
    'Below the cliff the sea kept its own ledger: a rope, a bell, a boat with nobody at the oars. ' +
    '“You took your time,” said the voice at the bottom, and it was her own voice, twenty years older.',
  zh:
    '灯塔看守人数着船只，就像战争以来的每一个夜晚一样。今晚有七艘，明天也许一艘都没有。' +
    '她把数字写进父亲留下的本子里，写在他那工整而倾斜的字迹旁边，然后拿起了外套。“你来得真晚，”下面的声音说。',
};
const VOICES = [
  ['flite:rms', 'en'],
  ['flite:slt', 'en'],
  ['flite:awb', 'en'],
  ['espeak:cmn', 'zh'],
  ['espeak:en', 'en'],
];

const { dist } = parseArgs({ options: { dist: { type: 'string', default: 'dist' } } }).values;
const load = (file) => import(pathToFileURL(path.resolve(dist, 'src/rendering', file)).href);
const { AskedChild } = await load('infrastructure/sound/asked-child.js');
const { listVoices, engineVoice } = await load('infrastructure/sound/voices.js');
const { loudPower, lufs } = await load('infrastructure/sound/loudness.js');
const { CEILING, TARGET_POWER, VOICE_POWER, evened } = await load('infrastructure/sound/mastering.js');
const { limit } = await load('infrastructure/sound/dynamics.js');
const { resample } = await load('infrastructure/sound/resample.js');
const { tokensOf } = await load('domain/prose.js');

const folder = mkdtempSync(path.join(tmpdir(), 'voices-'));
for (const [id, language] of VOICES) {
  const voice = listVoices().find((one) => one.id === id);
  if (!voice) {
    console.error(`${id} is not installed`);
    continue;
  }
  const child = new AskedChild(pathToFileURL(path.resolve(dist, `src/rendering/infrastructure/sound/${voice.engine}.child.js`)));
  const out = path.join(folder, 'speech');
  const say = tokensOf(TEXTS[language], 'paragraph', language).map((token) => token.say);
  const { sampleRate } = await child.ask({ voice: engineVoice(voice), language, say, out });
  child.kill();
  const bytes = readFileSync(out);
  const raw = resample(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), sampleRate, 48_000);
  const level = Math.sqrt(VOICE_POWER / loudPower(raw));
  const even = evened(raw, level);
  let makeUp = 3;
  let loudness = 0;
  for (let round = 0; round < 12; round++) {
    const power = loudPower(limit(even, makeUp, CEILING));
    makeUp *= Math.sqrt(TARGET_POWER / power);
    loudness = lufs(power);
  }
  console.log(`  '${id}': { level: ${level.toFixed(4)}, makeUp: ${makeUp.toFixed(4)} }, // ${loudness.toFixed(2)} LUFS`);
}
rmSync(folder, { recursive: true });
